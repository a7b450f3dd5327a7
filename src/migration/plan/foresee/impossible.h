/*
 * What a statement of a plan cannot do, whatever the rest of the plan is: stand in a transaction block where the server
 * wants it alone (25001), write where only reading is allowed (25006), use an enum value before its commit (55P04),
 * drop or replace a relation of another kind (42809), make a table whose keys name a column that it has not (42703).
 * Without it the plan would be green and the run would fail.
 */
#ifndef MIGRATION_PLAN_FORESEE_IMPOSSIBLE_H
#define MIGRATION_PLAN_FORESEE_IMPOSSIBLE_H

#include "migration/plan/cut/step.h"
#include "migration/plan/foresee/early_value.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/read_only.h"
#include "migration/plan/foresee/world.h"
#include "sql/effects.h"

/* What is followed through a plan. */
struct impossible {
    struct arena *arena; /* of the migration's reading */
    struct questions *questions;
    struct world *world;
    struct read_only read_only;
    bool is_stale; /* the caller's: relations may not be any more what the world knows of them */
    bool is_block; /* the step is a transaction block, or several statements in one message */
    struct early_values early;
};

/* A plan begins. All are its own, and live longer than what is returned; the arena is the request's. */
struct impossible impossible_begin(struct arena *arena, struct questions *questions, struct world *world);

/* A migration begins; arena is that of its reading. */
void impossible_migration(struct impossible *impossible, struct arena *arena);

/* A step begins; part is its text. */
void impossible_step(struct impossible *impossible, const struct step *step, struct text part);

/* Why the statement fails; NULL: nothing is known against it. Asked of each in its order, before the world knows what
 * it does. The text is the arena's, or constant. */
const char *impossible_why(struct impossible *impossible, struct text statement, const struct sql_effects *effects);

#endif
