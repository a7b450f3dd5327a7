/*
 * Finds what a statement says besides what is compared. An object is never called the same because of a part that
 * nobody has compared.
 */
#ifndef MIGRATION_LOOK_DEFINITION_MORE_H
#define MIGRATION_LOOK_DEFINITION_MORE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Does the statement of a table or column contain something that is not compared? A column's type, collation, NOT NULL,
 * DEFAULT, GENERATED and constraints are, and the table's constraints. */
bool definition_says_more(struct text statement);

/* Does a CREATE SCHEMA, CREATE EXTENSION or ADD VALUE say more than a name: an owner, objects, a version, a place? */
bool definition_names_more(struct text statement);

/* Does the statement do more than create as many objects as were found in it (ADD COLUMN …, DROP COLUMN …)? */
bool definition_does_more(struct text statement, size_t objects);

/* "plain", "partitioned unlogged", "foreign": the kind of a table that the statement creates. */
const char *definition_table_kind(struct arena *arena, struct text statement);

#endif
