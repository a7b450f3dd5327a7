/*
 * What CREATE … IF NOT EXISTS accepts although it differs: a materialized view or table with other columns than the
 * query yields, a partition of another table or with another bound.
 */
#ifndef MIGRATION_PLAN_FORESEE_PASSED_OVER_H
#define MIGRATION_PLAN_FORESEE_PASSED_OVER_H

#include "base/arena.h"
#include "base/text.h"
#include "pg/session.h"

/* {0}: nothing exists, or it cannot be compared here. */
struct passed_over {
    const char *difference; /* a sentence about how the existing one differs; NULL: nothing certain */
    bool is_same;           /* a partition with the same bound */
};

/* schema: for an unqualified name; NULL: the first of the search path. */
struct passed_over passed_over_judge(struct arena *arena, struct pg_session *session, const char *schema,
                                     struct text statement);

#endif
