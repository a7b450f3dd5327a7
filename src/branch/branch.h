/*
 * Branches: copies of a database beside it on the same server. What a branch is stands in a row of truss.branches, in
 * the home database (that of the worker), and in the comment of its own database. Whoever makes, resets or drops one
 * holds an advisory lock for it in the maintenance database, so that what a killed worker left is known to be left.
 *
 * A database is made under a provisional name that nobody else can have (32 random hex digits), gets its comment there
 * and its own name last: a database with the name of a branch is one.
 */
#ifndef BRANCH_BRANCH_H
#define BRANCH_BRANCH_H

#include "base/words.h"
#include "pg/session.h"

/* The means of all branches of a worker. Borrowed by its calls. */
struct branches {
    const struct conninfo *conninfo;         /* of the home database */
    const char *worker;                      /* who claims rows: "host:pid" */
    const char *pg_bin;                      /* where pg_dump and pg_restore are; NULL: they are looked for */
    bool loads_foreign_code;                 /* pg/loading.h: the operator says so */
    uint32_t most;                           /* branches at a time; 0: no limit */
    void (*let_go)(void *data, bool let_go); /* true: our own idle sessions on the home database are closed, and none
                                                is kept until false is said; NULL: there are none */
    void *let_go_data;
};

struct branch_row;

/* Who watches a branch being made or reset. Called on the thread that makes it. */
struct branch_watching {
    void *data;
    void (*begun)(void *data, const struct branch_row *row); /* its row is there: from now on it is known by its id */
    void (*phase)(void *data, const char *phase); /* "waiting", "copying", "dumping", …: borrowed for ever */
    bool (*goes_on)(void *data);                  /* false: it is cancelled, and undone */
};

struct branch_call {
    const struct branches *branches;
    struct arena *arena; /* what a call gives lives here */
    struct status *status;
    int64_t deadline;
    const struct branch_watching *watching; /* NULL: nobody */
};

struct branch_work;

/* A row of truss.branches. Strings are never NULL; "" is nothing. */
struct branch_row {
    int64_t id;
    const char *token;  /* 32 hex digits, by which its database is known */
    const char *parent; /* the database's name, as of branch */
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
    int64_t created_at;     /* wall clock, microseconds, as the next; NO_TIME: none */
    int64_t expires_at;
    int64_t data_at;   /* its data was its parent's then */
    int64_t undone_at; /* when a reset of it was undone; NO_TIME: none was since it is active */
    int64_t now;       /* the database's, when this was read */
    uint32_t oid;      /* of its database; 0: not known yet */
    int64_t size;      /* bytes; -1: unknown */
    uint32_t duration_ms;
    int64_t wal_bytes; /* -1: unknown */
    struct words warnings;
    const char *reset_key; /* of the reset under way, and what was asked for with it; NULL: none */
    const char *reset_request;
    struct branch_work *work; /* while it is being made: between branch_begin_empty and its end */
};

/* Of an empty database; NULL: the server's own. */
struct branch_locale {
    const char *encoding; /* "UTF8" */
    const char *collate;
    const char *ctype;
    const char *provider; /* "libc", "icu", "builtin"; from PostgreSQL 15 on */
    const char *locale;   /* of icu and builtin */
    const char *rules;    /* of icu, from PostgreSQL 16 on; "": none */
};

struct branch_new {
    const char *label;  /* "": one is made */
    const char *parent; /* the database it comes from; "": the home database. It need not exist for an empty one */
    uint32_t ttl_hours; /* 0: it never expires */
    const char *created_by;
    const char *key;     /* the same one within 24 hours gives the same branch, or no further reset; NULL: none */
    const char *request; /* what was asked for with it, in a form to compare */
    const char *kind;    /* of an empty one: "restore", … */
    const char *source;  /* "parent", "golden", "dump", "schema"; "": the parent, or what on_busy says */
    const char *on_busy; /* "fail", "wait", "golden", "dump", "schema", "terminate"; "": as well as it goes */
    bool may_terminate;  /* the caller may end others' sessions */
    bool disables_triggers;
    int64_t data_at; /* of an empty one: when its data was its parent's; NO_TIME: now */
    struct branch_locale locale;
};

/* ---- a database that somebody else fills: a backup's ---- */

/* Makes a row, "creating", and an empty database of template0; row->branch is its name, row->work is set. To be ended
 * with branch_complete or branch_abandon by the same process; if that dies, a worker's next look drops the database. */
bool branch_begin_empty(const struct branch_call *call, const struct branch_new *what, struct branch_row *row);

/* It is filled: puts back what its parent has and a dump has not (owner, grants, settings; as far as the parent is
 * there), empties the copy of our own tables, and makes it active. Where that fails it is abandoned. */
bool branch_complete(const struct branch_call *call, struct branch_row *row);

/* Drops it; the row is "failed" and says why, or "deleted" where there is no reason (""). True where the database is
 * gone; else a worker tries again. */
bool branch_abandon(const struct branch_call *call, struct branch_row *row, const char *reason);

/* ---- copies ---- */

/* Makes one; it is active when this returns. FAILED_PRECONDITION and REASON_BUSY with the sessions in the detail where
 * the parent has some. */
bool branch_create(const struct branch_call *call, const struct branch_new *what, struct branch_row *row);

/* The same row, made anew from where it came from; its event triggers are as they were asked for when it was made. */
bool branch_reset(const struct branch_call *call, int64_t id, const struct branch_new *how, struct branch_row *row);

/* Makes the golden copy of a database anew, from a "dump" or the "schema", and drops the last one. With a key it is
 * made once. */
bool branch_refresh_golden(const struct branch_call *call, const struct branch_new *what, struct branch_row *row);

/* ---- what there is ---- */

struct branch_list {
    struct branch_row *rows;
    size_t count;
};

enum branch_which {
    BRANCHES_ACTIVE,     /* that have not expired */
    BRANCHES_UNFINISHED, /* these, and what is being made */
    BRANCHES_ALL,        /* every row, and the databases that have none */
};

/* The newest first. */
bool branch_list(const struct branch_call *call, enum branch_which which, struct branch_list *list);

/* One that is active. NOT_FOUND "Branch not found." */
bool branch_get(const struct branch_call *call, int64_t id, struct branch_row *row);

/* The same of one that is being made, or could not be made, and of a golden copy, too. */
bool branch_find(const struct branch_call *call, int64_t id, struct branch_row *row);

/* Is the database of an active branch there, and still the branch's? Else FAILED_PRECONDITION with what to do. */
bool branch_is_there(const struct branch_call *call, const struct branch_row *row);

struct branch_change {
    const char *label; /* NULL: as it is */
    bool has_ttl;
    uint32_t ttl_hours;
    int64_t expires_at; /* NO_TIME: as it is */
    bool has_protected;
    bool is_protected;
};

bool branch_change(const struct branch_call *call, int64_t id, const struct branch_change *change,
                   struct branch_row *row);

/* ---- their end ---- */

bool branch_delete(const struct branch_call *call, int64_t id);

/* Drops what has expired, ends or finishes what a worker left when it died, and finds rows again whose databases are
 * there. For one thread of each worker, now and then; any number of workers may do so at once. */
void branch_reap(const struct branch_call *call);

/* ---- differences ---- */

struct branch_difference {
    const char *kind;
    const char *name;
    const char *parent; /* its definition there; NULL: it is not there */
    const char *branch;
};

struct branch_differences {
    struct branch_difference *items;
    size_t count;
    bool is_truncated;
};

bool branch_diff(const struct branch_call *call, int64_t id, struct branch_row *row,
                 struct branch_differences *differences);

#endif
