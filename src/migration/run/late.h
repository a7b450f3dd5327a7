/*
 * What a mark does to the migrations before it that are pending: they are out of order from then on.
 */
#ifndef MIGRATION_RUN_LATE_H
#define MIGRATION_RUN_LATE_H

#include "migration/look/catalog.h"

/* A sentence or more for the user, in the arena, about `chosen` (in the order of the files), which are recorded as
 * applied: which earlier ones stay pending, what runs them still, and how the mark is undone. NULL: there are none. */
const char *late_warning(struct arena *arena, const struct catalog *catalog, const struct catalog_item *const *chosen,
                         size_t count);

/* How a record of an applied migration is taken back, by hand. */
const char *late_undo(struct arena *arena, const struct catalog *catalog);

#endif
