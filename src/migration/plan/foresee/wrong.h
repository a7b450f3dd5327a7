/*
 * All that the catalogs say against a statement of a plan: what it needs and nobody has made, what is in its way, what
 * does not fit. Of what a statement before has so much as mentioned nothing is said.
 */
#ifndef MIGRATION_PLAN_FORESEE_WRONG_H
#define MIGRATION_PLAN_FORESEE_WRONG_H

#include "migration/plan/foresee/needs.h"

/* Why the statement fails; NULL: nothing is known against it. Asked before the world knows what it does. */
const char *wrong_why(struct needs *needs, struct text statement, const struct sql_effects *effects);

#endif
