/*
 * Who stands in a statement's way although it does not name them: what depends on what it drops, what uses a column
 * that gets another type, which foreign keys refer to a table that it empties.
 */
#ifndef MIGRATION_PLAN_FORESEE_DEPENDENTS_H
#define MIGRATION_PLAN_FORESEE_DEPENDENTS_H

#include "migration/plan/foresee/needs.h"

/* Why what the statement drops cannot go; NULL: nothing is known against it. of: the relation that it is a part of, or
 * is itself; NULL: it is none. found: its rows, as needed_kind() gives them; NULL for a relation. */
const char *dependents_of(struct needs *needs, struct text statement, const struct sql_need *need,
                          const struct relation *of, const PGresult *found);

/* The same of a column with another type, and of a table that is emptied. */
const char *dependents_reached(struct needs *needs, struct text statement, const struct sql_reach *reach);

#endif
