/*
 * What a rollback does not undo: work in another session or outside of the database. By words: a function of somebody
 * that does so is not seen.
 */
#ifndef SQL_ESCAPES_H
#define SQL_ESCAPES_H

#include "base/arena.h"
#include "base/text.h"

/* What of a statement stays although its transaction is rolled back ("dblink_exec()", "COPY … TO PROGRAM"); NULL:
 * nothing that is known. Sequences, which give the next value in any case, are not meant. */
const char *sql_escapes(struct arena *arena, struct text statement);

#endif
