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

/* What there is of it now, in the request's arena. */
bool drift_look(const struct request *request, struct drift *drift);

/* Writes down what was seen, and leaves what is news of it. In a transaction of the caller's, who tells of it there. */
bool drift_keep_news(struct pg_session *session, struct drift *drift, struct status *status);

/* Makes the table where it is missing. */
bool drift_table_ensure(struct pg_session *session, struct status *status);

#endif
