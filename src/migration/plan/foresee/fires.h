/*
 * What a change of rows fires: triggers, whose functions may lock more than rows.
 */
#ifndef MIGRATION_PLAN_FORESEE_FIRES_H
#define MIGRATION_PLAN_FORESEE_FIRES_H

#include "base/word_set.h"
#include "base/words.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* Is it known that changing rows of this relation fires nothing that locks more than rows, including foreign keys and
 * partitions? Queried once for each relation. */
bool fires_no_more_than_rows(struct arena *arena, struct questions *questions, struct relation *relation);

/* What the plan creates that fires something; start with {.arena, .questions, .world}; the arena is the request's. */
struct fires {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct word_set steady; /* functions of the plan that lock no more than rows */
    struct word_set others; /* functions of the plan for which that is not known */
    struct word_set asked;  /* functions of the database that were queried */
    struct words firing;    /* tables of the database with triggers or the like */
    bool knows_firing;      /* `firing` was queried */
};

/* Records the triggers and functions that a statement creates, and which table it makes a partition or child of
 * another: what one fires, a change of the other may fire. Call it after the world was told about the statement. */
void fires_note(struct fires *fires, struct text statement);

/* Does the statement change rows of a relation that the plan creates, and for which it is not known what that fires? */
bool fires_changed(struct fires *fires, struct text statement);

#endif
