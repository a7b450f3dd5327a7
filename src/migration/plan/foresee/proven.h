/*
 * Which columns are known to contain no NULL, so that SET NOT NULL and ADD PRIMARY KEY USING INDEX need no scan: from
 * the catalogs before the plan, and from what its statements add, validate and drop. If it is not certain, it counts as
 * not known.
 */
#ifndef MIGRATION_PLAN_FORESEE_PROVEN_H
#define MIGRATION_PLAN_FORESEE_PROVEN_H

#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* Start with {.arena, .questions, .world} at a plan's beginning; the arena is the request's. */
struct proven {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct proven_item *items;
    size_t count;
    size_t capacity;
    bool is_lost; /* what the catalogs said may no longer be true */
};

/* Is the column known to contain no NULL? schema may be NULL. */
bool proven_never_null(struct proven *proven, const char *schema, const char *table, const char *column);

/* Are all columns of this index, which the plan has not created, known to contain none? */
bool proven_index(struct proven *proven, const char *schema, const char *table, const char *index);

/* Records what the statement adds and drops. Call it after the world was told about the statement. */
void proven_note(struct proven *proven, struct text statement, const struct sql_effects *effects);

#endif
