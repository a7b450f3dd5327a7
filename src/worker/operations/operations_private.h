/*
 * What the two sides of operations share: the run's (operations.c) and that of who asks (operations_ask.c).
 */
#ifndef WORKER_OPERATIONS_OPERATIONS_PRIVATE_H
#define WORKER_OPERATIONS_OPERATIONS_PRIVATE_H

#include "base/uuid.h"
#include "worker/operations/operations.h"

#include <pthread.h>
#include <stdatomic.h>

#define OPERATIONS_CANCEL_MS 10000 /* how long a cancel waits, without a deadline */
#define OPERATIONS_WORKER    128   /* bytes of a worker's name */
#define OPERATIONS_SHORT     400   /* bytes of a text that a list shows */

struct kept_event {
    char *bytes;
    size_t size;
    int64_t at;
    const char *kind;
};

struct operation {
    struct operation *next; /* the one that began before it */
    struct operations *operations;
    struct watch watch;
    struct story *story;
    char id[UUID_SIZE];
    const char *kind; /* a constant */
    int64_t started_at;
    char *started_by;
    atomic_bool cancel;
    bool is_written_down;
    bool is_waiting; /* in the lane */
    bool is_done;
    struct arena *arena; /* of what it is at: replaced from time to time */
    const char *migration;
    uint32_t step;
    uint32_t steps;
    const char *summary;
    struct kept_event *events;
    size_t event_count;
    size_t event_capacity;
    size_t noted; /* events that are in the database */
    int64_t next_note;
    size_t bytes;  /* of its events and its outcome */
    char *outcome; /* the packed Operation, once it is done */
    size_t outcome_size;
};

struct operations {
    const struct site *site;
    const struct telemetry *telemetry;
    pthread_mutex_t mutex;
    pthread_cond_t news; /* on CLOCK_MONOTONIC */
    struct operation *newest;
    size_t count;
    size_t running;
    bool stopping;
    struct lane *lane;
    atomic_size_t looking; /* calls that wait for what another worker runs */
    int64_t next_sign;     /* clock_ms; when those that wait in the lane show next that they are not lost */
    char worker[OPERATIONS_WORKER];
};

/* With the mutex held: what a running one is now, borrowing its strings. */
Truss__Migration__V1__Operation operation_message(struct arena *arena, const struct operation *operation);

/* Now and then, by a run: those that wait in the lane are not lost, and hear of a wish to end that another worker was
 * told. */
void operations_sign_waiting(struct operations *operations, struct pg_session *beside);

/* With the mutex held: sleeps until something has happened, at most `ms`. */
void operations_wait_for_news(struct operations *operations, int64_t ms);

#endif
