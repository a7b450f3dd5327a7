/*
 * Lists of words: one that grows, and fixed ones ended by NULL.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/arena.h"
#include "base/text.h"

/* A list under construction; {0} is empty. Words are borrowed; the list is in the arena. */
struct words {
    const char **items;
    size_t count;
    size_t capacity;
};

void words_add(struct arena *arena, struct words *words, const char *word);

/* Adds the words of another list; NULL: none. */
void words_add_all(struct arena *arena, struct words *words, const struct words *others);

/* Is it in the list? False for NULL. */
bool words_have(const struct words *words, const char *word);

/* The items as a list ended by NULL. */
const char *const *words_list(struct arena *arena, struct words *words);

/* Is it in a fixed list? */
bool word_is_one_of(struct text word, const char *const *list);

/* Is it one of these words, which are separated by spaces? */
bool word_is_among(const char *words, const char *word);

/* Ignores the case of ASCII letters. */
bool word_is_one_of_nocase(struct text word, const char *const *list);

/* Cuts the first word off *list, in which they are separated by "|". Returns false if nothing is left. */
bool word_next(const char **list, struct text *word);

/* Does the text have, anywhere, one of these words, which are separated by "|"? */
bool text_has_one_of(struct text text, const char *words);

/* "1 migration", "2 migrations", from `one` and `many`. */
const char *words_counted(struct arena *arena, size_t count, const char *one, const char *many);

/* All of them with ", " between: "a, b". */
const char *words_joined(struct arena *arena, const struct words *words);

/* At most so many of them for a sentence: "\"a\", \"b\"", and " and 3 more" if there are more. */
const char *words_some(struct arena *arena, const struct words *words, size_t most);

/* A word quoted for a shell if necessary. */
const char *words_quoted(struct arena *arena, const char *word);

#endif
