/*
 * Finds statements of the pending migrations that act beyond their database: on the server, its other databases, or
 * elsewhere. This matters if the database is a copy that was made to try them in.
 */
#ifndef MIGRATION_PLAN_OUTSIDE_H
#define MIGRATION_PLAN_OUTSIDE_H

#include "base/words.h"
#include "migration/plan/preparation.h"
#include "pg/session.h"

/* Adds a line for each such statement ("0002_roles, line 3: CREATE ROLE"), in the request's arena, at most
 * OUTSIDE_MOST, and one if the framework's tool runs the migrations, since nobody can read what that does. Asks the
 * session for foreign tables, and for functions and triggers that act beyond the database. Fails if a script can no
 * longer be read, or the session is lost. */
bool preparation_outside(const struct request *request, struct pg_session *session,
                         const struct preparation *preparation, struct words *lines);

#define OUTSIDE_MOST 20

#endif
