/*
 * Writes a ledger row so that it is certain to be written: a trigger that returns NULL, a rule or a policy may silently
 * discard a row, and then the migration would be run again.
 */
#ifndef MIGRATION_RECORD_ROW_H
#define MIGRATION_RECORD_ROW_H

#include "framework/core/framework.h"

/* Appends the SQL of this part, as ledger_put does; for an INSERT into a ledger that is known to take every row that is
 * all. Otherwise, if a statement that writes the ledger's own row (RECORD, START, FINISH, MARK_APPLIED) does not change
 * exactly one row, the SQL raises 55000, with the obstacle as its detail. */
void row_put(struct buffer *sql, const struct framework *framework, enum ledger_part part, const struct ledger *ledger,
             const struct ledger_record *record);

/* Appends a block that raises 55000 if the ledger's name no longer means the table that the run has found. */
void row_put_guard(struct buffer *sql, const struct ledger *ledger);

/* Appends SQL that takes the ledger's lock and checks the table under it, for a transaction that writes a row next
 * (pg/table_guard.h). in_block: inside a PL/pgSQL block. */
void row_put_under_lock(struct buffer *sql, const struct ledger *ledger, bool in_block);

/* Prepares the query of row_put_settled as `as` (a quoted name). Only for a ledger that takes every row. */
void row_put_prepare(struct buffer *sql, const struct ledger *ledger, const char *as);

/* Asks it for the first time; then: may a row of this ledger run code that others wrote? */
void row_put_first_look(struct buffer *sql, const struct ledger *ledger, const char *as);

/* The same as row_put_under_lock, by that prepared query. It fails in another session. */
void row_put_settled(struct buffer *sql, const struct ledger *ledger, const char *as);

/* After a transaction failed because of that (pg_guard_failed) and was rolled back: fills in what is wrong with the
 * ledger. */
void row_explain_guard(struct pg_session *session, const struct ledger *ledger, struct status *status);

/* The message of that, also for other errors with the same cause. */
const char *row_gone_message(struct arena *arena, const struct ledger *ledger);

/* If the script names the ledger's table, or may reach any table through a block or a function, it may give it a
 * trigger or a rule: the ledger is no longer known to take every row. */
void row_doubt(struct ledger *ledger, struct text script);

#endif
