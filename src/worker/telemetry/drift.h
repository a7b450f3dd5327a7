/*
 * Drift: applied migrations whose files were edited or are gone. A look finds it; truss.drift says what was found
 * before, by whichever worker, so that each is news once, until nobody has seen it for a while.
 */
#ifndef WORKER_TELEMETRY_DRIFT_H
#define WORKER_TELEMETRY_DRIFT_H

#include "migration/look/place.h"

struct drift_item {
    const char *migration;
    const char *state; /* "modified" or "orphaned" */
};

struct drift {
    const char *ledger; /* "schema.table"; NULL: nothing is known now, of which nothing is said */
    struct drift_item *items;
    size_t count;
};

/* What there is of it now, in the request's arena. False where it could not be read; then the status says why, and
 * *drift is empty. */
bool drift_look(const struct request *request, struct drift *drift);

/* Writes down what was seen, and leaves what is news of it, sorted by name. In a transaction of the caller's, who tells
 * of it there. False where it could not be written: the transaction has failed, and *drift is of no use. */
bool drift_keep_news(struct pg_session *session, struct drift *drift, struct status *status);

/* Makes the table where it is missing. */
bool drift_table_ensure(struct pg_session *session, struct status *status);

#endif
