/*
 * Objects that prevent a statement without being named in it: what depends on something that it drops, what uses a
 * column whose type it changes, which foreign keys reference a table that it truncates.
 */
#ifndef MIGRATION_PLAN_FORESEE_DEPENDENTS_H
#define MIGRATION_PLAN_FORESEE_DEPENDENTS_H

#include "migration/plan/foresee/needs.h"

/* Returns why what the statement drops cannot be dropped; NULL: nothing known. of: the relation that it is, or is a
 * part of; NULL: none. found: the rows of needed_kind()'s query; NULL for a relation. */
const char *dependents_of(struct needs *needs, struct text statement, const struct sql_need *need,
                          const struct relation *of, const PGresult *found);

/* The same for a column that gets another type, and for a table that is truncated. */
const char *dependents_reached(struct needs *needs, struct text statement, const struct sql_reach *reach);

#endif
