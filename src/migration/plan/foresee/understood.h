/*
 * Asks the server whether it accepts a statement, with the protocol's Parse message, which resolves names, types and
 * function calls but runs nothing. Only for statements that name nothing that the plan has changed before.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNDERSTOOD_H
#define MIGRATION_PLAN_FORESEE_UNDERSTOOD_H

#include "migration/plan/foresee/needs.h"
#include "sql/effects.h"

/* Why the server rejects the statement, as a sentence; NULL: it accepts it, or that is not known. To be called for each
 * statement that could run, in order, before needs_note(). */
const char *understood_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

/* The same for what a statement stores to be computed later: defaults, CHECKs, indexes, policies, the query of a view.
 */
const char *understood_stored_why(struct needs *needs, const struct sql_effects *effects);

#endif
