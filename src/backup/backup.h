/*
 * Backups of one database: files that pg_dump makes in a folder or an S3-compatible store, each with a row in
 * truss.backups of that database, its SHA-256, and beside it a JSON file of what a dump does not hold. What takes long
 * is done in two steps: one that claims the row and answers, and one that works, for a thread of the caller.
 *
 * A dump and a run never wait for each other: a dump waits until no run is going on, and gives way, to begin anew
 * behind it, as soon as a run waits for it; for what anybody else waits for it gives way after 3 seconds.
 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "base/words.h"
#include "pg/session.h"

#include <stdatomic.h>

#define BACKUPS_LISTED 50

struct s3_place;

/* The means of all backups of a worker. Borrowed by its calls. */
struct backups {
    const struct conninfo *conninfo; /* of the database */
    const char *folder;              /* of the files, or "s3://…"; NULL: backups are not set up */
    const struct s3_place *s3;       /* the store; NULL: they are in the folder */
    const char *worker;              /* who claims rows: "host:pid" */
    const char *pg_bin;              /* where pg_dump and pg_restore are; NULL: they are looked for */
    uint32_t jobs;                   /* connections of a dump and a restore; from 2 on in the directory format */
    bool loads_foreign_code;         /* pg/loading.h: the operator says so */
    uint32_t quota_mb;               /* for all backups of the database; 0: no limit */
    const atomic_bool *stopping;     /* the worker is to end, and what is under way with it */
};

struct backup_call {
    const struct backups *backups;
    struct arena *arena; /* what a call gives lives here */
    struct status *status;
    int64_t deadline; /* of what answers; work has none */
};

/* A row of truss.backups. Strings are never NULL; "" is nothing. Times are wall clock, microseconds, or NO_TIME. */
struct backup_row {
    int64_t id;
    const char *filename;
    const char *state; /* waiting, running, completed, verifying, restoring, failed, cancelled, deleting */
    const char *label;
    const char *kind; /* manual, scheduled */
    const char *database;
    const char *created_by;
    const char *sha256;
    const char *server_version;
    const char *verified; /* "", read, restored, damaged */
    const char *message;
    const char *restore_state; /* "", running, completed, failed, cancelled */
    const char *restore_branch;
    const char *restore_message;
    int64_t restore_branch_id;
    int64_t size;
    int64_t database_size;
    int64_t created_at;
    int64_t completed_at;
    int64_t verified_at;
    int64_t restored_at;
    uint32_t restore_ms;
    uint32_t tables_done;
    uint32_t tables;
    bool is_protected;
};

struct backup_list {
    struct backup_row *rows;
    size_t count;
    struct words orphans; /* files of this database that no row knows */
    const char *problem;  /* why they are not known; NULL: they are */
};

/* False, with what to answer then, where there is no folder. */
bool backup_is_set_up(const struct backups *backups, struct status *status);

bool backup_list(const struct backup_call *call, struct backup_list *list);

/* NOT_FOUND "Backup not found." */
bool backup_get(const struct backup_call *call, int64_t id, struct backup_row *row);

/* ---- making ---- */

struct backup_new {
    const char *label;
    const char *kind;
    const char *created_by;
    bool is_protected;
    const char *key;     /* the same one within 24 hours gives the same backup; NULL: none */
    const char *request; /* what was asked for with it, in a form to compare */
};

/* Adds its row; *is_again: it is that of an earlier call with this key, and nothing is to be made. INVALID_ARGUMENT and
 * IDEMPOTENCY_KEY_REUSED where that one asked for something else. RESOURCE_EXHAUSTED beyond two at a time or ten in 24
 * hours, or the quota; FAILED_PRECONDITION without a pg_dump that is new enough, or without room on the disk. */
bool backup_begin(const struct backup_call *call, const struct backup_new *what, struct backup_row *row,
                  bool *is_again);

/* Ends one that was begun and that nobody makes: it is "cancelled", and its key is free. */
bool backup_take_back(const struct backup_call *call, int64_t id);

/* Makes it; the row tells how that ended. */
void backup_make(const struct backup_call *call, struct backup_row *row);

/* ---- reading and restoring ---- */

/* Claim it for that: FAILED_PRECONDITION where it is not complete, or something goes on with it. One that was complete
 * and failed since may be verified again: a disk that was not there, a file that was put back. */
bool backup_verify_begin(const struct backup_call *call, int64_t id, struct backup_row *row);
bool backup_restore_begin(const struct backup_call *call, int64_t id, struct backup_row *row);

/* Reads the file whole. True where it is what was written. */
bool backup_read(const struct backup_call *call, const struct backup_row *row);

/* Restores it into an empty database, which `into` leads to, after reading it. *report says what was compared. */
bool backup_restore(const struct backup_call *call, const struct backup_row *row, const struct conninfo *into,
                    const char **report);

/* The server's words for an empty database that is like the one that was dumped; NULL: not known. */
struct backup_locale {
    const char *encoding;
    const char *collate;
    const char *ctype;
    const char *provider;
    const char *locale;
    const char *rules;
};
bool backup_locale_of(const struct backup_call *call, const struct backup_row *row, struct backup_locale *locale);

/* How that ended, for the row, which is complete again. */
struct backup_outcome {
    const char *verified;      /* read, restored; NULL: it was not verified */
    const char *restore_state; /* NULL: it was not restored */
    const char *branch;
    int64_t branch_id;
    uint32_t ms;
    const char *message; /* NULL: none */
    bool is_damaged;     /* the file is not what was written: it is "failed" until it is verified again */
};
bool backup_end(const struct backup_call *call, const struct backup_row *row, const struct backup_outcome *outcome);

/* ---- ending ---- */

/* *told: something was under way with it. */
bool backup_cancel(const struct backup_call *call, int64_t id, bool *told);

/* Deletes the file, then the row; `force`: also a protected one. Where the file cannot be deleted the row stays, is
 * "deleting" and says why: another call, or the sweep, goes on with it. */
bool backup_delete(const struct backup_call *call, int64_t id, bool force);

/* ---- what is done without being asked: for one thread of each worker, now and then ---- */

struct backup_schedule {
    const char *frequency; /* hourly, daily, weekly */
    const char *verify;    /* none, read, restored */
    uint32_t hour;         /* UTC */
    uint32_t retention_days;
    uint32_t keep_last;
    uint32_t keep_daily;
    uint32_t keep_weekly;
    bool enabled;
    int64_t next_at;
};

bool backup_schedule_get(const struct backup_call *call, struct backup_schedule *schedule);
bool backup_schedule_set(const struct backup_call *call, const struct backup_schedule *schedule);

/* Adds the row of a backup that is due: of any number of workers one gets it. *due: there is one. */
bool backup_schedule_take(const struct backup_call *call, bool *due, struct backup_row *row);

/* What workers left that died: their rows are "failed", their files go. Then what the schedule keeps no longer. */
bool backup_sweep(const struct backup_call *call);

#endif
