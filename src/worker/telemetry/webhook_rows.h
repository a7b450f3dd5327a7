/*
 * truss.webhook_events: what is to be told, a row for each event and receiver. Knows SQL, and nothing of HTTP.
 */
#ifndef WORKER_TELEMETRY_WEBHOOK_ROWS_H
#define WORKER_TELEMETRY_WEBHOOK_ROWS_H

#include "pg/session.h"

/* A new row. */
struct hook_row {
    const char *event; /* a UUID: the same in each try */
    const char *hook;  /* the receiver's name */
    const char *kind;  /* "run.done" */
    const char *body;
    uint32_t due_in_ms; /* 0: at once */
};

/* Makes the table where it is missing. */
bool hook_rows_ensure(struct pg_session *session, struct status *status);

/* Rows about one thing. */
struct hook_rows {
    const char *subject; /* of their news: an operation, or a tracking table */
    const struct hook_row *items;
    size_t count;
    bool ends; /* the rows that would tell of its loss go */
};

/* Writes them, all or none. */
bool hook_rows_add(struct pg_session *session, const struct hook_rows *rows, struct status *status);

/* One that is due: nobody else is given it for a while. */
struct hook_due {
    const char *event; /* all in the arena */
    const char *hook;
    const char *kind;
    const char *body;
    int64_t tries; /* with this one */
};

/* names: an array literal of the receivers that are known. *due->event is NULL where there is none. */
bool hook_rows_take(struct arena *arena, struct pg_session *session, const char *names, struct hook_due *due,
                    struct status *status);

/* It was delivered, or is given up. */
bool hook_rows_drop(struct pg_session *session, const struct hook_due *due, struct status *status);

/* It is tried again after so long; error says why. */
bool hook_rows_put_off(struct pg_session *session, const struct hook_due *due, uint32_t seconds, const char *error,
                       struct status *status);

/* The runs of these operations (an array literal) go on: what would tell of their loss is put off. */
bool hook_rows_renew(struct pg_session *session, const char *operations, uint32_t ms, struct status *status);

/* What is older than a week goes, as of receivers that are no more. */
bool hook_rows_sweep(struct pg_session *session, struct status *status);

#endif
