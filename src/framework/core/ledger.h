/*
 * What the ledgers of several frameworks have in common: reading rows, and writing values and names into SQL.
 */
#ifndef FRAMEWORK_CORE_LEDGER_H
#define FRAMEWORK_CORE_LEDGER_H

#include "base/text.h"
#include "framework/core/framework.h"

/* Appends "schema"."table"; for a ledger with as_read the name that ledger_put_as_read defines. */
void ledger_put_name(struct buffer *sql, const struct ledger *ledger);

/* "schema.table", unquoted: for people, and in our own tables, which tell by it the rows of one ledger from those of
 * others. */
const char *ledger_full_name(struct arena *arena, const struct ledger *ledger);

/* Appends the beginning of a SELECT that reads the ledger: WITH … if it has as_read, else nothing. */
void ledger_put_as_read(struct buffer *sql, const struct ledger *ledger);

/* Appends a literal, or NULL. */
void ledger_put_text(struct buffer *sql, const char *value);

/* Appends SQL in which %t becomes "schema"."table", %s the next argument as a literal (or NULL), %% a percent sign; for
 * what a template cannot express. If the ledger has as_read the SQL must begin with SELECT. */
void ledger_putf(struct buffer *sql, const struct ledger *ledger, const char *format, ...);

/* Reads a ledger by a query in the format of ledger_putf without arguments. Rows must come in the order in which they
 * were written. Its columns, in any order, all but key optional: key text, name text (default: key), checksum text, id
 * text, logs text, state text ('failed', 'rolled_back', else applied), baseline bool, applied_at timestamptz,
 * started_at timestamptz, rolled_back_at timestamptz, duration_ms bigint, steps integer. The query must convert
 * timestamps without time zone, from the zone in which the framework writes them. */
bool ledger_read_rows(struct ledger_reading *reading, const char *format);

/* The same by a complete query. */
bool ledger_read_sql(struct ledger_reading *reading, const char *sql);

/* A name as its tool gives it to PostgreSQL, which folds it, unless it has upper and lower case: then it is quoted
 * (ledger_facts.folds_names). NULL for NULL. */
const char *ledger_folded_name(struct arena *arena, const char *name);

/* The search path of a connection: only the schema of the ledger; or the one for scripts in front, if it is
 * configured. */
struct session_path ledger_path_alone(const struct ledger *ledger);
struct session_path ledger_path_of_scripts(const struct ledger *ledger);

/* An applied entry of this name and key, without times, duration and checksum. The strings are borrowed. */
struct ledger_entry ledger_entry_of(const char *name, const char *key);

/* Adds a warning to the result; more than a few are dropped. */
void ledger_warn(struct ledger_reading *reading, const char *warning);

#endif
