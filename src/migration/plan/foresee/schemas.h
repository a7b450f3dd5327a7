/*
 * The names of schemas while a plan is read. A schema is known by the name that it has before the plan, whatever it is
 * called by now; one that comes to stand where another was renamed away is a new one, of which the catalogs know
 * nothing.
 */
#ifndef MIGRATION_PLAN_FORESEE_SCHEMAS_H
#define MIGRATION_PLAN_FORESEE_SCHEMAS_H

#include "base/arena.h"
#include "migration/plan/foresee/undo.h"

struct schemas_item;

/* {.arena} at a plan's beginning. */
struct schemas {
    struct arena *arena;
    struct schemas_item *items; /* the newest last */
    size_t count;
    size_t capacity;
};

/* What the schema of this name was called before the plan. Borrowed: name itself, or the arena's. */
const char *schemas_before(const struct schemas *schemas, const char *name);

/* The plan gives it another name. A savepoint may undo it. */
void schemas_rename(struct schemas *schemas, struct undo *undo, const char *name, const char *to);

#endif
