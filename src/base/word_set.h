/*
 * A set of words that only grows, for as many as a plan or a file has: a look-up takes as long in a large set as in a
 * small one. Each word has a number, which says what its owner wants to know of it. For a few words see words.h.
 */
#ifndef BASE_WORD_SET_H
#define BASE_WORD_SET_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* {0} is an empty one. Words are copied; all is the arena's, the same one for every call. */
struct word_set {
    struct word_set_item **buckets;
    size_t bucket_count;
    size_t count;
};

/* Adds the word; its number is 0 where it was not there, and stays where it was. */
void word_set_add(struct arena *arena, struct word_set *set, const char *word);

/* The same, with this number from now on. */
void word_set_put(struct arena *arena, struct word_set *set, const char *word, int number);

/* Is it in the set? False for NULL. */
bool word_set_has(const struct word_set *set, const char *word);

/* Its number; 0 where it is not there, and for NULL. */
int word_set_number(const struct word_set *set, const char *word);

/* What tells words apart in a table of somebody's own. */
size_t word_hash(const char *word);

#endif
