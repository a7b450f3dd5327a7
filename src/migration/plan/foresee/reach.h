/*
 * What a statement locks without naming it: the catalogs are asked, from where sql/effects.h points.
 */
#ifndef MIGRATION_PLAN_FORESEE_REACH_H
#define MIGRATION_PLAN_FORESEE_REACH_H

#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* Adds what the catalogs know to the locks of a statement, by the names that relations have before the plan runs, and
 * marks in the world what goes with it. Where they cannot tell, the statement's effects are `unknown`. */
void reach_add(struct arena *arena, struct questions *questions, struct world *world, struct sql_effects *effects);

#endif
