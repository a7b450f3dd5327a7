#ifndef TRUSS_BASE_SEARCH_H
#define TRUSS_BASE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Does this item of a sorted array come before the key? */
typedef bool search_is_before(const void *item, const void *key);

/* Where the first item is that does not come before the key; count: all come before it. bsearch finds any of several
 * that are equal, this the first of them.
 * items: sorted, `count` of `size` bytes each. */
size_t search_first(const void *items, size_t count, size_t size, search_is_before *is_before, const void *key);

/* A sorted array that is asked for many keys, mostly one behind the other. */
struct search_in_turn {
    const void *items; /* borrowed; `count` of `size` bytes each */
    size_t count;
    size_t size;
    search_is_before *is_before;
    size_t next; /* where the key that comes now is looked for first; 0 at the beginning */
};

/* As search_first. Keys that come in the array's order cost two comparisons each, others no more than there. */
size_t search_next(struct search_in_turn *search, const void *key);

#endif
