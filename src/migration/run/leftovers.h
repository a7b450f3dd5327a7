/*
 * What a statement outside a transaction may leave when it is interrupted or fails: an INVALID index, a half-detached
 * partition. It is looked for before the statement is tried again, and removed; nothing else is touched.
 */
#ifndef MIGRATION_RUN_LEFTOVERS_H
#define MIGRATION_RUN_LEFTOVERS_H

#include "base/text.h"
#include "migration/run/current.h"

/* Call it before such a statement is begun. Sets *before to what is needed later to find its leftovers: an oid[]
 * literal ("{16401}") in the run's arena. For something that is to be dropped or detached: "{}" if it does not exist,
 * so that its absence later does not prove that this statement did it. NULL: nothing is needed. */
bool leftovers_before(struct run *run, struct text statement, const char **before);

/* Call it after the statement was interrupted or failed: removes its leftovers. Sets *finished if the statement turns
 * out to have completed. Fails if the server cannot be asked, or something could not be removed. */
bool leftovers_remove(struct run *run, struct text statement, const char *migration, const char *before,
                      bool *finished);

/* Does this SQLSTATE, when the statement is repeated, mean that the interrupted attempt had completed? CREATE DATABASE
 * (42P04), DROP TABLESPACE (42704), … */
bool leftovers_says_done(struct text statement, const char *sqlstate);

#endif
