/*
 * Backups of one database: files made by pg_dump in a folder or an S3-compatible store. Each has a row in truss.backups
 * of that database, a SHA-256, and a JSON file with what a dump does not contain. Long operations have two steps: one
 * claims the row and answers at once, the other does the work on a thread of the caller.
 *
 * A dump and a run never wait for each other: a dump waits until no run is going on, and is aborted and started anew
 * later as soon as a run waits for it, or as soon as anybody else has waited for it for 3 seconds.
 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "base/words.h"
#include "pg/session.h"

#include <stdatomic.h>

struct pg_pool;
struct s3_place;

/* What all backups of a worker share. Borrowed by its calls. */
struct backups {
    const struct conninfo *conninfo; /* of the database */
    struct pg_pool *pool;            /* of sessions on the database, for short looks; NULL: none */
    const char *folder;              /* for the files, or "s3://…"; NULL: backups are not configured */
    const struct s3_place *s3;       /* the S3 store; NULL: files are in the folder */
    const char *worker;              /* claims rows: "host:pid" */
    const char *pg_bin;              /* the folder of pg_dump and pg_restore; NULL: search for them */
    uint32_t jobs;                   /* connections of a dump or restore; 2 or more use the directory format */
    bool loads_foreign_code;         /* the operator allows restoring code of untrusted roles (pg/loading.h) */
    uint32_t quota_mb;               /* of all backups of the database; 0: no limit */
    const atomic_bool *stopping;     /* the worker is ending: stop the work */
};

struct backup_call {
    const struct backups *backups;
    struct arena *arena; /* results live here */
    struct status *status;
    int64_t deadline; /* of calls that answer; work has none */
};

/* A row of truss.backups. Strings are never NULL; "" means nothing. Times are wall clock, microseconds, or NO_TIME. */
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
    struct words orphans; /* files of this database without a row */
    const char *problem;  /* why orphans could not be listed; NULL: they were */
};

/* Fails if no folder is configured. */
bool backup_is_set_up(const struct backups *backups, struct status *status);

/* The newest ones. */
bool backup_list(const struct backup_call *call, struct backup_list *list);

/* NOT_FOUND "Backup not found." */
bool backup_get(const struct backup_call *call, int64_t id, struct backup_row *row);

/* ---- making ---- */

struct backup_new {
    const char *label;
    const char *kind;
    const char *created_by;
    bool is_protected;
    const char *key;     /* an idempotency key: the same one within 24 hours gives the same backup; NULL: none */
    const char *request; /* the request for which the key was used, in a comparable form */
};

/* Adds a row. *is_again: an earlier call with this key made the row, and there is nothing to do. INVALID_ARGUMENT and
 * IDEMPOTENCY_KEY_REUSED if that call was a different request; RESOURCE_EXHAUSTED beyond two backups at a time, ten in
 * 24 hours, or the quota; FAILED_PRECONDITION if there is no pg_dump that is new enough, or no room on the disk. */
bool backup_begin(const struct backup_call *call, const struct backup_new *what, struct backup_row *row,
                  bool *is_again);

/* Cancels a backup whose row was added but that nobody will make; its key can be used again. */
bool backup_take_back(const struct backup_call *call, int64_t id);

/* Makes the backup; its row tells the outcome. */
void backup_make(const struct backup_call *call, struct backup_row *row);

/* ---- reading and restoring ---- */

/* Claim a row for verifying or restoring. FAILED_PRECONDITION if the backup is not complete, or is in use. A backup
 * that was complete and failed later may be verified again, after its disk or file was restored. */
bool backup_verify_begin(const struct backup_call *call, int64_t id, struct backup_row *row);
bool backup_restore_begin(const struct backup_call *call, int64_t id, struct backup_row *row);

/* Reads the whole file. Returns true if it is unchanged. */
bool backup_read(const struct backup_call *call, const struct backup_row *row);

/* Checks the file, then restores it into the empty database that `into` connects to. *report says what was compared. */
bool backup_restore(const struct backup_call *call, const struct backup_row *row, const struct conninfo *into,
                    const char **report);

/* Locale settings for an empty database like the one that was dumped; NULL members: not known. */
struct backup_locale {
    const char *encoding;
    const char *collate;
    const char *ctype;
    const char *provider;
    const char *locale;
    const char *rules;
};
bool backup_locale_of(const struct backup_call *call, const struct backup_row *row, struct backup_locale *locale);

/* The outcome of verifying or restoring; the row becomes complete again. */
struct backup_outcome {
    const char *verified;      /* "read", "restored"; NULL: not verified */
    const char *restore_state; /* NULL: not restored */
    const char *branch;
    int64_t branch_id;
    uint32_t ms;
    const char *message; /* NULL: none */
    bool is_damaged;     /* the file is not what was written: the backup is "failed" until it is verified again */
};
bool backup_end(const struct backup_call *call, const struct backup_row *row, const struct backup_outcome *outcome);

/* ---- ending ---- */

/* *told: something was going on, and was told to stop. */
bool backup_cancel(const struct backup_call *call, int64_t id, bool *told);

/* Deletes the files, then the row; `force`: even if it is protected. If the files cannot be deleted the row stays as
 * "deleting" with the reason, and the next call or sweep tries again. */
bool backup_delete(const struct backup_call *call, int64_t id, bool force);

/* ---- periodic work, for one thread of each worker ---- */

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

/* Adds the row of a backup that is due; only one of several workers gets it. *due: there was one. */
bool backup_schedule_take(const struct backup_call *call, bool *due, struct backup_row *row);

/* Cleans up after dead workers (their rows become "failed", their files are deleted), and deletes what the schedule no
 * longer keeps. */
bool backup_sweep(const struct backup_call *call);

#endif
