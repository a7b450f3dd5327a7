/*
 * Is an index the one that a CREATE INDEX would make? The server makes that one on an empty copy of the table, in a
 * transaction that is rolled back, and the two are compared. If it may not, the statement is compared word by word with
 * what the server prints of the index: that misses some that are the same (casts, defaults).
 */
#ifndef MIGRATION_RUN_SAME_INDEX_H
#define MIGRATION_RUN_SAME_INDEX_H

#include "base/text.h"
#include "migration/run/current.h"

enum sameness {
    INDEX_IS_OTHER,
    INDEX_IS_SAME,
    INDEX_IS_UNTOLD, /* the server could not make it on a copy, and the words differ */
};

/* The index that a statement would make. */
struct wanted_index {
    bool unique;
    const char *table; /* as written, for to_regclass */
    struct text rest;  /* what follows the table's name: USING, columns, WHERE … */
};

/* Compares it with the index of this oid (as text), which pg_get_indexdef prints so. The session must not be inside a
 * transaction. */
enum sameness index_compare(struct run *run, const struct wanted_index *wanted, const char *oid,
                            const char *definition);

#endif
