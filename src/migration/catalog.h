/*
 * Every migration with its state: the folder's files joined with the ledger's rows, name by name, never by a high-water
 * mark.
 */
#ifndef MIGRATION_CATALOG_H
#define MIGRATION_CATALOG_H

#include "migration/detect.h"

enum migration_state { MIGRATION_APPLIED, MIGRATION_PENDING, MIGRATION_MODIFIED, MIGRATION_ORPHANED, MIGRATION_STATES };

enum migration_detail {
    DETAIL_NONE,
    DETAIL_FAILED,
    DETAIL_ROLLED_BACK,
    DETAIL_OUT_OF_ORDER,
    DETAIL_FILE_MISSING,
    DETAIL_BASELINE,
};

struct catalog_item {
    const char *name;
    enum migration_state state;
    enum migration_detail detail;
    const struct migration_file *file;   /* NULL where it is gone */
    const struct ledger_entry *entry;    /* the one that decided the state; NULL: never recorded */
    const struct ledger_entry *attempts; /* all of this name, oldest first */
    size_t attempt_count;
    const char *checksum; /* of the file; NULL where it is gone */
};

struct catalog {
    struct detection detection;
    struct migration_files files;
    struct ledger_entries entries; /* sorted by name, then as they were written */
    struct catalog_item *items;    /* in the order of the files; orphaned ones where their names sort */
    size_t count;
    size_t counts[MIGRATION_STATES];
};

/* Detects, lists, reads and joins. Without a framework the catalog is empty. */
bool catalog_read(struct work *work, struct catalog *catalog);

/* The item with this name, as a person may have written it; NULL where there is none. */
const struct catalog_item *catalog_find(const struct catalog *catalog, struct text name);

/* Fails with NOT_FOUND and the nearest names. */
bool catalog_not_found(const struct catalog *catalog, struct text name, struct status *status);

/* The first migration whose attempt failed and is not resolved; NULL where there is none. */
const struct catalog_item *catalog_failed(const struct catalog *catalog);

#endif
