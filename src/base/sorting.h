/*
 * Sorting of what mostly is in order already: rows as a server gives them, names as a directory has them.
 */
#ifndef BASE_SORTING_H
#define BASE_SORTING_H

#include <stddef.h>

/* qsort(3), where one pass over the items does not find them in order. Items that are in order already are not moved.
 * items may be NULL where count is 0. */
void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *a, const void *b));

#endif
