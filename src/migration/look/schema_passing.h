/*
 * Objects of a script that are not there when it has run: it drops, renames or moves them itself. Their absence does
 * not say that it has not been run.
 */
#ifndef MIGRATION_LOOK_SCHEMA_PASSING_H
#define MIGRATION_LOOK_SCHEMA_PASSING_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/classify.h"

#include <stdbool.h>

/* Is one of the objects there when the script has run? statements: which one makes each object, pieces of the script.
 * The words of the script's statements are read: what a DO block or a function drops is not seen. */
bool schema_leaves_any(struct arena *arena, struct text script, const struct sql_objects *objects,
                       const struct text *statements);

#endif
