/*
 * truss.webhook_events: the events to deliver, a row for each event and receiver. Knows SQL, but no HTTP.
 */
#ifndef WORKER_TELEMETRY_WEBHOOK_ROWS_H
#define WORKER_TELEMETRY_WEBHOOK_ROWS_H

#include "pg/session.h"

/* A new row. */
struct hook_row {
    const char *event; /* a UUID, the same in every attempt */
    const char *hook;  /* the receiver's name */
    const char *kind;  /* "run.done" */
    const char *body;
    uint32_t due_in_ms; /* 0: at once */
};

/* Creates the table if it is missing. */
bool hook_rows_ensure(struct pg_session *session, struct status *status);

/* New rows about one subject. */
struct hook_rows {
    const char *subject; /* an operation, or a tracking table */
    const struct hook_row *items;
    size_t count;
    bool ends; /* delete the rows that would report the run as lost */
};

/* Writes all of them or none. */
bool hook_rows_add(struct pg_session *session, const struct hook_rows *rows, struct status *status);

/* A row that is due; it is leased, so that nobody else takes it for a while. */
struct hook_due {
    const char *event; /* all in the arena */
    const char *hook;
    const char *kind;
    const char *body;
    int64_t tries; /* attempts, with this one */
};

/* Takes a due row of this receiver. *due->event is NULL if there is none. */
bool hook_rows_take(struct arena *arena, struct pg_session *session, const char *hook, struct hook_due *due,
                    struct status *status);

/* Deletes a row that was delivered or given up. */
bool hook_rows_drop(struct pg_session *session, const struct hook_due *due, struct status *status);

/* Postpones a row because of `error`. */
bool hook_rows_put_off(struct pg_session *session, const struct hook_due *due, uint32_t seconds, const char *error,
                       struct status *status);

/* The runs of these operations (an array literal) are alive: postpones the rows that would report them as lost. */
bool hook_rows_renew(struct pg_session *session, const char *operations, uint32_t ms, struct status *status);

/* Deletes rows older than a week, such as those of removed receivers. *dropped: how many. */
bool hook_rows_sweep(struct pg_session *session, size_t *dropped, struct status *status);

#endif
