/*
 * What a savepoint undoes while a script's plan is read: remembers every value that is changed after the savepoint.
 */
#ifndef MIGRATION_PLAN_FORESEE_UNDO_H
#define MIGRATION_PLAN_FORESEE_UNDO_H

#include "base/arena.h"
#include "base/text.h"

#include <stddef.h>

struct undo_change;
struct undo_savepoint;

/* Start with {0} and an arena: no savepoint. */
struct undo {
    struct arena *arena;
    struct undo_change *changes; /* newest last */
    size_t count;
    size_t capacity;
    struct undo_savepoint *savepoints; /* newest last */
    size_t savepoint_count;
    size_t savepoint_capacity;
};

/* Call it before `size` bytes at `at` (8 at most) are changed. Does nothing outside a savepoint. */
void undo_remember(struct undo *undo, void *at, size_t size);

/* Follows SAVEPOINT, ROLLBACK TO and RELEASE; statements that begin or end a transaction discard all savepoints. */
void undo_statement(struct undo *undo, struct text statement);

#endif
