/*
 * The functions of a database, with what calling each one leaves in its transaction or session (sql/hidden.h). Needed
 * for scripts that are cut, because what a function does is not in the script.
 */
#ifndef MIGRATION_PLAN_BODIES_H
#define MIGRATION_PLAN_BODIES_H

#include "base/status.h"
#include "pg/session.h"
#include "sql/hidden.h"

/* Reads the bodies of all functions except PostgreSQL's own and those in C, and finds which tables and views reach the
 * ones that leave something: by triggers, defaults, policies, constraints, rules, or views on views. It does not wait
 * for a lock on a table that a BEGIN ATOMIC body names; such a function counts as leaving anything. `hidden` lives in
 * `arena`, which must be the status's. Returns false if the server did not answer. */
bool bodies_read(struct pg_session *session, struct arena *arena, struct hidden *hidden,
                 const struct deferred *deferred, struct status *status);

#endif
