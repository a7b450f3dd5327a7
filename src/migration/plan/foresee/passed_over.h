/*
 * What CREATE … IF NOT EXISTS is content with although it is another: a materialized view or a table with other columns
 * than the query gives, a partition of another table or with another bound.
 */
#ifndef MIGRATION_PLAN_FORESEE_PASSED_OVER_H
#define MIGRATION_PLAN_FORESEE_PASSED_OVER_H

#include "base/arena.h"
#include "base/text.h"
#include "pg/session.h"

/* {0}: nothing is there, or what is cannot be compared here. */
struct passed_over {
    const char *difference; /* a sentence about what is otherwise there; NULL: nothing that is certain */
    bool is_same;           /* a partition by the same bound */
};

/* schema: where a name without one is made; NULL: in the first of the search path. */
struct passed_over passed_over_judge(struct arena *arena, struct pg_session *session, const char *schema,
                                     struct text statement);

#endif
