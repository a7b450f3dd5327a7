/*
 * What is known about a project's migrations: each with its state, its file and its rows.
 */
#ifndef MIGRATION_LOOK_HISTORY_H
#define MIGRATION_LOOK_HISTORY_H

#include "migration/look/detect.h"

/* Values as in the protocol, also of the next enum; worker/messages checks that. */
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
    DETAIL_SKIPPED,   /* out of order, and its own tool would silently skip it */
    DETAIL_OUTDATED,  /* repeatable, and changed since it was run */
    DETAIL_DUPLICATE, /* an earlier file has the same key */
};

struct catalog_item {
    const char *name;
    const char *key; /* joins file and ledger */
    enum migration_state state;
    enum migration_detail detail;
    const struct migration_file *file;   /* NULL: there is no file */
    const struct ledger_entry *entry;    /* the row that decided the state; NULL: never recorded */
    const struct ledger_entry *attempts; /* all rows of this migration, oldest first */
    size_t attempt_count;
    const char *checksum; /* of the file; NULL: there is no file, or the framework has no checksums */
    bool verified;        /* the file was compared with the recorded checksum */
    const char *note;     /* what the framework's own tool would do with it, as a sentence; NULL: nothing to say */
    /* Set if the migration seems to have been renamed. Of a pending item: the applied one without a file that had the
     * same content, or a name like it. Of that one: the pending item. NULL: no rename. */
    const struct catalog_item *renamed;
    const char *likeness; /* of a pending item, what it has of that one: "the content of"; NULL: no rename */
};

struct catalog {
    struct detection detection;
    struct migration_files files;
    struct ledger_entries entries; /* by key, then in the order of writing */
    struct catalog_item *items;    /* in the order of the files; orphaned ones are sorted in by name */
    size_t count;
    size_t counts[MIGRATION_STATES];
    bool has_own_schema; /* Truss has its own schema in this database */
    const char *problem; /* why "nothing to do" cannot be said whatever the counts are: something was not found or not
                            read; else NULL */
    const char *other_database; /* a sentence: the project names another database than this one; else NULL */
    const char *computed; /* a sentence: the project computes its database's name; NULL: it does not, or names one */
    const char *aside;    /* a sentence: a .env file of another environment names another database; else NULL */
    bool other_binds;     /* the framework's own tool would use that database whatever we pass to it */
    bool may_be_other;    /* the user has allowed that */
};

#endif
