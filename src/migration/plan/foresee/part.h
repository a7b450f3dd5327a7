/*
 * Columns and constraints that a statement drops: one that was not there before the plan takes nothing along that was.
 */
#ifndef MIGRATION_PLAN_FORESEE_PART_H
#define MIGRATION_PLAN_FORESEE_PART_H

#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* Is it known that the relation had no such part before the plan, under whatever name, so that its DROP takes nothing
 * along that was there? False for other changes, unless they say IF EXISTS. Only if all earlier statements are known.
 */
bool part_is_missing(struct arena *arena, struct questions *questions, const struct relation *relation,
                     const struct sql_reach *reach);

/* Records of which relations the statement renames parts. */
void part_note(struct world *world, const struct sql_effects *effects);

#endif
