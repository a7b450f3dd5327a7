/*
 * Which statements of a script are content with what is there already, by their words, and where names without a schema
 * are made as the script goes on.
 */
#ifndef MIGRATION_PLAN_PASSING_H
#define MIGRATION_PLAN_PASSING_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* CREATE of what can be there with another definition, and ALTER TABLE … ADD COLUMN, with IF NOT EXISTS. What is
 * temporary is made elsewhere. */
bool passing_says(struct text statement);

/* The kinds of relations (pg_class.relkind) that CREATE … IF NOT EXISTS makes; NULL for another statement. */
const char *passing_kinds(struct text statement);

/* Appends every ALTER TABLE … ADD CONSTRAINT, and every CREATE, inside of a DO block; nothing for other statements. */
void passing_of_block(struct arena *arena, struct text statement, struct buffer *statements);

/* Where a name without a schema is made; {.usual, .schema} at a script's beginning. */
struct passing_path {
    const char *usual;  /* schema; NULL: the first of the session's own path */
    const char *schema; /* the same as the script has set it */
    bool is_lost;       /* what the script has set is not known here */
    bool is_local;      /* … to the end of the transaction */
};

/* Follows what the statement, or what it calls or executes, makes of the search path. Strings are the arena's. */
void passing_follow(struct arena *arena, struct text statement, struct passing_path *path);

#endif
