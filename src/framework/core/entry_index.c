#include "framework/core/entry_index.h"

#include "base/search.h"
#include "base/sorting.h"

#include <string.h>

static int by_key(const void *a, const void *b)
{
    const struct ledger_entry *const first = *(const struct ledger_entry *const *)a;
    const struct ledger_entry *const second = *(const struct ledger_entry *const *)b;
    const int order = strcmp(ledger_entry_key(first), ledger_entry_key(second));
    return order != 0 ? order : (first > second) - (first < second);
}

static bool is_before_key(const void *item, const void *key)
{
    return strcmp(ledger_entry_key(*(const struct ledger_entry *const *)item), key) < 0;
}

struct entry_index entry_index_of(struct arena *arena, const struct ledger_entries *entries)
{
    const size_t size = sizeof(struct ledger_entry *);
    struct ledger_entry **const sorted = arena_array(arena, entries->count + 1, size);
    for (size_t i = 0; i < entries->count; i++) {
        sorted[i] = &entries->items[i];
    }
    sort_items(sorted, entries->count, size, by_key);
    return (struct entry_index){.entries = sorted, .count = entries->count};
}

struct ledger_entry *entry_index_last(struct entry_index *index, const char *key)
{
    struct search_in_turn search = {index->entries, index->count, sizeof index->entries[0], is_before_key, index->next};
    size_t behind = search_next(&search, key);
    struct ledger_entry *last = NULL;
    while (behind < index->count && strcmp(ledger_entry_key(index->entries[behind]), key) == 0) {
        last = index->entries[behind++];
    }
    index->next = behind;
    return last;
}
