/*
 * What a change of rows fires, and what reading them runs: triggers, rules, and what defaults, CHECKs and views call,
 * whose functions may lock more than rows.
 */
#ifndef MIGRATION_PLAN_FORESEE_FIRES_H
#define MIGRATION_PLAN_FORESEE_FIRES_H

#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/steady.h"
#include "migration/plan/foresee/switched.h"
#include "migration/plan/foresee/world.h"

#define FIRES_MOST_FOLLOWED 500 /* relations behind one: views over views, keys behind keys, of the plan */

/* What the plan creates that fires something. */
struct fires {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct steady steady;
    struct words domains; /* of the plan, with a CHECK or default that may lock more than rows */
    struct switched switched;
    bool has_unknown; /* an earlier statement may have done anything */
};

/* Call it at a plan's beginning. The arguments must live longer than the result; the arena is the request's. */
struct fires fires_begin(struct arena *arena, struct questions *questions, struct world *world);

/* Is a function, an operator, or a cast ("::" and its type) of this name known to lock no more than rows? */
bool fires_calls_quietly(struct fires *fires, const char *schema, const char *name);

/* Makes the effects `unknown` if changing, or reading, rows of this relation in this way runs what may lock more than
 * rows: triggers and rules, also through foreign keys, partitions and what the plan has made of it; functions that
 * defaults, CHECKs and views call. Not for EXPLAIN, which runs nothing. */
void fires_by_rows(struct fires *fires, struct relation *relation, const struct sql_touch *touch,
                   struct sql_effects *effects);

/* The same for a REFRESH of this materialized view, which runs its query. */
void fires_by_refresh(struct fires *fires, const struct relation *relation, struct sql_effects *effects);

/* Makes the effects `unknown` if the statement makes values of a domain that calls what may lock more than rows. */
void fires_by_types(struct fires *fires, struct sql_effects *effects);

/* Records the triggers, functions and expressions that a statement creates, and which table it makes a partition or
 * child of another: what one fires, a change of the other may fire. Call it after the world was told about the
 * statement. */
void fires_note(struct fires *fires, struct text statement, const struct sql_effects *effects);

#endif
