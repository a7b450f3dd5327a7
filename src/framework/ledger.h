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

/* Fields of a binary result. A timestamptz as microseconds since 1970 UTC: NO_TIME for NULL and for ±infinity. An int4:
 * 0 for NULL. */
int64_t ledger_field_time(const PGresult *result, int row, int column);
int32_t ledger_field_int(const PGresult *result, int row, int column);

#endif
