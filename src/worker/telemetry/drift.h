/*
 * Drift: applied migrations whose files were edited or deleted. A look finds it; truss.drift stores what any worker
 * found before, so that each is news only once, until it has not been seen for a while.
 */
#ifndef WORKER_TELEMETRY_DRIFT_H
#define WORKER_TELEMETRY_DRIFT_H

#include "migration/look/place.h"

struct drift_item {
    const char *migration;
    const char *state; /* "modified" or "orphaned" */
};

struct drift {
    const char *ledger; /* "schema.table"; NULL: nothing is known, so nothing is reported */
    struct drift_item *items;
    size_t count;
};

/* Finds the present drift, in the request's arena. Fails if it could not be read; *drift is then empty. */
bool drift_look(const struct request *request, struct drift *drift);

/* Stores what was seen, and reduces *drift to the news, sorted by name. Runs in the caller's transaction, which also
 * reports the news. If it fails, the transaction has failed and *drift is unusable. */
bool drift_keep_news(struct pg_session *session, struct drift *drift, struct status *status);

/* Creates the table if it is missing. */
bool drift_table_ensure(struct pg_session *session, struct status *status);

#endif
