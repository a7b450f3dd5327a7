/*
 * What of a database decides how scripts are cut into steps. Each is false with a status if the server does not tell.
 */
#ifndef MIGRATION_PLAN_CUT_FACTS_H
#define MIGRATION_PLAN_CUT_FACTS_H

#include "migration/plan/cut/cut.h"
#include "pg/session.h"

/* The database's procedures that end transactions, by the names that a CALL may use. */
bool cut_facts_procedures(struct pg_session *session, struct arena *arena, struct procedures *procedures,
                          struct status *status);

/* Tables for which the server acts at COMMIT: initially deferred foreign keys (both sides), unique constraints, and
 * constraint triggers. Each is a trigger in the catalogs. */
bool cut_facts_deferred(struct pg_session *session, struct arena *arena, struct deferred *deferred,
                        struct status *status);

/* Partitioned tables and indexes, by the names that a script may use: unqualified if in the search path, or if no other
 * relation has the name. Subscriptions of this database without a slot. */
bool cut_facts_targets(struct pg_session *session, struct arena *arena, struct targets *targets, struct status *status);

#endif
