#ifndef TRUSS_BASE_SEARCH_H
#define TRUSS_BASE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Does this item of a sorted array come before the key? */
typedef bool search_is_before(const void *item, const void *key);

/* The index of the first item that does not come before the key; count: none. Among equal items bsearch finds any, this
 * the first. items: sorted, `count` items of `size` bytes. */
size_t search_first(const void *items, size_t count, size_t size, search_is_before *is_before, const void *key);

/* A sorted array for many lookups, mostly in ascending order. */
struct search_in_turn {
    const void *items; /* borrowed; `count` items of `size` bytes */
    size_t count;
    size_t size;
    search_is_before *is_before;
    size_t next; /* where the next lookup starts; 0 at first */
};

/* As search_first. Ascending keys take two comparisons each, others no more than search_first. */
size_t search_next(struct search_in_turn *search, const void *key);

#endif
