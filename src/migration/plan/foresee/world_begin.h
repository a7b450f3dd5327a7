/*
 * The state of the database at the beginning of a plan.
 */
#ifndef MIGRATION_PLAN_FORESEE_WORLD_BEGIN_H
#define MIGRATION_PLAN_FORESEE_WORLD_BEGIN_H

#include "migration/look/place.h"
#include "pg/session.h"

/* The schemas of the search path, NULL-terminated, as a run's session starts: the one in the connection's URL first. */
const char *const *session_usual_path(const struct request *request, struct pg_session *session);

/* Does the database have no relations of users? Ours, extensions' and the system's do not count; a ledger that a tool
 * has created does. */
bool session_has_nothing(const struct request *request, struct pg_session *session);

#endif
