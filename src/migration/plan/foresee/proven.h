/*
 * Of which columns it is known that no row has NULL in them, so that SET NOT NULL and ADD PRIMARY KEY USING INDEX read
 * nothing: by the catalogs as they are before the plan, and by what its statements add, validate and take away. Where
 * it is not certain, it is not known.
 */
#ifndef MIGRATION_PLAN_FORESEE_PROVEN_H
#define MIGRATION_PLAN_FORESEE_PROVEN_H

#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* {.arena, .questions, .world} at a plan's beginning; the arena is the request's. */
struct proven {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct proven_item *items;
    size_t count;
    size_t capacity;
    bool is_lost; /* what the catalogs said need not be so any more */
};

/* Is it known of this column? schema may be NULL. */
bool proven_never_null(struct proven *proven, const char *schema, const char *table, const char *column);

/* Is it known of all columns of this index of the table, which the plan has not made? */
bool proven_index(struct proven *proven, const char *schema, const char *table, const char *index);

/* Notes what the statement, of these effects, adds and takes away. Called when the world knows what it has done. */
void proven_note(struct proven *proven, struct text statement, const struct sql_effects *effects);

#endif
