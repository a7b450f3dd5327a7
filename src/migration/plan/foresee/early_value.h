/*
 * A value of an enum that is used in the transaction that has added it: PostgreSQL refuses that (55P04), since 17 but
 * for a type that the transaction has made, too. Told only of a string that is certainly read as such a value when the
 * statement is: cast to the type, compared with or written to a column of it.
 */
#ifndef MIGRATION_PLAN_FORESEE_EARLY_VALUE_H
#define MIGRATION_PLAN_FORESEE_EARLY_VALUE_H

#include "base/word_set.h"
#include "base/words.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"
#include "sql/effects.h"

/* What is followed through a plan; {.lasting, .questions, .world} at its beginning. */
struct early_values {
    struct arena *arena;   /* of the migration's reading; set at its beginning, with values and types empty */
    struct arena *lasting; /* the request's */
    struct questions *questions;
    struct world *world;
    /* Of the step: enum values that it has added, each behind its type, and the types that it has made. */
    struct words values;
    struct words types;
    struct word_set added; /* the values that the plan has added, each behind its type and a space */
};

/* A step begins. */
void early_value_step(struct early_values *early);

/* Why the statement fails by that; NULL: it does not, as far as is known. Notes the values and types that it adds. */
const char *early_value_why(struct early_values *early, struct text statement, const struct sql_effects *effects);

#endif
