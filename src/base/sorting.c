#include "base/sorting.h"

#include <stdbool.h>
#include <stdlib.h>

static bool is_sorted(const char *items, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
    for (size_t i = 1; i < count; i++) {
        if (compare(items + (i - 1) * size, items + i * size) > 0) {
            return false;
        }
    }
    return true;
}

void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *a, const void *b))
{
    if (!is_sorted(items, count, size, compare)) {
        qsort(items, count, size, compare);
    }
}
