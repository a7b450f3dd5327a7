/*
 * What a statement needs and nobody has made, and what stands in its way although it does not name it: views and
 * foreign keys on what it drops, empties or gives another type. Asked of the catalogs; of a name that a statement
 * before has so much as mentioned nothing is said.
 */
#ifndef MIGRATION_PLAN_NEEDS_H
#define MIGRATION_PLAN_NEEDS_H

#include "base/word_set.h"
#include "migration/plan/world.h"
#include "pg/session.h"

/* {.arena, .session, .world} at a plan's beginning; the arena is the request's. */
struct needs {
    struct arena *arena;
    struct pg_session *session;
    struct world *world;
    struct word_set mentioned; /* names, by the statements before */
    struct word_set there;     /* what was asked for, and is there */
    size_t asked;
};

/* Why the statement fails; NULL: nothing is known against it. Asked before the world knows what it does. own_schema: of
 * the tracking table, which the run makes before; NULL: none. */
const char *needs_why(struct needs *needs, struct text statement, const struct sql_effects *effects,
                      const char *own_schema);

/* Has a statement before mentioned the name? */
bool needs_mentioned(const struct needs *needs, const char *name);

/* Notes what the statement mentions, where it makes, changes or takes away something. */
void needs_note(struct needs *needs, struct text statement);

#endif
