/*
 * Which rights a statement needs on the relations that it names, and which statements change rights, so that one that
 * is missing now may be there when a later statement needs it.
 */
#ifndef MIGRATION_PLAN_CHECK_RIGHTS_H
#define MIGRATION_PLAN_CHECK_RIGHTS_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/effects.h"

#include <stdbool.h>
#include <stddef.h>

/* The words at the beginning of the statement, in lower case, each with a space behind it, up to the first token that
 * is no word. Left out are comments, and what changes no right that is asked for here: OR REPLACE, TEMPORARY,
 * UNLOGGED, RECURSIVE. Behind "create table " and "create materialized view " it ends in "no data " if the statement
 * does. */
const char *rights_words(struct arena *arena, struct text statement);

/* There is a table of rights: is this an index of it? */
bool rights_may_be_needed(size_t index);

/* The right that the statement with these words needs on this relation by this row of the table: a privilege, several
 * with a comma of which one suffices, or OWNER, DROP, MAINTAIN. NULL: none. */
const char *rights_needed(size_t index, const char *words, const struct sql_relation_lock *lock);

/* May the statement change what a role is allowed to do: GRANT, REVOKE, an owner, a role? Functions that it calls are
 * not examined. */
bool rights_change(struct text statement);

#endif
