/*
 * The run that is under way: what every part of it needs. It has a session of its own, which holds its locks and goes
 * with it.
 */
#ifndef MIGRATION_RUN_CURRENT_H
#define MIGRATION_RUN_CURRENT_H

#include "migration/events.h"
#include "migration/look/place.h"

struct observer;

#define NOTICED_WARNINGS 20 /* the most that stand in the result */

/* What the server has said so far of the scripts of this run. */
struct run_notices {
    uint32_t told;
    uint32_t left_out;
    const char *warnings[NOTICED_WARNINGS]; /* in the request's arena */
    size_t warning_count;
};

/* A commit that the server may not have on disk yet. */
struct late_commit {
    struct ledger_record record;  /* what says which row it is: name, id, key; in the request's arena */
    struct ledger_entries before; /* what the ledger had when it was written */
};

/* The migrations whose commits are such (durable.h), in their order. */
struct commits {
    struct late_commit *items;
    size_t count;
    size_t capacity;
    const char *gone; /* the first that was said to be applied and is not any more; NULL: none */
    bool is_unknown;  /* it may be */
};

struct run {
    const struct request *request; /* borrowed; results live in its arena */
    struct arena *arena;           /* of what is under way: the request's, or the migration's that is run just now */
    struct status *status;         /* and what went wrong with that */
    int64_t deadline;              /* the request's; put off where the truth is worth it */
    struct pg_session *session;    /* another one after a lost connection; NULL: it is lost */
    bool had_session;
    struct run_settings settings;
    struct watch watch;
    bool is_past_versioned;    /* the callbacks behind the versioned migrations have run */
    bool may_lack_locks;       /* a script may have let go of the session's locks since it was asked for them */
    struct observer *observer; /* NULL: nobody looks who blocks */
    struct run_notices notices;
    struct commits late;
};

/* A run for a request, with neither connection nor watch yet. */
struct run run_of(const struct request *request);

/* Opens its session, anew where it has one: with the run's limits, and without JIT until the first script's RESET ALL.
 * It may not be pinned yet: the first reading transaction does that. False: it has none. */
bool run_connect(struct run *run);

/* Has somebody watch it. The watch may be NULL. */
void run_watch(struct run *run, const struct watch *watch);

/* Closes what it has. */
void run_close(struct run *run);

/* From now on memory and failures are a part's own (a migration's, a try's), until run_leave. */
void run_enter(struct run *run, struct status *status);

/* The memory of the part goes. */
void run_leave(struct run *run);

#endif
