/*
 * Reads a plan for view.c, statement by statement.
 */
#ifndef MIGRATION_PLAN_EXPLAINING_H
#define MIGRATION_PLAN_EXPLAINING_H

#include "migration/plan/reading.h"

/* Begins a reading. Only the request, the session, the questions and the explanation need be there; is_large: of many
 * statements. */
void explaining_begin(struct explaining *explaining, const struct preparation *preparation, bool is_large);

/* What the next statement does, in the step and the script that are current. read->start and read->end are set. */
void explaining_statement(struct explaining *explaining, struct text statement, struct explained_statement *read);

#endif
