/*
 * What a run reports while it works, and how it is cancelled: events for whoever watches. A run that nobody watches has
 * an empty watch and costs nothing more.
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
    RUN_EVENT_LOCK_WAIT, /* a statement did not get its lock in time */
    RUN_EVENT_PROGRESS,
    RUN_EVENT_STEP_DONE,
    RUN_EVENT_MIGRATION_DONE,
    RUN_EVENT_FAILED,
    RUN_EVENT_RUN_DONE,
    RUN_EVENT_NOTE,
    RUN_EVENT_OUTPUT, /* a line that the framework's own tool printed */
    RUN_EVENT_NOTICE, /* a NOTICE or WARNING that the server sent for a statement of the script */
};

/* Another session that holds the lock that a statement of ours waits for. Strings are never NULL. */
struct run_blocker {
    uint32_t pid;
    const char *application;
    const char *user;
    const char *state; /* "idle in transaction" */
    const char *query; /* its last query, shortened */
    uint32_t transaction_ms;
    uint32_t query_ms;
};

#define RUN_BLOCKERS 8 /* the most that are reported */

/* Copies the blockers into an arena. */
const struct run_blocker *blockers_copy(struct arena *arena, const struct run_blocker *blockers, size_t count);

/* "pid 4711 (application "web", user app, connected for 12 s)"; more: what stands behind the comma; NULL: nothing. In
 * the arena. */
const char *blocker_name(struct arena *arena, const struct run_blocker *blocker, const char *more);

/* Describes the blockers: "pid 4711 (application "web", user app) idle in transaction, its transaction for 12 s: SELECT
 * …", separated by semicolons. In the arena. */
const char *blockers_text(struct arena *arena, const struct run_blocker *blockers, size_t count);

/* What pg_stat_progress_* reports about the current statement. */
struct run_progress {
    const char *phase;
    double done;
    double total;
    const char *unit; /* "blocks", "tuples", "lockers" */
};

/* A message from the server. Only detail and hint may be NULL. */
struct run_notice {
    const char *severity;
    const char *sqlstate;
    const char *message;
    const char *detail;
    const char *hint;
};

/* Valid during the call that receives it. */
struct run_event {
    enum run_event_kind kind;
    const char *message;   /* one sentence */
    const char *migration; /* NULL: the event is about the run */
    uint32_t step;         /* 1-based, out of `steps`; 0: the event is about no step */
    uint32_t steps;
    uint32_t number; /* of the migration in its run, out of `count` */
    uint32_t count;
    uint32_t duration_ms;
    uint32_t attempt;
    const struct run_blocker *blockers;
    size_t blocker_count;
    const struct run_progress *progress; /* NULL: none */
    const struct run_notice *notice;     /* for RUN_EVENT_NOTICE */
    uint32_t next_try_ms;                /* while waiting for a lock: the longest time until the next attempt */
    int64_t gives_up_at; /* while waiting for a lock: when the last attempt is made; wall clock, microseconds; else 0 */
};

/* Who watches a run. The functions are called on the run's thread and must return soon. Each may be NULL. */
struct watch {
    void *data;
    void (*event)(void *data, const struct run_event *event);
    /* Returns true once the run is to end. */
    bool (*cancelled)(void *data);
    /* Called with each event, and now and then while a statement is waited for, so that the events so far can be
     * stored: in watch_beside's session. */
    void (*tick)(void *data, const struct watch *watch);

    /* Where that session comes from; set by the run. NULL: there is none. */
    struct pg_session *(*beside)(void *observer);
    void *observer;
};

/* Reports an event to the watch. */
void watch_tell(const struct watch *watch, const struct run_event *event);

/* Reports a note: a sentence about a migration, or about the run (migration NULL). */
void watch_note(const struct watch *watch, const char *migration, const char *message);

/* Call this during long waits that produce no events: the events so far are stored, and a cancel that another worker
 * received is noticed. */
void watch_tick(const struct watch *watch);

/* Another session than the run's, for `tick`; borrowed. It is opened by the first call, which takes as long as a
 * migration: do not ask before there is something to do in it. NULL: there is none. */
struct pg_session *watch_beside(const struct watch *watch);

/* Is the run to end? */
bool watch_cancelled(const struct watch *watch);

/* Sleeps about `ms`, with jitter, so that two waiting runs do not poll in step. Returns false if the run is to end or
 * the deadline (clock_ms) has passed. */
bool watch_pause(const struct watch *watch, int64_t deadline, uint32_t ms);

#endif
