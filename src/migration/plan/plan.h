/*
 * What a run would do, found out without doing it: the catalog, the migrations that were asked for, each script read
 * and planned, what an interrupted run has left, and a hash over all of it. A plan is this shown; a run is this done.
 */
#ifndef MIGRATION_PLAN_PLAN_H
#define MIGRATION_PLAN_PLAN_H

#include "migration/failure.h"
#include "migration/plan/preparation.h"
#include "migration/plan/run_options.h"

/* Reads and plans, on this session. False where a run could not begin at all (no folder, an unknown name, an attempt
 * that failed and is not resolved, an order or a history that is not allowed, a hash that differs). */
bool prepare(const struct request *request, struct pg_session *session, const struct detection *detection,
             const struct run_options *options, struct preparation *preparation);

/* How its own tool sends a script, and how this server reads it. */
struct plan_options prepare_options(const struct pg_session *session, const struct framework *framework,
                                    const struct migration_script *script);

/* Reads it, which must still be what was planned. */
bool prepared_read(struct arena *arena, const struct prepared *prepared, struct loaded *loaded, struct status *status);

/* May a run begin: can all run, or those before a file that is too large? */
bool prepare_may_begin(const struct preparation *preparation, const struct run_options *options);

/* The failure of the script that cannot run. */
void prepare_failure(const struct preparation *preparation, struct failure *failure);

/* Why the migrations cannot share one transaction; NULL where they can. */
const char *prepare_obstacle(struct arena *arena, const struct preparation *preparation);

#endif
