/*
 * Every migration with its state: the folder's files joined with the ledger's rows, name by name, never by a high-water
 * mark.
 */
#ifndef MIGRATION_LOOK_CATALOG_H
#define MIGRATION_LOOK_CATALOG_H

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
};

struct catalog {
    struct detection detection;
    struct migration_files files;
    struct ledger_entries entries; /* sorted by key, then as they were written */
    struct catalog_item *items;    /* in the order of the files; orphaned ones where their names sort */
    size_t count;
    size_t counts[MIGRATION_STATES];
    const char *problem; /* why "nothing to do" cannot be said, whatever the counts are: what was not found or not read;
                            else NULL */
    const char *other_database; /* the project names another database than this one: both, in a sentence; else NULL */
    bool other_binds;           /* the framework's own tool would go there whatever we tell it */
    bool may_be_other;          /* that was allowed */
};

/* Detects, lists, reads and joins. Without a framework the catalog is empty. */
bool catalog_read(const struct request *request, struct pg_session *session, struct catalog *catalog);

/* The same for what was detected already: the folder and the ledger are read as they are now. */
bool catalog_read_again(const struct request *request, struct pg_session *session, const struct detection *detection,
                        struct catalog *catalog);

/* The item with this name, as a person may have written it: its name, key or version, or its file; NULL where there is
 * none. */
const struct catalog_item *catalog_find(const struct catalog *catalog, struct text name);

/* Fails with NOT_FOUND and the nearest names. */
bool catalog_not_found(const struct catalog *catalog, struct text name, struct status *status);

/* The file before this item's in its folder; NULL: it is the first. */
const struct migration_file *catalog_before(const struct catalog *catalog, const struct catalog_item *item);

/* Fails with FAILED_PRECONDITION where nothing may be recorded: the ledger is not known or cannot be written, or the
 * project means another database. */
bool catalog_check_ledger(const struct catalog *catalog, struct status *status);

/* The same, and where the folder is unfit for a run. */
bool catalog_check_folder(const struct catalog *catalog, struct status *status);

/* The first migration whose attempt failed and is not resolved; NULL where there is none. */
const struct catalog_item *catalog_failed(const struct catalog *catalog);

#endif
