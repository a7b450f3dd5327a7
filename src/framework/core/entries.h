/*
 * A ledger is the table in which a framework records what it has applied; users read "tracking table". Here: where it
 * is, and the rows that are read from it and written to it.
 */
#ifndef FRAMEWORK_CORE_ENTRIES_H
#define FRAMEWORK_CORE_ENTRIES_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"
#include "pg/exec.h"
#include "pg/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder;
struct migration_file;
struct migration_files;

/* A ledger that was found or is configured: a table with a framework's columns. */
struct ledger {
    const char *schema;
    const char *table;
    const struct folder *folder; /* the folder that it belongs to; NULL: not known */
    const char *as_read; /* for reading: a query that yields the columns that the framework's tool makes, if the table's
                            differ; NULL: read the table itself */
    bool takes_rows;     /* it has no trigger, rule or policy that could discard a row */
    bool lacks_plpgsql;  /* this session may not use DO blocks */
    bool is_vouched;     /* the operator has named it, and so answers for its code */
    bool keeps_snapshot; /* transactions of the run's session have one snapshot (REPEATABLE READ or stricter); set by a
                            run */
    const char *beside;  /* the existing tables that its framework also writes to, quoted and separated by ", "; NULL:
                            none or not known; set by a run */
    bool is_beside_guarded; /* this transaction has locked those of them that it writes to, and has looked at them */
    const char *oid;        /* of the table; NULL: not known; set by a run */
    const char *own_schema; /* the schema of our own tables, with the steps of runs; set by a run */
};

enum entry_state {
    ENTRY_APPLIED,     /* finished */
    ENTRY_FAILED,      /* began and neither finished nor was rolled back; dirty */
    ENTRY_ROLLED_BACK, /* given up */
};

/* A row of the ledger. Times are microseconds since 1970 UTC, or NO_TIME; strings are NULL if the ledger does not have
 * them. */
struct ledger_entry {
    const char *name; /* for people, if no file has its key */
    const char *key;  /* equal to the key of the row's file. NULL: the name is the key */
    const char *id;
    const char *checksum; /* the framework's own text */
    const char *changed;  /* what else but the content differs between the file and what was applied, for people; NULL:
                             nothing */
    const char *logs;
    int64_t started_at;
    int64_t finished_at;
    int64_t rolled_back_at;
    int64_t duration_ms; /* as stored in the ledger; -1: not stored */
    uint32_t steps;
    enum entry_state state;
    const char *missing_note; /* why its tool goes on although the file is missing, for people; NULL: habits say what
                                 it does */
    const char *edited_note;  /* likewise although it was edited */
    bool baseline;            /* recorded without having been run, if the ledger stores that */
};

struct ledger_entries {
    struct ledger_entry *items; /* in the order in which they were written */
    size_t count;
    int64_t last_batch;     /* the highest number of a run in the rows; 0: not stored */
    const int64_t *newest;  /* what is not newer than this (migration_file.time) is late, wherever it stands in the
                               order; NULL: late is what stands before one that is applied */
    const char *stops_tool; /* as in struct migration_files */
    const char *unclear;    /* why the rows do not tell what is applied; NULL: they do */
    const char **warnings;  /* for the user */
    size_t warning_count;
};

/* Where a row stands in the transaction that writes it. */
enum row_place {
    ROW_ALONE,
    ROW_FIRST,   /* of many by one template; the framework's own tool is kept from writing any */
    ROW_FURTHER, /* … behind the first one */
};

/* What is written to the ledger about one migration. */
struct ledger_record {
    const char *id; /* a UUID, for frameworks that have one */
    const char *name;
    const char *key;
    const char *checksum; /* from checksum(); NULL if the framework has none */
    const char *logs;     /* for LEDGER_FAIL */
    int64_t batch;        /* the number of this run: the same for all its rows */
    const struct folder *folder;
    const struct migration_file *file;   /* NULL only for LEDGER_MARK_ROLLED_BACK */
    const struct migration_file *before; /* the previous one in the folder; NULL: it is the first */
    struct text script;                  /* what is sent; empty for LEDGER_MARK_ROLLED_BACK */
    enum row_place place;
    bool is_new; /* the ledger, as it is read under the run's locks, has no row of it at all */
};

/* A request to read a ledger, and its result. */
struct ledger_reading {
    struct arena *arena;
    struct pg_session *session;
    struct status *status;
    const struct ledger *ledger;
    const struct folder *folder;         /* NULL: none was found */
    const struct migration_files *files; /* of that folder; never NULL, may be empty */
    struct pg_meanwhile meanwhile;       /* called once, when the query for the rows was sent */
    struct ledger_entries entries;       /* the result */
};

/* The key that joins the row with a file. */
const char *ledger_entry_key(const struct ledger_entry *entry);

/* How long it took, in milliseconds, according to the row; -1: the row does not say. */
int64_t ledger_entry_ms(const struct ledger_entry *entry);

#endif
