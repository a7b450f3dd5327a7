/*
 * The rows of a tracking table by their keys: which ones are a file's? As file_index.h, the other way round.
 */
#ifndef FRAMEWORK_CORE_ENTRY_INDEX_H
#define FRAMEWORK_CORE_ENTRY_INDEX_H

#include "framework/core/framework.h"

struct entry_index {
    struct ledger_entry **entries; /* by key; of one key in the order of the rows */
    size_t count;
    size_t next; /* where the next one is looked for first: base/search.h */
};

/* In the arena; the entries are borrowed, are not to move, and keep their keys. */
struct entry_index entry_index_of(struct arena *arena, const struct ledger_entries *entries);

/* The last row with this key; NULL where there is none. Keys that come in their order are found at once. */
struct ledger_entry *entry_index_last(struct entry_index *index, const char *key);

#endif
