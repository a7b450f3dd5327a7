/*
 * What the ledgers of several frameworks have in common: reading rows, and writing values and names into SQL.
 */
#ifndef FRAMEWORK_CORE_LEDGER_H
#define FRAMEWORK_CORE_LEDGER_H

#include "base/text.h"
#include "framework/core/framework.h"

/* Appends "schema"."table"; of a ledger that is not read as it stands, the name of ledger_put_as_read. */
void ledger_put_name(struct buffer *sql, const struct ledger *ledger);

/* What a SELECT that reads a ledger begins with: nothing where it is read as it stands, else WITH. */
void ledger_put_as_read(struct buffer *sql, const struct ledger *ledger);

/* Appends a literal, or NULL. */
void ledger_put_text(struct buffer *sql, const char *value);

/* Appends SQL in which each %t is "schema"."table", %s the next argument as a literal (or NULL), %% a percent sign; for
 * what a template cannot say. Where the ledger has an as_read the SQL must begin with SELECT. */
void ledger_putf(struct buffer *sql, const struct ledger *ledger, const char *format, ...);

/* Reads a ledger by a query (in the format of ledger_putf without arguments) whose columns are called as follows, all
 * but key optional, in any order, in the order in which the rows were written: key text, name text (default: key),
 * checksum text, id text, logs text, state text ('failed', 'rolled_back', else applied), baseline bool, applied_at
 * timestamptz, started_at timestamptz, rolled_back_at timestamptz, duration_ms bigint, steps integer. A timestamp
 * without zone must be made one by the query, in the zone that the framework writes it. */
bool ledger_read_rows(struct ledger_reading *reading, const char *format);

/* The same by a query as it is. */
bool ledger_read_sql(struct ledger_reading *reading, const char *sql);

void ledger_warn(struct ledger_reading *reading, const char *warning);

#endif
