/*
 * An enum value that is used in the transaction that added it: PostgreSQL refuses that (55P04), except, since 17, for a
 * type created in the same transaction. Reported only for a string that is certainly read as such a value: cast to the
 * type, compared with or written to a column of it.
 */
#ifndef MIGRATION_PLAN_FORESEE_EARLY_VALUE_H
#define MIGRATION_PLAN_FORESEE_EARLY_VALUE_H

#include "base/word_set.h"
#include "base/words.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"
#include "sql/effects.h"

/* The state for one plan; start with {.lasting, .questions, .world}. */
struct early_values {
    struct arena *arena;   /* for the current migration; set, with values and types emptied, at its beginning */
    struct arena *lasting; /* the request's */
    struct questions *questions;
    struct world *world;
    /* Of the current step: the enum values that it has added, each after its type, and the types that it has
     * created. */
    struct words values;
    struct words types;
    const char *doubt;     /* of the last statement: that it may use such a value; NULL: no */
    struct word_set added; /* the values that the plan has added, each as type, space, value */
};

/* Call it at the beginning of a step. */
void early_value_step(struct early_values *early);

/* Returns why the statement fails by that; NULL: nothing known. Records the values and types that it adds. */
const char *early_value_why(struct early_values *early, struct text statement, const struct sql_effects *effects);

#endif
