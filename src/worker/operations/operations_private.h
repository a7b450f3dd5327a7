/*
 * The internals shared by the run's side (operations.c) and the callers' side (operations_ask.c).
 */
#ifndef WORKER_OPERATIONS_OPERATIONS_PRIVATE_H
#define WORKER_OPERATIONS_OPERATIONS_PRIVATE_H

#include "base/uuid.h"
#include "worker/operations/operations.h"

#include <pthread.h>
#include <stdatomic.h>

#define OPERATIONS_CANCEL_MS 10000 /* how long a cancel waits without a deadline */
#define OPERATIONS_WORKER    128   /* bytes of a worker's name */
#define OPERATIONS_SHORT     400   /* bytes of a text in a list */

struct kept_event {
    char *bytes;
    size_t size;
    int64_t at;
    const char *kind;
};

struct operation {
    struct operation *next; /* the one that began before */
    struct operations *operations;
    struct watch watch;
    struct story *story;
    char id[UUID_SIZE];
    const char *kind; /* constant text */
    int64_t started_at;
    char *started_by;
    atomic_bool cancel;
    bool is_written_down;
    bool is_waiting; /* queued */
    bool is_done;
    struct arena *arena; /* for its current state; replaced from time to time */
    const char *migration;
    uint32_t step;
    uint32_t steps;
    const char *summary;
    struct kept_event *events;
    size_t event_count;
    size_t event_capacity;
    size_t noted; /* events already in the database */
    int64_t next_note;
    size_t bytes;  /* of its events and outcome */
    char *outcome; /* the packed Operation, once it has ended */
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
    atomic_size_t looking; /* calls that wait for another worker's operation */
    int64_t next_sign;     /* clock_ms; next heartbeat of the queued operations */
    char worker[OPERATIONS_WORKER];
};

/* The present state of a running operation; borrows its strings. Hold the mutex. */
Truss__Migration__V1__Operation operation_message(struct arena *arena, const struct operation *operation);

/* Called periodically by a run: sends the heartbeat of queued operations, in the session beside its own, and picks up
 * cancels that other workers received. */
void operations_sign_waiting(struct operations *operations, const struct watch *watch);

#endif
