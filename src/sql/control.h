/*
 * Statements that end transactions or need one, by their words.
 */
#ifndef SQL_CONTROL_H
#define SQL_CONTROL_H

#include "base/text.h"

#include <stdbool.h>

/* COMMIT or ROLLBACK … AND CHAIN: the next transaction begins at once. */
bool sql_chains(struct text statement);

/* LOCK TABLE, and a cursor WITHOUT HOLD: one query that has several statements is transaction enough for them, a
 * statement by itself is not, nor one in a pipeline. */
bool sql_lasts_as_transaction(struct text statement);

/* VACUUM and the like: a ROLLBACK behind it has nothing of it to undo. */
bool sql_leaves_nothing(struct text statement);

#endif
