/*
 * What a statement locks without naming it. Asks the catalogs, starting from what sql/effects.h found.
 */
#ifndef MIGRATION_PLAN_FORESEE_REACH_H
#define MIGRATION_PLAN_FORESEE_REACH_H

#include "migration/plan/foresee/fires.h"

/* Adds the locks that the catalogs reveal to the effects of a statement, for relations by their names before the plan,
 * and marks in the world what is dropped along with others. If the catalogs cannot tell, the effects become `unknown`.
 * At most `most` relations are added for rows that are read or changed; the others are counted in `unlisted`. Their
 * locks stop neither readers nor writers. The effects become `unknown`, too, if what changing or reading rows runs may
 * lock more. */
void reach_add(struct arena *arena, struct fires *fires, struct sql_effects *effects, size_t most);

#endif
