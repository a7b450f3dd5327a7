/*
 * Statements that end transactions or need one, judged by their words.
 */
#ifndef SQL_CONTROL_H
#define SQL_CONTROL_H

#include "base/text.h"

#include <stdbool.h>

/* Is it COMMIT or ROLLBACK … AND CHAIN, which begins the next transaction at once? */
bool sql_chains(struct text statement);

/* Is it LOCK TABLE, or a cursor WITHOUT HOLD? For these a query with several statements is transaction enough; a
 * separate statement is not, nor is one in a pipeline. */
bool sql_lasts_as_transaction(struct text statement);

/* Is it VACUUM or similar, after which a ROLLBACK has nothing to undo? */
bool sql_leaves_nothing(struct text statement);

#endif
