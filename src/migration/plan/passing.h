/*
 * Which statements of a script accept, by their words, what already exists; and in which schema unqualified names are
 * created as the script goes on.
 */
#ifndef MIGRATION_PLAN_PASSING_H
#define MIGRATION_PLAN_PASSING_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* Is it a CREATE … IF NOT EXISTS of something that may exist with another definition, or ALTER TABLE … ADD COLUMN IF
 * NOT EXISTS? Temporary objects do not count: they are created elsewhere. */
bool passing_says(struct text statement);

/* The kinds of relations (pg_class.relkind) that a CREATE … IF NOT EXISTS creates; NULL for other statements. */
const char *passing_kinds(struct text statement);

/* Appends every ALTER TABLE … ADD CONSTRAINT and every CREATE inside a DO block; nothing for other statements. */
void passing_of_block(struct arena *arena, struct text statement, struct buffer *statements);

/* Where an unqualified name is created; start with {.usual, .schema} at a script's beginning. */
struct passing_path {
    const char *usual;  /* the schema at the beginning; NULL: the first of the session's own path */
    const char *schema; /* the schema now, as the script has set it */
    bool is_lost;       /* the script has set it to something unknown */
    bool is_local;      /* only until the end of the transaction */
};

/* Follows what the statement, or what it calls or executes, does to the search path. Strings are the arena's. */
void passing_follow(struct arena *arena, struct text statement, struct passing_path *path);

#endif
