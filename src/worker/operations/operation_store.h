/*
 * Operations as rows of truss.operations and truss.operation_events. Knows the tables, and nothing of threads.
 */
#ifndef WORKER_OPERATIONS_OPERATION_STORE_H
#define WORKER_OPERATIONS_OPERATION_STORE_H

#include "migration/look/place.h"
#include "truss/migration/v1/migration.pb-c.h"

/* A new row, RUNNING; makes the tables where they are missing, and forgets what is older than 30 days. */
bool operation_store_add(struct pg_session *session, const char *id, const char *worker, struct status *status);

struct operation_ended {
    const Truss__Migration__V1__Operation *operation;
    const char *worker;
};

/* A row of one that has ended already, without its events. *is_kept: false where the tables are missing; nothing is
 * done then. */
bool operation_store_add_ended(struct pg_session *session, const struct operation_ended *ended, bool *is_kept,
                               struct status *status);

/* An event in the form in which it is kept. */
struct stored_event {
    uint32_t id;
    int64_t at; /* wall clock, microseconds */
    const char *kind;
    const char *message;
    struct text bytes; /* a packed truss.migration.v1.Event */
};

/* What is to be written down of an operation. */
struct operation_news {
    const Truss__Migration__V1__Operation *operation;
    const struct stored_event *events;
    size_t count;
};

/* Adds events, and says where the operation is; that is its heartbeat too. *cancel is set where somebody has asked for
 * its end. */
bool operation_store_note(struct pg_session *session, const struct operation_news *news, bool *cancel,
                          struct status *status);

/* What is done with the id of one that somebody has asked to end. */
struct cancel_wish {
    void (*told)(void *data, const char *id);
    void *data;
};

/* A heartbeat of those that wait for their turn. ids: an array of uuids, as its text. */
bool operation_store_sign(struct pg_session *session, const char *ids, const struct cancel_wish *wish,
                          struct status *status);

/* Its last row. */
bool operation_store_end(struct pg_session *session, const Truss__Migration__V1__Operation *operation,
                         struct status *status);

/* Reads one; *operation is NULL where there is none. One whose worker has not been heard of for 30 s is LOST. */
bool operation_store_get(struct arena *arena, struct pg_session *session, const char *id,
                         Truss__Migration__V1__Operation **operation, struct status *status);

struct events_wanted {
    const char *operation; /* its id */
    uint32_t after;        /* only what is newer than this event */
    size_t most;
};

/* One answer has no more bytes of events, or one event: who only waits has set no memory aside (rpc/room.h). */
#define OPERATION_EVENTS_BYTES ((size_t)256 * 1024)

struct stored_events {
    Truss__Migration__V1__Event **items; /* in the arena */
    size_t count;
};

/* Those in front of the first that cannot be read; where that is the first, it fails. */
bool operation_store_events(struct arena *arena, struct pg_session *session, const struct events_wanted *wanted,
                            struct stored_events *events, struct status *status);

/* Asks for its end. */
bool operation_store_cancel(struct pg_session *session, const char *id, struct status *status);

struct stored_operations {
    Truss__Migration__V1__Operation **items; /* in the arena */
    size_t count;
};

/* The newest, each in short: without result and error. */
bool operation_store_list(struct arena *arena, struct pg_session *session, uint32_t limit,
                          struct stored_operations *list, struct status *status);

#endif
