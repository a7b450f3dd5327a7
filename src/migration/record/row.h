/*
 * A ledger's row that is known to be written: a trigger that returns nothing, a rule or a policy may take a row away
 * without a word, and then the migration would be run again.
 */
#ifndef MIGRATION_RECORD_ROW_H
#define MIGRATION_RECORD_ROW_H

#include "framework/core/framework.h"

/* Appends the SQL of this part, as ledger_put does; an INSERT into a ledger that takes every row needs no more. Where a
 * statement that writes the ledger's own row (RECORD, START, FINISH, MARK_APPLIED) changes no row, or more than one, it
 * raises 55000, with what stands in the way as its detail.
 */
void row_put(struct buffer *sql, const struct framework *framework, enum ledger_part part, const struct ledger *ledger,
             const struct ledger_record *record);

/* Appends a block that raises 55000 where the ledger's name is no longer that of the table that the run has found. */
void row_put_guard(struct buffer *sql, const struct ledger *ledger);

/* Appends what takes the ledger's lock and looks under it, for a transaction that writes a row next (pg/table_guard.h).
 * in_block: in a block of PL/pgSQL. */
void row_put_under_lock(struct buffer *sql, const struct ledger *ledger, bool in_block);

/* Where a transaction failed by that (pg_guard_failed) and was rolled back: says what is wrong with the ledger. */
void row_explain_guard(struct pg_session *session, const struct ledger *ledger, struct status *status);

/* What that says, also for other errors of the same cause. */
const char *row_gone_message(struct arena *arena, const struct ledger *ledger);

/* A script that names the ledger's table, or may reach all tables by a block or a function, may give it a trigger or a
 * rule: from then on it is not known to take every row. */
void row_doubt(struct ledger *ledger, struct text script);

#endif
