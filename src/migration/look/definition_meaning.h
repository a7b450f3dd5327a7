/*
 * Decides whether definitions with equal words also mean the same: words say nothing about parentheses, schemas and
 * casts, and "(a OR b) AND c" has those of "a OR (b AND c)".
 */
#ifndef MIGRATION_LOOK_DEFINITION_MEANING_H
#define MIGRATION_LOOK_DEFINITION_MEANING_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/classify.h"

#include <stdbool.h>

/* existing: as in definitions.h. Returns false also if that is not known. For kinds that consist of words only (enums,
 * sequences) and for functions it is true; functions have definition_function_same. */
bool definition_means_the_same(struct arena *arena, const struct sql_object *object, struct text statement,
                               const char *existing);

/* Has a function the script's parameters and result, and each option that the script gives? existing: by
 * pg_get_functiondef; NULL: not known. */
bool definition_function_same(struct arena *arena, struct text statement, const char *existing);

/* The words of two constraints are equal, as after ADD CONSTRAINT name: are the constraints? */
bool definition_clause_same(struct arena *arena, struct text clause, const char *existing);

/* Are they surely another one: a constraint as after ADD CONSTRAINT name, an index's statement, and an expression of a
 * type whose strings the server prints as they are, or not? */
bool definition_clause_differs(struct arena *arena, struct text clause, const char *existing);
bool definition_index_differs(struct arena *arena, struct text statement, const char *existing);
bool definition_expression_differs(struct arena *arena, struct text script, const char *existing,
                                   bool strings_are_exact);

/* The words of two expressions are equal: are the expressions? */
bool definition_expression_same(struct arena *arena, struct text script, const char *existing);

/* The part of an ALTER TABLE … ADD CONSTRAINT name … after the name, up to the end of this action; empty: not found. */
struct text definition_constraint(struct arena *arena, const struct sql_object *object, struct text statement);

#endif
