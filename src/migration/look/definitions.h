/*
 * Compares an existing object with what a script would create. Definitions are compared by their words, without what
 * PostgreSQL omits or adds when it prints them (schemas, USING btree, casts, parentheses). Works on text only; schema.c
 * queries the catalogs.
 */
#ifndef MIGRATION_LOOK_DEFINITIONS_H
#define MIGRATION_LOOK_DEFINITIONS_H

#include "base/arena.h"
#include "base/text.h"
#include "migration/look/definition_words.h"
#include "sql/classify.h"

#include <stdbool.h>

/* Compares what the statement creates with `existing`, the server's definition: the result of pg_get_indexdef,
 * pg_get_constraintdef, pg_get_triggerdef or pg_get_viewdef; a function's source; an enum's labels as 'a', 'b'. For
 * tables and columns see definition_columns.h. */
enum definition_match definition_compare(struct arena *arena, const struct sql_object *object, struct text statement,
                                         const char *existing);

/* The same for a constraint in a table's list: what follows its name, as "UNIQUE (a, b)", and pg_get_constraintdef. */
enum definition_match definition_compare_clause(struct arena *arena, struct text clause, const char *existing);

/* Does the statement itself leave its object not valid (NOT VALID) or empty (WITH NO DATA)? */
bool definition_is_unfinished(const struct sql_object *object, struct text statement);

#endif
