/*
 * SQL as a framework's facts write it, with words in braces for values, names and times:
 *
 *     {ledger}            "schema"."table"; {ledger:*_lock} is a table beside it, * being the ledger's own name
 *     {guard:*_lock}      a statement that takes ROW EXCLUSIVE on such a table, and fails if that would run code of an
 *                         untrusted role (pg/table_guard.h); put it before every statement that writes to it
 *     {schema}            "schema"
 *     {identifier:PK_*}   a name made of the ledger's: "PK_table"
 *     {table}             the ledger's name as a literal; {table:*_lock} that of the one beside it
 *     {key} {name} {version} {title} {filename} {checksum} {id} {logs}
 *                         of the migration, each a literal, NULL if it has none
 *     {before}            the version of the previous migration in the folder; NULL: it is the first
 *     {clock} {clock:ms} {clock:s}
 *                         the time, whole or cut to milliseconds or seconds
 *     {utc}               the same without a zone, in UTC; {utc:ms} {utc:s} likewise
 *     {took:ms} {took:us} {took:ns}
 *                         a bigint: the time since the transaction began
 *     {next:column}       an integer: one more than the largest of the ledger's column so far; of many rows only the
 *                         first looks for it, because few ledgers have an index for that
 *     {truss}             'Truss 1.2.3'
 *     {'…'}               a literal of what is between: the body of a DO, a name for to_regclass
 *     {{                  a brace
 *
 * A framework may have words of its own (struct ledger_word). Unit tests check every template of every framework; an
 * unknown word stays as it is, which no server accepts as SQL.
 */
#ifndef FRAMEWORK_CORE_TEMPLATE_H
#define FRAMEWORK_CORE_TEMPLATE_H

#include "framework/core/framework.h"

/* Appends the template. own (may be NULL) are the framework's words; record is NULL in the parts that have none. */
void template_put(struct buffer *sql, const char *template, const struct ledger_word *own, const struct ledger *ledger,
                  const struct ledger_record *record);

/* Appends the tables named by the template's {guard:…}, as SQL literals separated by ", ". */
void template_put_guarded(struct buffer *list, const char *template, const struct ledger_word *own,
                          const struct ledger *ledger);

/* Are all words of the template known and allowed, with or without a record? If not, *wrong is the first that is not,
 * or that is not closed. */
bool template_check(struct arena *arena, const char *template, const struct ledger_word *own, bool has_record,
                    const char **wrong);

#endif
