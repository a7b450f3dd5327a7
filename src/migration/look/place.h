/*
 * What a worker works on: one project, one database, and what is cached between requests. One for the life of the
 * process, shared by its threads; everything in it is constant or thread-safe.
 */
#ifndef MIGRATION_LOOK_PLACE_H
#define MIGRATION_LOOK_PLACE_H

#include "base/status.h"
#include "framework/core/framework.h"
#include "migration/look/checksums.h"
#include "migration/meters.h"
#include "pg/pool.h"

/* How a run sends its statements. */
struct run_settings {
    uint32_t lock_timeout_ms;      /* lock_timeout of the first attempt of a statement that would block others */
    uint32_t lock_retry_ms;        /* total time for such attempts */
    uint32_t statement_timeout_ms; /* 0: the database's setting */
    const char *application;       /* application_name of the run's session; NULL: unchanged */
    int server_version;            /* 150018; older servers do not know all of the limits that a run lifts */
};

struct site {
    struct project project;
    const struct conninfo *conninfo; /* NULL: none is configured, or it is invalid */
    const char *conninfo_error;      /* the error in that case */
    enum status_code conninfo_code;
    struct pg_pool *pool; /* NULL if conninfo is */
    struct checksums *checksums;
    const char *environment;      /* "production": changes are guarded; NULL: none */
    const char *framework;        /* for requests that do not name one; NULL: as detected */
    struct ledger ledger;         /* --ledger: the tracking table, whatever is detected; table NULL: not given */
    bool is_ledger_vouched;       /* the operator has named it, and answers for its owner and that role's code */
    bool allow_other_database;    /* allow a project that names another database */
    bool allow_delegate;          /* allow starting the project's own tools */
    uint32_t delegate_timeout_ms; /* time limit of such a tool */
    uint32_t lock_wait_ms;        /* how long a run waits for another run to end */
    struct run_settings settings; /* defaults of a run */
    struct meters *meters;        /* counters; NULL: nothing is counted */
};

/* Fails if there is no usable connection URL. */
bool site_is_connected(const struct site *site, struct status *status);

struct permission;

/* One request and its means. Constant after it is made; a copy of it may have another status. */
struct request {
    const struct site *site;
    const char *framework;     /* the requested one: an id, a display name or a folder; NULL or "": the site's */
    bool allow_other_database; /* in addition to the site's */
    struct arena *arena;
    int64_t deadline;                    /* clock_ms */
    struct status *status;               /* receives the error */
    const char *request_id;              /* the caller's id, also shown in pg_stat_activity; NULL: none */
    struct pg_session *beside;           /* borrowed: an idle session with which a run can observe itself; or NULL */
    const char *actor;                   /* the caller, as in the audit; NULL or "": no login was required */
    const char *operation;               /* the id of this run, if it is stored; or NULL */
    const struct permission *permission; /* asked before something is changed (permission.h); NULL: not needed */
};

/* Takes a read connection from the pool. Returns NULL with the request's status if there is none. */
struct pg_session *request_connect(const struct request *request);

/* Returns the connection to the pool; NULL is fine. */
void request_release(const struct request *request, struct pg_session *session);

/* Is there time, and memory, for more work? To be asked once for each statement or row of something that may have any
 * number of them. Fails with the request's status: DEADLINE_EXCEEDED, or UNAVAILABLE with what there is no memory for
 * (doing: "plan", what: "this migration"). */
bool request_goes_on(const struct request *request, const char *doing, const char *what);

#endif
