/*
 * Sorts what is mostly in order already, such as rows from a server or names from a directory.
 */
#ifndef BASE_SORTING_H
#define BASE_SORTING_H

#include <stddef.h>

/* qsort(3), unless one pass shows that the items are in order. items may be NULL if count is 0. */
void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *a, const void *b));

#endif
