/*
 * The functions of a database by what a call of each leaves in its transaction or session (sql/hidden.h), for scripts
 * that are cut: what a function does is not in the script.
 */
#ifndef MIGRATION_PLAN_BODIES_H
#define MIGRATION_PLAN_BODIES_H

#include "base/status.h"
#include "pg/session.h"
#include "sql/hidden.h"

/* Reads the bodies of all functions that are neither PostgreSQL's own nor in C, and which tables and views reach those
 * that leave something: by triggers, defaults, policies, constraints, rules, views on views. Nobody who keeps a table
 * that a BEGIN ATOMIC body names is waited for: a call of such a function may leave anything then. What is noted lives
 * in `arena`, the status's. False where the server did not answer. */
bool bodies_read(struct pg_session *session, struct arena *arena, struct hidden *hidden,
                 const struct deferred *deferred, struct status *status);

#endif
