/*
 * What a worker works on: one project, one database, and what is remembered between requests. One for the life of the
 * process, shared by its threads; everything in it is constant or guards itself.
 */
#ifndef MIGRATION_LOOK_PLACE_H
#define MIGRATION_LOOK_PLACE_H

#include "base/status.h"
#include "framework/core/framework.h"
#include "migration/look/checksums.h"
#include "migration/meters.h"
#include "pg/pool.h"

/* How the statements of a run are sent. Milliseconds. */
struct run_settings {
    uint32_t lock_timeout_ms;      /* of the first try of what would stall others */
    uint32_t lock_retry_ms;        /* how long that is tried again, in all */
    uint32_t statement_timeout_ms; /* 0: as the database says */
    const char *application;       /* what the run's session is called; NULL: as the connection began */
    bool has_idle_limit;           /* the server (14 and newer) has idle_session_timeout: it is none for a run */
};

struct site {
    struct project project;
    const struct conninfo *conninfo; /* NULL: none is configured, or it could not be understood */
    const char *conninfo_error;      /* what to answer then */
    enum status_code conninfo_code;
    struct pg_pool *pool; /* NULL with conninfo */
    struct checksums *checksums;
    const char *environment;      /* "production": what changes something is guarded; NULL: none was said */
    const char *framework;        /* which one is meant where a request does not say; NULL: the one that is found */
    struct ledger ledger;         /* --ledger: where the tracking table is, whatever is found; table NULL: not said */
    bool allow_other_database;    /* the project may name another database than this one */
    bool allow_delegate;          /* the project's own tools may be started */
    uint32_t delegate_timeout_ms; /* and how long such a one may take */
    uint32_t lock_wait_ms;        /* how long a run waits for another one to end */
    struct run_settings settings; /* of a run that asks for nothing else */
    struct meters *meters;        /* what is counted; NULL: nothing is */
};

/* False, with what to answer then, where there is no usable connection URL. */
bool site_is_connected(const struct site *site, struct status *status);

struct permission;

/* What one request is about, and its means. Made once and then constant; a copy of it differs in where it says what
 * went wrong. */
struct request {
    const struct site *site;
    const char *framework;     /* which one is meant: an id, a display name or a folder; NULL or "": the site's */
    bool allow_other_database; /* besides the site's */
    struct arena *arena;
    int64_t deadline;          /* clock_ms units */
    struct status *status;     /* what went wrong */
    const char *request_id;    /* by which its caller finds it again, also in pg_stat_activity; NULL: it has none */
    struct pg_session *beside; /* borrowed: idle as long as the request lasts, for a run to look at itself; or NULL */
    const char *actor;         /* who asks, as the audit names him; NULL or "": nobody was asked */
    const char *operation;     /* the id of the run that this is, where it is written down; or NULL */
    const struct permission
        *permission; /* to be asked before something is changed (permission.h); NULL: none is needed */
};

/* Takes a connection for reading from the pool; NULL and the request's status where there is none. */
struct pg_session *request_connect(const struct request *request);

/* Gives it back; NULL is fine. */
void request_release(const struct request *request, struct pg_session *session);

#endif
