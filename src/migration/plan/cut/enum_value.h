/*
 * A new value of an enum cannot be used before it is committed (55P04): is it used in the rest of a script?
 */
#ifndef MIGRATION_PLAN_CUT_ENUM_VALUE_H
#define MIGRATION_PLAN_CUT_ENUM_VALUE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* The value that ALTER TYPE … ADD VALUE adds, as it is written inside quotes; NULL for other statements. */
const char *enum_value_added(struct arena *arena, struct text statement);

/* Is it in a string of the statement: 'value', '{value,other}', or the body of a function? Or does it ask for all
 * values of a type (enum_range)? */
bool enum_value_is_used(struct text statement, const char *value);

#endif
