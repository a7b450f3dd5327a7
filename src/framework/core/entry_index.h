/*
 * The rows of a tracking table by key: finds those of a file. The counterpart of file_index.h.
 */
#ifndef FRAMEWORK_CORE_ENTRY_INDEX_H
#define FRAMEWORK_CORE_ENTRY_INDEX_H

#include "framework/core/framework.h"

struct entry_index {
    struct ledger_entry **entries; /* by key; equal keys in the order of the rows */
    size_t count;
    size_t next; /* where the next search starts: base/search.h */
};

/* Makes an index in the arena. The entries are borrowed and must neither move nor change their keys. */
struct entry_index entry_index_of(struct arena *arena, const struct ledger_entries *entries);

/* The last row with this key; NULL: none. Fast if keys are asked for in order. */
struct ledger_entry *entry_index_last(struct entry_index *index, const char *key);

#endif
