/*
 * Which event triggers run at a statement: they may refuse it, and lock what it does not name.
 */
#ifndef MIGRATION_PLAN_FORESEE_HEARD_H
#define MIGRATION_PLAN_FORESEE_HEARD_H

#include "migration/plan/foresee/fires.h"
#include "sql/effects.h"

struct heard_one;

/* Start with {.arena, .fires} at a plan's beginning; the arena is the request's. */
struct heard {
    struct arena *arena;
    struct fires *fires;
    struct heard_one *items; /* of the database, and those that the plan makes */
    size_t count;
    size_t capacity;
    bool was_asked; /* the database was queried */
};

/* Adds to the effects' advice each event trigger that runs at this statement and may refuse it, or lock something;
 * makes them `unknown` in the latter case. Then records the event triggers that the statement makes, changes or drops,
 * unless it is undone. */
void heard_statement(struct heard *heard, struct text statement, bool is_undone, struct sql_effects *effects);

#endif
