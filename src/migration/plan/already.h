/*
 * What a statement makes and the database has already: CREATE TABLE of a table that is there (SQLSTATE 42P07), a column
 * (42701), a type, a constraint, a schema (42710, 42P06). Found before a run, which would fail at it.
 */
#ifndef MIGRATION_PLAN_ALREADY_H
#define MIGRATION_PLAN_ALREADY_H

#include "base/words.h"
#include "migration/plan/world.h"

/* What the statements before may have taken away; {0} at a plan's beginning. */
struct already {
    struct words handled; /* names in statements that drop or rename */
    bool has_cascaded;    /* and what went with them is not known by name */
};

struct already_search {
    const struct request *request;
    struct pg_session *session;
    struct world *world;
    struct already *already;
};

/* Why the statement fails; NULL: nothing is known to be in its way. Asked of each statement of a plan in its order,
 * before the world knows what it does. */
const char *already_there(const struct already_search *search, struct text statement,
                          const struct sql_effects *effects);

#endif
