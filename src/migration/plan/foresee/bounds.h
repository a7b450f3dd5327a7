/*
 * Compares partition bounds as the server reads them: '2024-01-01', DATE '2024-01-01' and '20240101'::date are equal.
 * Expressions, key types without a known order, and values that depend on the session's time zone are not judged.
 */
#ifndef MIGRATION_PLAN_FORESEE_BOUNDS_H
#define MIGRATION_PLAN_FORESEE_BOUNDS_H

#include "migration/plan/foresee/needs.h"

enum bounds_match { BOUNDS_UNKNOWN, BOUNDS_SAME, BOUNDS_OTHER };

/* Compares the stated bound with an existing one (`there`, by pg_get_expr()) of a partition of the table `parent` (its
 * oid). */
enum bounds_match bounds_match(struct arena *arena, struct questions *questions, uint32_t parent,
                               const struct sql_bound *said, const char *there);

/* Returns why a bound in a statement is impossible: it overlaps an existing partition's, or is empty. NULL: nothing
 * known. */
const char *bounds_why(struct needs *needs, const struct sql_effects *effects);

#endif
