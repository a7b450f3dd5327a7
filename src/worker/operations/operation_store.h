/*
 * Operations as rows of truss.operations and truss.operation_events. Knows the tables, but no threads.
 */
#ifndef WORKER_OPERATIONS_OPERATION_STORE_H
#define WORKER_OPERATIONS_OPERATION_STORE_H

#include "migration/look/place.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Adds a row in the state RUNNING; creates the tables if they are missing, and deletes rows older than 30 days. */
bool operation_store_add(struct pg_session *session, const char *id, const char *worker, struct status *status);

struct operation_ended {
    const Truss__Migration__V1__Operation *operation;
    const char *worker;
};

/* Adds a row for an operation that has already ended, without events. If the tables are missing it does nothing and
 * sets *is_kept to false. */
bool operation_store_add_ended(struct pg_session *session, const struct operation_ended *ended, bool *is_kept,
                               struct status *status);

/* An event as it is stored. */
struct stored_event {
    uint32_t id;
    int64_t at; /* wall clock, microseconds */
    const char *kind;
    const char *message;
    struct text bytes; /* a packed truss.migration.v1.Event */
};

/* What to store about an operation. */
struct operation_news {
    const Truss__Migration__V1__Operation *operation;
    const struct stored_event *events;
    size_t count;
};

/* Stores events and the operation's state, which is also its heartbeat. Sets *cancel if a cancel was requested. */
bool operation_store_note(struct pg_session *session, const struct operation_news *news, bool *cancel,
                          struct status *status);

/* Receives the ids of operations whose cancel was requested. */
struct cancel_wish {
    void (*told)(void *data, const char *id);
    void *data;
};

/* A heartbeat for operations that wait for their turn. ids: the text of an array of uuids. */
bool operation_store_sign(struct pg_session *session, const char *ids, const struct cancel_wish *wish,
                          struct status *status);

/* Stores the final state. */
bool operation_store_end(struct pg_session *session, const Truss__Migration__V1__Operation *operation,
                         struct status *status);

/* Reads an operation; *operation is NULL if there is none. If its worker has sent no heartbeat for 30 s it is LOST. */
bool operation_store_get(struct arena *arena, struct pg_session *session, const char *id,
                         Truss__Migration__V1__Operation **operation, struct status *status);

struct events_wanted {
    const char *operation; /* its id */
    uint32_t after;        /* only events with a greater id */
    size_t most;
};

/* The most bytes of events in one answer (but always at least one event): a call that only waits has reserved no memory
 * (rpc/room.h). */
#define OPERATION_EVENTS_BYTES ((size_t)256 * 1024)

struct stored_events {
    Truss__Migration__V1__Event **items; /* in the arena */
    size_t count;
};

/* Reads events up to the first unreadable one; fails if that is the first. */
bool operation_store_events(struct arena *arena, struct pg_session *session, const struct events_wanted *wanted,
                            struct stored_events *events, struct status *status);

/* Requests a cancel. */
bool operation_store_cancel(struct pg_session *session, const char *id, struct status *status);

struct stored_operations {
    Truss__Migration__V1__Operation **items; /* in the arena */
    size_t count;
};

/* Reads the newest operations, without result and error. */
bool operation_store_list(struct arena *arena, struct pg_session *session, uint32_t limit,
                          struct stored_operations *list, struct status *status);

#endif
