/*
 * The rows of a table of the plan, held against one of its demands.
 */
#ifndef MIGRATION_PLAN_FORESEE_MADE_RULES_H
#define MIGRATION_PLAN_FORESEE_MADE_RULES_H

#include "migration/plan/foresee/made_table.h"

/* Rows that are held against a demand: those from `from` on are the statement's. */
struct holding {
    struct needs *needs;
    struct needs_made *made;
    size_t from;
};

/* Why they do not fulfil the table's rule with this number; NULL: they do, or that is not known. */
const char *made_rules_why(const struct holding *holding, size_t rule);

/* The statement's rows as a table, as by made_table_values(); NULL: they are not known, or there were too many looks.
 */
const char *made_rules_values(const struct holding *holding, const char *columns);

#endif
