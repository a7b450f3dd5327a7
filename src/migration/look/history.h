/*
 * What is known of a project's migrations: each with its state, its file and its rows.
 */
#ifndef MIGRATION_LOOK_HISTORY_H
#define MIGRATION_LOOK_HISTORY_H

#include "migration/look/detect.h"

/* Numbers as in the contract, as are the next ones: worker/messages checks it. */
enum migration_state {
    MIGRATION_APPLIED = 1,
    MIGRATION_PENDING,
    MIGRATION_MODIFIED,
    MIGRATION_ORPHANED,
    MIGRATION_STATES
};

enum migration_detail {
    DETAIL_NONE,
    DETAIL_FAILED,
    DETAIL_ROLLED_BACK,
    DETAIL_OUT_OF_ORDER,
    DETAIL_FILE_MISSING,
    DETAIL_BASELINE,
    DETAIL_SKIPPED,   /* out of order, and its own tool would pass over it in silence */
    DETAIL_OUTDATED,  /* repeatable, and changed since it ran */
    DETAIL_DUPLICATE, /* another file before it has the same key */
};

struct catalog_item {
    const char *name;
    const char *key; /* what file and ledger are joined by */
    enum migration_state state;
    enum migration_detail detail;
    const struct migration_file *file;   /* NULL where it is gone */
    const struct ledger_entry *entry;    /* the one that decided the state; NULL: never recorded */
    const struct ledger_entry *attempts; /* all of this name, oldest first */
    size_t attempt_count;
    const char *checksum; /* of the file; NULL where it is gone or the framework keeps none */
    bool verified;        /* the file was compared with what was recorded */
    const char *note;     /* what its own tool would do with it, in a sentence; NULL: nothing to say */
    /* Of a pending one: which is applied, has no file, and had the same content. Of that one: the pending one. NULL:
     * none; it seems to have been renamed else. */
    const struct catalog_item *renamed;
};

struct catalog {
    struct detection detection;
    struct migration_files files;
    struct ledger_entries entries; /* sorted by key, then as they were written */
    struct catalog_item *items;    /* in the order of the files; orphaned ones where their names sort */
    size_t count;
    size_t counts[MIGRATION_STATES];
    bool has_own_schema; /* Truss keeps something in this database */
    const char *problem; /* why "nothing to do" cannot be said, whatever the counts are: what was not found or not read;
                            else NULL */
    const char *other_database; /* the project names another database than this one: both, in a sentence; else NULL */
    const char *aside;          /* a .env of another environment names another database, in a sentence; else NULL */
    bool other_binds;           /* the framework's own tool would go there whatever we tell it */
    bool may_be_other;          /* that was allowed */
};

#endif
