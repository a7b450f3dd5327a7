/*
 * A CHECK as the catalogs keep it: pg_constraint.conbin, a tree of nodes as text, the same in PostgreSQL 13 to 18. It
 * is read instead of what pg_get_expr() would write, which waits for whoever keeps the table for himself.
 */
#ifndef MIGRATION_PLAN_FORESEE_CHECK_TREE_H
#define MIGRATION_PLAN_FORESEE_CHECK_TREE_H

#include <stdbool.h>

/* Does no row pass this CHECK with NULL in the column (no composite one)? Only where "column IS NOT NULL" is all of it
 * or a part of its outermost AND, as PostgreSQL itself looks at it (ConstraintImpliedByRelConstraint). column: its
 * pg_attribute.attnum, as text. */
bool check_tree_proves(const char *tree, const char *column);

#endif
