#include "base/search.h"

size_t search_first(const void *items, size_t count, size_t size, search_is_before *is_before, const void *key)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (is_before((const char *)items + middle * size, key)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Is this the index of the first item that does not come before the key? */
static bool is_first(const struct search_in_turn *search, size_t at, const void *key)
{
    const char *const items = search->items;
    return at <= search->count && (at == 0 || search->is_before(items + (at - 1) * search->size, key)) &&
           (at == search->count || !search->is_before(items + at * search->size, key));
}

size_t search_next(struct search_in_turn *search, const void *key)
{
    const size_t at = is_first(search, search->next, key)
                          ? search->next
                          : search_first(search->items, search->count, search->size, search->is_before, key);
    search->next = at + 1;
    return at;
}
