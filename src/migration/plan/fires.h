/*
 * What a change of rows fires: triggers, whose functions may lock more than rows.
 */
#ifndef MIGRATION_PLAN_FIRES_H
#define MIGRATION_PLAN_FIRES_H

#include "migration/plan/world.h"

/* Is it known that what a change of this relation's rows fires, by foreign keys and in partitions, too, locks no more
 * than rows? Asked once of each relation. */
bool fires_no_more_than_rows(struct arena *arena, struct pg_session *session, struct relation *relation);

/* Notes that a statement of the plan makes a trigger on the relations that it locks. */
void fires_note_trigger(struct world *world, struct text statement, const struct sql_effects *effects);

#endif
