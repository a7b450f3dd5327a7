/*
 * What a statement cannot do in any context: run in a transaction block if the server forbids it (25001), write in a
 * read-only transaction (25006), use an enum value before its commit (55P04), drop or replace a relation of another
 * kind (42809), create a table whose keys name a missing column (42703). Without this the plan would look good and the
 * run would fail.
 */
#ifndef MIGRATION_PLAN_FORESEE_IMPOSSIBLE_H
#define MIGRATION_PLAN_FORESEE_IMPOSSIBLE_H

#include "migration/plan/cut/step.h"
#include "migration/plan/foresee/early_value.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/read_only.h"
#include "migration/plan/foresee/world.h"
#include "sql/effects.h"

/* The state for one plan. */
struct impossible {
    struct arena *arena; /* of the current migration */
    struct questions *questions;
    struct world *world;
    struct read_only read_only;
    bool is_stale; /* set by the caller: relations may differ from what the world knows */
    bool is_block; /* the step is a transaction block, or several statements in one message */
    struct early_values early;
};

/* Call it at a plan's beginning. The arguments must live longer than the result; the arena is the request's. */
struct impossible impossible_begin(struct arena *arena, struct questions *questions, struct world *world);

/* Call it at the beginning of a migration, with the arena for it. */
void impossible_migration(struct impossible *impossible, struct arena *arena);

/* Call it at the beginning of a step; part is its text. */
void impossible_step(struct impossible *impossible, const struct step *step, struct text part);

/* Returns why the statement fails; NULL: nothing known. Call it for each statement in order, before the world is told
 * about it. The text is the arena's, or constant. */
const char *impossible_why(struct impossible *impossible, struct text statement, const struct sql_effects *effects);

#endif
