/*
 * Which statements change who may do what, so that a right that is missing now may be there when its turn comes.
 */
#ifndef MIGRATION_PLAN_CHECK_RIGHTS_H
#define MIGRATION_PLAN_CHECK_RIGHTS_H

#include "base/text.h"

/* May the statement change what a role may do: GRANT, REVOKE, an owner, a role? What it calls is not looked at. */
bool rights_change(struct text statement);

#endif
