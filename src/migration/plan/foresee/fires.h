/*
 * What a change of rows fires: triggers, whose functions may lock more than rows.
 */
#ifndef MIGRATION_PLAN_FORESEE_FIRES_H
#define MIGRATION_PLAN_FORESEE_FIRES_H

#include "base/word_set.h"
#include "base/words.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* Is it known that what a change of this relation's rows fires, by foreign keys and in partitions, too, locks no more
 * than rows? Asked once of each relation. */
bool fires_no_more_than_rows(struct arena *arena, struct questions *questions, struct relation *relation);

/* What a plan makes that fires something: {.arena, .questions, .world} at its beginning; the arena is the request's. */
struct fires {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct word_set steady; /* functions that it makes, and that lock no more than rows */
    struct word_set others; /* those of which that is not known */
    struct word_set asked;  /* those of the database that were asked for: STEADY or not */
    struct words firing;    /* tables of the database of which a change fires something */
    bool knows_firing;      /* they were asked for */
};

/* Notes the triggers and functions that a statement of the plan makes, and which table it makes another's partition or
 * child: what one fires, a change of the other may fire. Called when the world knows what the statement has made. */
void fires_note(struct fires *fires, struct text statement);

/* Does the statement change rows of a relation that the plan makes itself, and of which is not known what that fires?
 */
bool fires_changed(struct fires *fires, struct text statement);

#endif
