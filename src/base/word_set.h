/*
 * A hash set of words that only grows, for the many words of a plan or a file. Each word has a number, whose meaning is
 * its owner's. For a few words see words.h.
 */
#ifndef BASE_WORD_SET_H
#define BASE_WORD_SET_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* {0} is empty. Words are copied; everything is in the arena, which must be the same in every call. */
struct word_set {
    struct word_set_item **buckets;
    size_t bucket_count;
    size_t count;
};

/* Adds the word with the number 0; an existing word keeps its number. */
void word_set_add(struct arena *arena, struct word_set *set, const char *word);

/* Adds the word, or changes it, with this number. */
void word_set_put(struct arena *arena, struct word_set *set, const char *word, int number);

/* Adds the word, and 1 to its number. */
void word_set_count(struct arena *arena, struct word_set *set, const char *word);

/* Is it in the set? False for NULL. */
bool word_set_has(const struct word_set *set, const char *word);

/* Its number; 0 if it is not in the set, and for NULL. */
int word_set_number(const struct word_set *set, const char *word);

/* The hash function, for other tables of words. */
size_t word_hash(const char *word);

#endif
