/*
 * Whether an object that exists is what a script would make. Definitions are compared by their words, without what
 * PostgreSQL leaves out or adds when it prints its own (schemas, USING btree, casts, parentheses). Pure text: the
 * catalogs are schema.c's.
 */
#ifndef MIGRATION_LOOK_DEFINITIONS_H
#define MIGRATION_LOOK_DEFINITIONS_H

#include "base/arena.h"
#include "base/text.h"
#include "migration/look/definition_words.h"
#include "sql/classify.h"

#include <stdbool.h>

/* How what the statement makes compares with `existing`, as the server prints it: pg_get_indexdef,
 * pg_get_constraintdef, pg_get_triggerdef, pg_get_viewdef; a function's source; an enum's labels as 'a', 'b'. Tables
 * and columns are compared column by column: see definition_columns.h. */
enum definition_match definition_compare(struct arena *arena, const struct sql_object *object, struct text statement,
                                         const char *existing);

/* True where the statement says itself that what it makes is not valid yet (NOT VALID), or empty (WITH NO DATA). */
bool definition_is_unfinished(const struct sql_object *object, struct text statement);

#endif
