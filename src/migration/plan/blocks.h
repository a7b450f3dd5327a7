/*
 * What a DO block of plain statements (sql/plain_block.h) does at most. What it makes may be there afterwards, or not:
 * what uses it is not said to miss it, and what makes it is not said to find it.
 */
#ifndef MIGRATION_PLAN_BLOCKS_H
#define MIGRATION_PLAN_BLOCKS_H

#include "migration/plan/reading.h"
#include "sql/plain_block.h"

/* Finds what the block does, its effects and parts, and records it for the statements behind it. False if not
 * everything in it is known: then both are empty, and what was recorded may have happened. */
bool blocks_read(struct explaining *explaining, const struct sql_plain_block *block, struct explained_statement *read);

/* Call it for each statement before the world is told of it: one may rename something to what a block may have made. */
void blocks_note_renamed(struct explaining *explaining, const struct sql_effects *effects);

/* Was it renamed so? Then what has the name is not known. */
bool blocks_confuse(const struct explaining *explaining, const char *name);

#endif
