/*
 * What a statement that runs outside of a transaction may leave when it is interrupted or fails: an INVALID index, a
 * partition that is half detached. Looked for before it is tried again, and cleaned up; nothing else is ever touched.
 */
#ifndef MIGRATION_RUN_LEFTOVERS_H
#define MIGRATION_RUN_LEFTOVERS_H

#include "base/text.h"
#include "migration/run/current.h"

/* Before such a statement is begun: what must be known to tell later what it left, as an oid[] literal ("{16401}") in
 * the run's arena. Of what is to be dropped or detached: "{}" where it is not there, so that its absence later is no
 * proof that this statement did it. *before is NULL where nothing need be known. */
bool leftovers_before(struct run *run, struct text statement, const char **before);

/* After it was interrupted or has failed: removes what it left. *finished is set where it turns out to have been done
 * completely. False where the server cannot be asked, or something could not be removed. */
bool leftovers_remove(struct run *run, struct text statement, const char *migration, const char *before,
                      bool *finished);

/* True for a statement whose repetition fails with this SQLSTATE because the interrupted attempt had done it already:
 * CREATE DATABASE (42P04), DROP TABLESPACE (42704), … */
bool leftovers_says_done(struct text statement, const char *sqlstate);

#endif
