/*
 * The current run: what every part of it needs. It has a session of its own, which holds its locks; they end with it.
 */
#ifndef MIGRATION_RUN_CURRENT_H
#define MIGRATION_RUN_CURRENT_H

#include "migration/events.h"
#include "migration/look/place.h"

struct observer;

#define NOTICED_WARNINGS 20 /* the most that are put into the result */

/* What the server has reported about the scripts of this run. */
struct run_notices {
    uint32_t told;
    uint32_t left_out;
    const char *warnings[NOTICED_WARNINGS]; /* in the request's arena */
    size_t warning_count;
};

/* A migration that this run has committed. */
struct late_commit {
    struct ledger_record record;  /* identifies the row: name, id, key; in the request's arena */
    struct ledger_entries before; /* the ledger before it was written */
};

/* All of them, in order (durable.h). */
struct commits {
    struct late_commit *items;
    size_t count;
    size_t capacity;
    size_t safe;      /* so many, from the first on, are on the server's disk */
    const char *gone; /* the first that was reported as applied and is gone; NULL: none */
    bool is_unknown;  /* it is not known whether it is gone */
};

/* What is known of the session's state (settled.h). */
struct settled {
    const char *look; /* the quoted name of a prepared query, of this session alone */
    uint64_t at;      /* pg_session_sent behind the message that left the session so; 0: never yet */
    size_t quiet;     /* messages with quiet scripts in a row */
    bool is_used;     /* the message under way was composed for a settled session */
    bool cannot_be;   /* something fires that nobody sees */
};

struct run {
    const struct request *request; /* borrowed; results live in its arena */
    struct arena *arena;           /* of the current part: the request's, or the current migration's */
    struct status *status;         /* likewise: receives the error */
    int64_t deadline;              /* the request's; extended where finding out the truth needs more time */
    struct pg_session *session;    /* replaced after a lost connection; NULL: it is lost */
    bool had_session;
    struct run_settings settings;
    struct watch watch;
    bool is_past_versioned;    /* the callbacks after the versioned migrations have run */
    bool may_lack_locks;       /* a script may have released the session's locks since they were last checked */
    bool names_standbys;       /* synchronous_standby_names is set: a commit may wait for one */
    struct observer *observer; /* NULL: nobody observes blockers */
    struct settled settled;
    struct run_notices notices;
    struct commits late;
};

/* Makes the run of a request, without a session or a watch. */
struct run run_of(const struct request *request);

/* Opens the run's session, or a new one: with the run's limits, and without JIT until the first script's RESET ALL. It
 * is pinned to one backend only by its first reading transaction. Returns false if there is none. */
bool run_connect(struct run *run);

/* Fails where every commit would wait for a synchronous standby that is not there. Call it under the locks, which know
 * whether that has to be asked. */
bool run_may_commit(struct run *run);

/* Sets the watch, which may be NULL. */
void run_watch(struct run *run, const struct watch *watch);

/* Closes the session and frees what the run owns. */
void run_close(struct run *run);

/* From now on memory and errors belong to a part of the run (a migration, an attempt), until run_leave. */
void run_enter(struct run *run, struct status *status);

/* Frees the memory of the part. */
void run_leave(struct run *run);

#endif
