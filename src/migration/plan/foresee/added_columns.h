/*
 * The columns that a plan has added to tables that are there, as added.c has recorded them.
 */
#ifndef MIGRATION_PLAN_FORESEE_ADDED_COLUMNS_H
#define MIGRATION_PLAN_FORESEE_ADDED_COLUMNS_H

#include "migration/plan/foresee/needs.h"

/* A column; the strings are the needs'. */
struct needs_added {
    const struct relation *relation;
    const char *column;
    const char *value; /* an expression over the table's other columns, of the column's type */
};

/* The column of this name that the plan has added to the relation; NULL: none, or its value is not known. */
const struct needs_added *added_find(const struct needs *needs, const struct relation *relation, struct text column);

/* The table with those of these columns (separated by the character 31) that the plan has added. */
const char *added_over(const struct needs *needs, const struct relation *relation, const char *table,
                       const char *columns);

#endif
