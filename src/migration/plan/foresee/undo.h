/*
 * What a savepoint of a script undoes while its plan is read: every value that was changed behind it, as it was.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNDO_H
#define MIGRATION_PLAN_FORESEE_UNDO_H

#include "base/arena.h"
#include "base/text.h"

#include <stddef.h>

struct undo_change;
struct undo_savepoint;

/* {0} with an arena: there is no savepoint. */
struct undo {
    struct arena *arena;
    struct undo_change *changes; /* the newest last */
    size_t count;
    size_t capacity;
    struct undo_savepoint *savepoints; /* the newest last */
    size_t savepoint_count;
    size_t savepoint_capacity;
};

/* To be called before `size` bytes at `at`, 8 at most, are changed. Nothing where there is no savepoint. */
void undo_remember(struct undo *undo, void *at, size_t size);

/* Follows SAVEPOINT, ROLLBACK TO and RELEASE; what begins or ends a transaction forgets them all. */
void undo_statement(struct undo *undo, struct text statement);

#endif
