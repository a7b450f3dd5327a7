/*
 * The names of schemas while a plan is read. A schema is identified by its name before the plan, whatever it is renamed
 * to. One that is created under a name that was renamed away is new, and the catalogs know nothing of it.
 */
#ifndef MIGRATION_PLAN_FORESEE_SCHEMAS_H
#define MIGRATION_PLAN_FORESEE_SCHEMAS_H

#include "base/arena.h"
#include "migration/plan/foresee/undo.h"

struct schemas_item;

/* Start with {.arena} at a plan's beginning. */
struct schemas {
    struct arena *arena;
    struct schemas_item *items; /* newest last */
    size_t count;
    size_t capacity;
};

/* The name that this schema had before the plan. Borrowed: `name` itself, or the arena's. */
const char *schemas_before(const struct schemas *schemas, const char *name);

/* Records a rename by the plan, which a savepoint may undo. */
void schemas_rename(struct schemas *schemas, struct undo *undo, const char *name, const char *to);

#endif
