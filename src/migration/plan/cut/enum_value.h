/*
 * A new enum value cannot be used before it is committed (55P04). Is it used in the rest of a script?
 */
#ifndef MIGRATION_PLAN_CUT_ENUM_VALUE_H
#define MIGRATION_PLAN_CUT_ENUM_VALUE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* The value that ALTER TYPE … ADD VALUE adds, as written inside the quotes; NULL for other statements. */
const char *enum_value_added(struct arena *arena, struct text statement);

/* Does the value occur in a string of the statement ('value', '{value,other}', the body of a function), or does the
 * statement ask for all values of a type (enum_range)? */
bool enum_value_is_used(struct text statement, const char *value);

#endif
