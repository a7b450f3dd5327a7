#include "migration/plan/foresee/schemas.h"

#include <string.h>

struct schemas_item {
    const char *name; /* as the plan calls it */
    const char *before;
};

const char *schemas_before(const struct schemas *schemas, const char *name)
{
    for (size_t i = schemas->count; i-- > 0;) {
        if (strcmp(schemas->items[i].name, name) == 0) {
            return schemas->items[i].before;
        }
    }
    return name;
}

static void add(struct schemas *schemas, const char *name, const char *before)
{
    schemas->items =
        arena_grow(schemas->arena, schemas->items, schemas->count, &schemas->capacity, sizeof *schemas->items);
    schemas->items[schemas->count++] = (struct schemas_item){arena_strdup(schemas->arena, name), before};
}

/* The old name is free afterwards: a new schema of that name gets an identification that no schema in the catalogs
 * has. */
void schemas_rename(struct schemas *schemas, struct undo *undo, const char *name, const char *to)
{
    const char *const before = arena_strdup(schemas->arena, schemas_before(schemas, name));
    undo_remember(undo, &schemas->count, sizeof schemas->count);
    add(schemas, name, arena_printf(schemas->arena, "\x1e%zu %s", schemas->count, name));
    add(schemas, to, before);
}
