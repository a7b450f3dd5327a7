/*
 * What the ledgers of several frameworks have in common: writing values and names into SQL, reading times.
 */
#ifndef FRAMEWORK_LEDGER_H
#define FRAMEWORK_LEDGER_H

#include "base/text.h"
#include "framework/framework.h"

/* Appends "schema"."table". */
void ledger_put_name(struct buffer *sql, const struct ledger *ledger);

/* Appends a literal, or NULL. */
void ledger_put_text(struct buffer *sql, const char *value);

/* A select-list item that ledger_field_time reads: a timestamptz column as the hex of its binary form, which depends on
 * no setting of the session, knows infinity and costs a quarter of extract(epoch from …) (PostgreSQL 15). */
#define LEDGER_TIME(column) "pg_catalog.encode(pg_catalog.timestamptz_send(" column "), 'hex')"

/* Microseconds since 1970 UTC; NO_TIME for NULL and for ±infinity. */
int64_t ledger_field_time(const PGresult *result, int row, int column);

#endif
