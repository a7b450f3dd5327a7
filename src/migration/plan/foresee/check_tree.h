/*
 * A CHECK constraint as the catalogs store it: pg_constraint.conbin, a node tree as text, the same in PostgreSQL 13 to
 * 18. We read it because pg_get_expr() would wait for an exclusive lock on the table.
 */
#ifndef MIGRATION_PLAN_FORESEE_CHECK_TREE_H
#define MIGRATION_PLAN_FORESEE_CHECK_TREE_H

#include <stdbool.h>

/* Does this CHECK reject every row with NULL in the column (which is not composite)? Only if "column IS NOT NULL" is
 * the whole CHECK or a part of its outermost AND, as in PostgreSQL (ConstraintImpliedByRelConstraint). column: its
 * attnum as text. */
bool check_tree_proves(const char *tree, const char *column);

#endif
