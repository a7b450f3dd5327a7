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

#endif
