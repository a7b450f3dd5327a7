/*
 * Does a statement fail because it names a relation that does not exist?
 */
#ifndef MIGRATION_PLAN_FORESEE_ABSENT_H
#define MIGRATION_PLAN_FORESEE_ABSENT_H

#include "base/text.h"

#include <stdbool.h>

/* Returns false for statements that may succeed without it, or may name something that PostgreSQL named by itself.
 * is_decided: an IF [NOT] EXISTS is about something else. */
bool absent_is_certain(struct text statement, bool is_decided);

#endif
