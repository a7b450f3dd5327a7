/*
 * A DO block of plain statements: BEGIN … EXCEPTION WHEN … END and IF around statements that add something (CREATE TYPE
 * … AS, TABLE, INDEX, SEQUENCE, SCHEMA, VIEW, POLICY and TRIGGER, ALTER TABLE … ADD, INSERT), turn row level security
 * on, or drop a constraint, a policy or a trigger. Which of them run is not known here, but nothing else does.
 */
#ifndef SQL_PLAIN_BLOCK_H
#define SQL_PLAIN_BLOCK_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct sql_plain_block {
    struct text *items; /* statements; a condition is a SELECT of it. In the arena, or parts of the statement. */
    size_t count;
};

/* Reads the block. False for another statement, and for a block with anything else in it: a variable, a loop, EXECUTE,
 * PERFORM, CALL, a setting, a statement that changes rows that are there, renames, or takes away anything else. The
 * grammar of PL/pgSQL is not checked: a body that it refuses does nothing. */
bool sql_plain_block(struct arena *arena, struct text statement, struct sql_plain_block *block);

#endif
