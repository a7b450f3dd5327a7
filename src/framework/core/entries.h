/*
 * A ledger: where it is, and the rows that are read from it and written to it.
 */
#ifndef FRAMEWORK_CORE_ENTRIES_H
#define FRAMEWORK_CORE_ENTRIES_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "pg/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder;
struct migration_file;
struct migration_files;

/* A ledger that was found, or is configured: a table of that shape. */
struct ledger {
    const char *schema;
    const char *table;
    const struct folder *folder; /* whose ledger it is; NULL where that is not known */
    const char *as_read;         /* while it is read: a query that gives the columns that the framework's tool makes,
                                    where the table has others; NULL: the table itself */
    bool takes_rows;             /* known to have no trigger, rule or policy that could take a row away */
    bool lacks_plpgsql;          /* this session may not use the language of DO blocks */
    bool is_vouched;             /* the operator has named it: whose code it runs is his word */
    bool keeps_snapshot;         /* this session's transactions have one snapshot: as a run found it */
    const char *beside;     /* the tables that its framework writes beside it and that are there, as SQL names them,
                               with ", " between them; NULL: none, or not known; as a run found it */
    const char *oid;        /* of the table, as a run found it; NULL: not known */
    const char *own_schema; /* where our own tables are, and with them the steps of a run; as a run found it */
};

enum entry_state {
    ENTRY_APPLIED,     /* finished */
    ENTRY_FAILED,      /* began, and neither finished nor was rolled back; dirty */
    ENTRY_ROLLED_BACK, /* was given up */
};

/* A row of the ledger. Times are microseconds since 1970 UTC, or NO_TIME; strings are NULL where the ledger has none.
 */
struct ledger_entry {
    const char *name; /* for a person, where no file has its key */
    const char *key;  /* what joins it with a file: equal to the file's key. NULL: its name */
    const char *id;
    const char *checksum; /* the framework's own text */
    const char *changed; /* what of the file is not as it was applied beside its content, for a person; NULL: nothing */
    const char *logs;
    int64_t started_at;
    int64_t finished_at;
    int64_t rolled_back_at;
    int64_t duration_ms; /* where the ledger says it itself; -1: it does not */
    uint32_t steps;
    enum entry_state state;
    bool baseline; /* recorded without having been executed, where the ledger tells */
};

struct ledger_entries {
    struct ledger_entry *items; /* in the order in which they were written */
    size_t count;
    const char *unclear;   /* why nobody can say by them what is applied; NULL: they say it */
    const char **warnings; /* what a person should know of the ledger */
    size_t warning_count;
};

/* What is written to the ledger about one migration. */
struct ledger_record {
    const char *id; /* a UUID, for those that have one */
    const char *name;
    const char *key;
    const char *checksum; /* as checksum() gave it; NULL where the framework keeps none */
    const char *logs;     /* for fail */
    const struct folder *folder;
    const struct migration_file *file;   /* NULL only for mark_rolled_back */
    const struct migration_file *before; /* the one before it in the folder; NULL: it is the first */
    struct text script;                  /* what is sent; empty for mark_rolled_back */
};

/* A ledger to be read, and what was read. */
struct ledger_reading {
    struct arena *arena;
    struct pg_session *session;
    struct status *status;
    const struct ledger *ledger;
    const struct folder *folder;         /* NULL: none was found */
    const struct migration_files *files; /* of that folder; never NULL, perhaps empty */
    struct pg_meanwhile meanwhile;       /* done once, as soon as the server is asked for the rows */
    struct ledger_entries entries;       /* the result */
};

/* What joins it with a file. */
const char *ledger_entry_key(const struct ledger_entry *entry);

#endif
