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
