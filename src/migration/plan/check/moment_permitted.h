/*
 * Asks the server for the rights of a plan (permits.h): one query for each kind of thing, whatever the number of
 * statements.
 */
#ifndef MIGRATION_PLAN_CHECK_MOMENT_PERMITTED_H
#define MIGRATION_PLAN_CHECK_MOMENT_PERMITTED_H

#include "migration/plan/check/moment.h"

/* Adds a warning for each right that is missing. With moment->only_known those are left out that an earlier statement
 * of the plan may give. */
void permitted_check(const struct moment *moment, const struct permits *permits);

/* Notes where a GRANT or REVOKE would do nothing, for which PostgreSQL has only a warning. */
void permitted_note(const struct moment *noting, const struct permits *permits);

/* Adds a note if some statement runs what is not known, so that neither is whether the role may do that. */
void permitted_note_opaque(const struct moment *noting, const struct explanation *explanation);

#endif
