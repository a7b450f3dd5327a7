/*
 * Operations as rows of truss.operations and truss.operation_events. Knows the tables, and nothing of threads.
 */
#ifndef WORKER_OPERATIONS_OPERATION_STORE_H
#define WORKER_OPERATIONS_OPERATION_STORE_H

#include "migration/look/place.h"
#include "truss/migration/v1/migration.pb-c.h"

/* A new row, RUNNING; makes the tables where they are missing, and forgets what is older than 30 days. */
bool operation_store_add(struct pg_session *session, const char *id, const char *worker, struct status *status);

/* An event in the form in which it is kept. */
struct stored_event {
    uint32_t id;
    int64_t at; /* wall clock, microseconds */
    const char *kind;
    const char *message;
    struct text bytes; /* a packed truss.migration.v1.Event */
};

/* Adds events, and says where the operation is; that is its heartbeat too. *cancel is set where somebody has asked for
 * its end. */
bool operation_store_note(struct pg_session *session, const Truss__Migration__V1__Operation *operation,
                          const struct stored_event *events, size_t count, bool *cancel, struct status *status);

/* Its last row. */
bool operation_store_end(struct pg_session *session, const Truss__Migration__V1__Operation *operation,
                         struct status *status);

/* Reads one; *operation is NULL where there is none. One whose worker has not been heard of for 30 s is LOST. */
bool operation_store_get(struct arena *arena, struct pg_session *session, const char *id,
                         Truss__Migration__V1__Operation **operation, struct status *status);

/* Events behind `after`, at most `most`, in the arena. */
bool operation_store_events(struct arena *arena, struct pg_session *session, const char *id, uint32_t after,
                            size_t most, Truss__Migration__V1__Event ***events, size_t *count, struct status *status);

/* Asks for its end. */
bool operation_store_cancel(struct pg_session *session, const char *id, struct status *status);

/* The newest, each in short: without result and error. */
bool operation_store_list(struct arena *arena, struct pg_session *session, uint32_t limit,
                          Truss__Migration__V1__Operation ***operations, size_t *count, struct status *status);

#endif
