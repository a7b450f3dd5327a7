/*
 * The types of columns while a plan is read: what the catalogs say, and what earlier statements have added, renamed and
 * changed.
 */
#ifndef MIGRATION_PLAN_FORESEE_COLUMNS_H
#define MIGRATION_PLAN_FORESEE_COLUMNS_H

#include "base/word_set.h"
#include "migration/plan/foresee/questions.h"
#include "migration/plan/foresee/world.h"

/* Start with {.arena, .questions, .world}; the arena is the request's. */
struct columns {
    struct arena *arena;
    struct questions *questions;
    struct world *world;
    struct word_set numbers; /* of changed columns in `changed`, from 1 */
    struct changed_column *changed;
    size_t count;
    size_t capacity;
};

/* The column's type by format_type(); NULL: not known, or no built-in type that the plan has given it. *base: a
 * domain's base type, else NULL. */
const char *columns_type(struct columns *columns, const char *schema, const char *table, const char *column,
                         const char **base);

/* The name that the column had before the plan; NULL: the plan has made it. */
const char *columns_was(const struct columns *columns, const struct relation *relation, const char *column);

/* Records the changes of a statement. */
void columns_note(struct columns *columns, const struct sql_effects *effects);

#endif
