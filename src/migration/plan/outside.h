/*
 * What of the migrations that are to run acts beyond their database: on the server, its other databases, or elsewhere.
 * Of interest where that database is a copy, which was made to try them in.
 */
#ifndef MIGRATION_PLAN_OUTSIDE_H
#define MIGRATION_PLAN_OUTSIDE_H

#include "base/words.h"
#include "migration/plan/preparation.h"
#include "pg/session.h"

/* Adds a line for each such statement, at most OUTSIDE_MOST ("0002_roles, line 3: CREATE ROLE"), and one for what a
 * tool of the framework's would do, which nobody can read. Asks the session for the foreign tables. False and the
 * status where a script cannot be read any more, or the session is lost. */
bool preparation_outside(struct arena *arena, struct pg_session *session, const struct preparation *preparation,
                         struct words *lines, struct status *status);

#define OUTSIDE_MOST 20

#endif
