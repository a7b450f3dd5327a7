/*
 * Which statements change rights, so that a right that is missing now may be there when a later statement needs it.
 */
#ifndef MIGRATION_PLAN_CHECK_RIGHTS_H
#define MIGRATION_PLAN_CHECK_RIGHTS_H

#include "base/text.h"

/* May the statement change what a role is allowed to do: GRANT, REVOKE, an owner, a role? Functions that it calls are
 * not examined. */
bool rights_change(struct text statement);

#endif
