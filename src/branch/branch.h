/*
 * Branches: copies of a database on the same server. A branch is described by a row of truss.branches in the home
 * database (the worker's) and by the comment of its own database. Whoever makes, resets or drops a branch holds an
 * advisory lock for it in the maintenance database, so that leftovers of a killed worker can be recognised.
 *
 * A database is created under a unique provisional name (32 random hex digits), gets its comment, and its final name
 * last: so a database with the name of a branch is complete.
 */
#ifndef BRANCH_BRANCH_H
#define BRANCH_BRANCH_H

#include "base/words.h"
#include "pg/session.h"

struct pg_pool;

/* What all branches of a worker share. Borrowed by its calls. */
struct branches {
    const struct conninfo *conninfo;         /* of the home database */
    struct pg_pool *pool;                    /* of sessions on the home database, for short looks; NULL: none */
    const char *worker;                      /* claims rows: "host:pid" */
    const char *pg_bin;                      /* the folder of pg_dump and pg_restore; NULL: search for them */
    bool loads_foreign_code;                 /* the operator allows restoring code of untrusted roles (pg/loading.h) */
    uint32_t most;                           /* number of branches; 0: no limit */
    void (*let_go)(void *data, bool let_go); /* with true: closes our own idle sessions on the home database, and keeps
                                                none until it is called with false; NULL: there are none */
    void *let_go_data;
};

struct branch_row;

/* Follows the making or resetting of a branch. Called on the thread that makes it. */
struct branch_watching {
    void *data;
    void (*begun)(void *data, const struct branch_row *row); /* its row exists: from now on it is known by its id */
    void (*phase)(void *data, const char *phase);            /* "waiting", "copying", "dumping", …: constant text */
    bool (*goes_on)(void *data);                             /* returning false cancels, and undoes it */
};

struct branch_call {
    const struct branches *branches;
    struct arena *arena; /* results live here */
    struct status *status;
    int64_t deadline;
    const struct branch_watching *watching; /* NULL: nobody follows */
};

struct branch_work;

/* A row of truss.branches. Strings are never NULL; "" means nothing. */
struct branch_row {
    int64_t id;
    const char *token;  /* 32 hex digits that identify its database */
    const char *parent; /* a database's name, like branch */
    const char *branch;
    const char *label;
    const char *status;
    const char *kind;     /* full, schema, restore, golden */
    const char *strategy; /* wal_log, file_copy, clone, copy, dump, empty */
    const char *source;   /* parent, golden, dump, schema, backup */
    const char *created_by;
    const char *last_error;
    uint32_t ttl_hours;
    bool is_protected;
    bool disables_triggers; /* its event triggers are disabled */
    int64_t created_at;     /* wall clock, microseconds, like the next; NO_TIME: none */
    int64_t expires_at;
    int64_t data_at;   /* when its data was copied from the parent */
    int64_t undone_at; /* when a reset of it was undone; NO_TIME: none since it became active */
    int64_t now;       /* the server's time when this was read */
    uint32_t oid;      /* of its database; 0: not known yet */
    int64_t size;      /* bytes; -1: not known */
    uint32_t duration_ms;
    int64_t wal_bytes; /* -1: not known */
    struct words warnings;
    const char *reset_key; /* the key and the request of the current reset; NULL: none */
    const char *reset_request;
    struct branch_work *work; /* while it is being made: from branch_begin_empty to the end */
};

/* The locale of an empty database; NULL members: the server's default. */
struct branch_locale {
    const char *encoding; /* "UTF8" */
    const char *collate;
    const char *ctype;
    const char *provider; /* "libc", "icu", "builtin"; PostgreSQL 15 and newer */
    const char *locale;   /* for icu and builtin */
    const char *rules;    /* for icu, PostgreSQL 16 and newer; "": none */
};

struct branch_new {
    const char *label;  /* "": one is generated */
    const char *parent; /* the database to copy; "": the home database. For an empty branch it need not exist */
    uint32_t ttl_hours; /* 0: never expires */
    const char *created_by;
    const char *key;     /* an idempotency key: the same one within 24 hours gives the same branch, or no further reset;
                            NULL: none */
    const char *request; /* the request for which the key was used, in a comparable form */
    const char *kind;    /* for an empty branch: "restore", … */
    const char *source;  /* "parent", "golden", "dump", "schema"; "": the parent, or as on_busy says */
    const char *on_busy; /* "fail", "wait", "golden", "dump", "schema", "terminate"; "": whatever is possible */
    bool may_terminate;  /* the caller may terminate others' sessions */
    bool disables_triggers;
    int64_t data_at; /* for an empty branch: when its data was the parent's; NO_TIME: now */
    struct branch_locale locale;
};

/* ---- a database that the caller fills, with a backup ---- */

/* Adds a row, "creating", and creates an empty database from template0; row->branch is its name, row->work is set. The
 * same process must finish with branch_complete or branch_abandon; if it dies, a worker's next branch_reap drops the
 * database. */
bool branch_begin_empty(const struct branch_call *call, const struct branch_new *what, struct branch_row *row);

/* After filling: restores what the parent has and a dump does not contain (owner, grants, settings; if the parent
 * exists), empties the copies of our own tables, and activates the branch. On failure the branch is abandoned. */
bool branch_complete(const struct branch_call *call, struct branch_row *row);

/* Drops the database; the row becomes "failed" with the reason, or "deleted" if the reason is "". Returns true if the
 * database is gone; otherwise a worker will try again. */
bool branch_abandon(const struct branch_call *call, struct branch_row *row, const char *reason);

/* ---- copies ---- */

/* Makes a branch, which is active when this returns. FAILED_PRECONDITION with REASON_BUSY, and the sessions in the
 * detail, if somebody is connected to the parent. */
bool branch_create(const struct branch_call *call, const struct branch_new *what, struct branch_row *row);

/* Makes the branch anew from its source, in the same row; its event triggers are treated as when it was first made. */
bool branch_reset(const struct branch_call *call, int64_t id, const struct branch_new *how, struct branch_row *row);

/* Makes the golden copy of a database anew, from a "dump" or the "schema", and drops the last one. With a key it is
 * made once. */
bool branch_refresh_golden(const struct branch_call *call, const struct branch_new *what, struct branch_row *row);

/* ---- what there is ---- */

struct branch_list {
    struct branch_row *rows;
    size_t count;
    bool is_truncated; /* there are more, of branches that have ended */
};

enum branch_which {
    BRANCHES_ACTIVE,     /* active and not expired */
    BRANCHES_UNFINISHED, /* and those that are being made */
    BRANCHES_ALL,        /* also the newest of those that have ended, and databases without a row */
};

/* Newest first. */
bool branch_list(const struct branch_call *call, enum branch_which which, struct branch_list *list);

/* Fails with NOT_FOUND "Branch not found." Returns false. */
bool branch_not_found(struct status *status);

/* An active branch. NOT_FOUND "Branch not found." */
bool branch_get(const struct branch_call *call, int64_t id, struct branch_row *row);

/* The same, but also one that is being made or has failed, or a golden copy. */
bool branch_find(const struct branch_call *call, int64_t id, struct branch_row *row);

/* Is the database of this name one of the branches, or a golden copy? */
bool branch_has(const struct branch_call *call, const char *database, bool *has);

/* Does the active branch's database exist, and is it still the branch's? If not, FAILED_PRECONDITION with advice. */
bool branch_is_there(const struct branch_call *call, const struct branch_row *row);

struct branch_change {
    const char *label; /* NULL: unchanged */
    bool has_ttl;
    uint32_t ttl_hours;
    int64_t expires_at; /* NO_TIME: unchanged */
    bool has_protected;
    bool is_protected;
};

bool branch_change(const struct branch_call *call, int64_t id, const struct branch_change *change,
                   struct branch_row *row);

/* ---- deleting ---- */

bool branch_delete(const struct branch_call *call, int64_t id);

/* Drops expired branches, finishes or undoes what a dead worker left, and restores missing rows of existing databases.
 * For one thread of each worker, periodically; several workers may run it concurrently. */
void branch_reap(const struct branch_call *call);

/* ---- differences ---- */

struct branch_difference {
    const char *kind;
    const char *name;
    const char *parent; /* what is only so there: its definition, and what else is known of it ("OWNER app", "COMMENT
                           'x'"), a line each; NULL: it does not exist there */
    const char *branch;
};

struct branch_differences {
    struct branch_difference *items;
    size_t count;
    bool is_truncated;
    struct words unknown;  /* what both have, and could not be compared: "user mapping app on server other" */
    struct words left_out; /* what is never compared, in words */
};

/* Compares the schema of an active branch with that of its parent, by pg/objects.h. Both are read one after the other:
 * a change meanwhile may be told as a difference. */
bool branch_diff(const struct branch_call *call, int64_t id, struct branch_row *row,
                 struct branch_differences *differences);

#endif
