/*
 * What the statements of a plan need: locks that other sessions hold, rights that the role lacks, things that the
 * server does not have.
 */
#ifndef MIGRATION_PLAN_CHECK_MOMENT_NEEDS_H
#define MIGRATION_PLAN_CHECK_MOMENT_NEEDS_H

#include "migration/plan/check/moment.h"

/* Adds what is missing to the warnings, and what cannot be found out to the notes. */
void needs_check(const struct moment *moment, const struct explanation *explanation);

/* Adds the rights that the role lacks. */
void needs_check_rights(const struct moment *moment, const struct explanation *explanation);

#endif
