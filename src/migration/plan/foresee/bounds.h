/*
 * Bounds of partitions, held against each other as the server reads them: '2024-01-01', DATE '2024-01-01' and
 * '20240101'::date are one. Of keys whose types have no order of their own, of expressions, and of what the session's
 * time zone decides, nothing is said.
 */
#ifndef MIGRATION_PLAN_FORESEE_BOUNDS_H
#define MIGRATION_PLAN_FORESEE_BOUNDS_H

#include "migration/plan/foresee/needs.h"

enum bounds_match { BOUNDS_UNKNOWN, BOUNDS_SAME, BOUNDS_OTHER };

/* Is what is said the bound that is there, of a partition of this table? there: as pg_get_expr() writes it. */
enum bounds_match bounds_match(struct arena *arena, struct questions *questions, uint32_t parent,
                               const struct sql_bound *said, const char *there);

/* Why the bound that a statement says cannot be: it overlaps that of a partition that is there, or is empty. NULL:
 * nothing is known against it. */
const char *bounds_why(struct needs *needs, const struct sql_effects *effects);

#endif
