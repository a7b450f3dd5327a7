/*
 * Lists of words: one that grows, and fixed ones that end with NULL.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/arena.h"
#include "base/text.h"

/* A list under construction; {0} is an empty one. The words are borrowed, the list is the arena's. */
struct words {
    const char **items;
    size_t count;
    size_t capacity;
};

void words_add(struct arena *arena, struct words *words, const char *word);

/* Is it among them? False for NULL. */
bool words_have(const struct words *words, const char *word);

/* The items as a list that ends with NULL. */
const char *const *words_list(struct arena *arena, struct words *words);

/* Is it one of a fixed list? An empty word is one only where the list has it. */
bool word_is_one_of(struct text word, const char *const *list);

/* Without regard to ASCII case. */
bool word_is_one_of_nocase(struct text word, const char *const *list);

/* "1 migration", "2 migrations": as `one` or `many` says it. */
const char *words_counted(struct arena *arena, size_t count, const char *one, const char *many);

/* A word as a shell reads it back: as it is, or in single quotes. */
const char *words_quoted(struct arena *arena, const char *word);

#endif
