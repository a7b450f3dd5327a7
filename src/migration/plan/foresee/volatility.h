/*
 * Which functions and operators may give another value for each row: the default of a new column that calls one is
 * computed row by row, and the table is rewritten.
 */
#ifndef MIGRATION_PLAN_FORESEE_VOLATILITY_H
#define MIGRATION_PLAN_FORESEE_VOLATILITY_H

#include "base/word_set.h"
#include "migration/plan/foresee/questions.h"

/* Start with {.arena, .questions} at a plan's beginning; the arena is the request's. */
struct volatility {
    struct arena *arena;
    struct questions *questions;
    struct word_set made; /* functions and operators of the plan; see volatility.c */
};

/* May one of this name? schema NULL: in any. True if none is known. */
bool volatility_may(struct volatility *volatility, const char *schema, const char *name);

/* Records CREATE and ALTER FUNCTION, and CREATE OPERATOR. */
void volatility_note(struct volatility *volatility, struct text statement);

#endif
