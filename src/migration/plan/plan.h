/*
 * Finds out what a run would do without doing it: the catalog, the requested migrations, each script read and planned,
 * what an interrupted run has left, and a hash over all of it. The plan that is shown, and the run itself, both start
 * from this.
 */
#ifndef MIGRATION_PLAN_PLAN_H
#define MIGRATION_PLAN_PLAN_H

#include "migration/failure.h"
#include "migration/plan/preparation.h"
#include "migration/plan/run_options.h"

/* Reads and plans on this session. Fails if a run could not start at all (no folder, an unknown name, an unresolved
 * failed attempt, a forbidden order or history, another hash). */
bool prepare(const struct request *request, struct pg_session *session, const struct detection *detection,
             const struct run_options *options, struct preparation *preparation);

/* How the framework's tool sends a script, and how this server reads it. */
struct plan_options prepare_options(const struct pg_session *session, const struct framework *framework,
                                    const struct migration_script *script);

/* Reads a prepared migration again; fails if it is not what was planned. */
bool prepared_read(struct arena *arena, const struct prepared *prepared, struct loaded *loaded, struct status *status);

/* May a run start: can all migrations run, or those before a file that is too large? */
bool prepare_may_begin(const struct preparation *preparation, const struct run_options *options);

/* Fills in the failure of the script that cannot run. */
void prepare_failure(const struct preparation *preparation, struct failure *failure);

/* What is to be allowed: "run a, b, c", or only the callbacks (act_words). In the arena. */
const char *prepare_words(struct arena *arena, const struct preparation *preparation);

/* Why the migrations cannot share one transaction; NULL: they can. */
const char *prepare_obstacle(struct arena *arena, const struct preparation *preparation);

#endif
