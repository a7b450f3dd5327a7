/*
 * What a plan's world begins with, asked of the database.
 */
#ifndef MIGRATION_PLAN_FORESEE_WORLD_BEGIN_H
#define MIGRATION_PLAN_FORESEE_WORLD_BEGIN_H

#include "migration/look/place.h"
#include "pg/session.h"

/* Schemas, NULL-terminated. The one that the connection's URL names comes first: a run's session begins so. */
const char *const *session_usual_path(const struct request *request, struct pg_session *session);

/* True where there is no relation of anybody's. Ours, and those of extensions and of the system, are nobody's. The
 * ledger that a tool makes first is somebody's. */
bool session_has_nothing(const struct request *request, struct pg_session *session);

#endif
