/*
 * What a run tells while it works, and what it is told: events for whoever watches, and the wish to end it. A run that
 * nobody watches has an empty watch and costs nothing more.
 */
#ifndef MIGRATION_EVENTS_H
#define MIGRATION_EVENTS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg_session;

enum run_event_kind {
    RUN_EVENT_NONE,
    RUN_EVENT_RUN_STARTED,
    RUN_EVENT_RUN_LOCK_WAIT, /* another run is going on */
    RUN_EVENT_MIGRATION_STARTED,
    RUN_EVENT_STEP_STARTED,
    RUN_EVENT_LOCK_WAIT, /* a statement could not have its lock */
    RUN_EVENT_PROGRESS,
    RUN_EVENT_STEP_DONE,
    RUN_EVENT_MIGRATION_DONE,
    RUN_EVENT_FAILED,
    RUN_EVENT_RUN_DONE,
    RUN_EVENT_NOTE,
    RUN_EVENT_OUTPUT, /* a line that the framework's own tool printed */
    RUN_EVENT_NOTICE, /* a NOTICE or WARNING that the server sent for a statement of the script */
};

/* A session of somebody else that holds what a statement of ours waits for. Strings are never NULL. */
struct run_blocker {
    uint32_t pid;
    const char *application;
    const char *user;
    const char *state; /* "idle in transaction" */
    const char *query; /* its last, shortened */
    uint32_t transaction_ms;
    uint32_t query_ms;
};

#define RUN_BLOCKERS 8 /* the most that are told of */

/* A copy that outlives what was seen. */
const struct run_blocker *blockers_copy(struct arena *arena, const struct run_blocker *blockers, size_t count);

/* "pid 4711 (application "web", user app) idle in transaction for 12 s: SELECT …", all of them in one sentence. */
const char *blockers_text(struct arena *arena, const struct run_blocker *blockers, size_t count);

/* What pg_stat_progress_* says of the statement under way. */
struct run_progress {
    const char *phase;
    double done;
    double total;
    const char *unit; /* "blocks", "tuples", "lockers" */
};

/* What the server said; never NULL but for detail and hint. */
struct run_notice {
    const char *severity;
    const char *sqlstate;
    const char *message;
    const char *detail;
    const char *hint;
};

/* Lives as long as the call that gets it. */
struct run_event {
    enum run_event_kind kind;
    const char *message;   /* one sentence */
    const char *migration; /* NULL where it is about none */
    uint32_t step;         /* 1-based, of how many; 0: about none */
    uint32_t steps;
    uint32_t number; /* of the migration in its run, of how many */
    uint32_t count;
    uint32_t duration_ms;
    uint32_t attempt;
    const struct run_blocker *blockers;
    size_t blocker_count;
    const struct run_progress *progress; /* NULL: none */
    const struct run_notice *notice;     /* of RUN_EVENT_NOTICE */
    uint32_t next_try_ms;                /* of a wait for a lock: at most so long until the next try */
    int64_t gives_up_at;                 /* and when the last one is; wall clock, microseconds; 0: of no wait */
};

/* Called on the run's thread, never for long. Any of the functions may be NULL. */
struct watch {
    void *data;
    void (*event)(void *data, const struct run_event *event);
    /* True once the run is to end. */
    bool (*cancelled)(void *data);
    /* While a statement is waited for, now and then: a session beside the run's, for writing down what happened.
     * NULL where there is none. */
    void (*tick)(void *data, struct pg_session *beside);

    /* Where the session for `tick` comes from; the run fills these in. NULL: there is none. */
    struct pg_session *(*beside)(void *observer);
    void *observer;
};

/* Tells who watches. */
void watch_tell(const struct watch *watch, const struct run_event *event);

/* Tells a note: a sentence about the migration that is under way, or (NULL) about the run. */
void watch_note(const struct watch *watch, const char *migration, const char *message);

/* For who waits long for something that says nothing: what happened is written down, and a wish to end that another
 * worker was told is heard. */
void watch_tick(const struct watch *watch);

/* Whether the run is to end. */
bool watch_cancelled(const struct watch *watch);

/* Sleeps about so long, jittered: two that wait must not ask in step. False where the run is to end, or its deadline
 * (clock_ms units) has passed. */
bool watch_pause(const struct watch *watch, int64_t deadline, uint32_t ms);

#endif
