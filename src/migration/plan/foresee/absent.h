/*
 * Whether a statement that names a relation which nobody has made fails by that.
 */
#ifndef MIGRATION_PLAN_FORESEE_ABSENT_H
#define MIGRATION_PLAN_FORESEE_ABSENT_H

#include "base/text.h"

#include <stdbool.h>

/* False for what may be content without it, or may name what PostgreSQL has given a name. */
bool absent_is_certain(struct text statement);

#endif
