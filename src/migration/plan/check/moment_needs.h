/*
 * What the statements of a plan need: locks that others have, rights that the role lacks, things that the server has
 * not.
 */
#ifndef MIGRATION_PLAN_CHECK_MOMENT_NEEDS_H
#define MIGRATION_PLAN_CHECK_MOMENT_NEEDS_H

#include "migration/plan/check/moment.h"

/* Adds what is missing to the moment's warnings, and what cannot be known to its notes. */
void needs_check(const struct moment *moment, const struct explanation *explanation);

/* Adds what the role lacks. */
void needs_check_rights(const struct moment *moment, const struct explanation *explanation);

#endif
