/*
 * Where names in our own SQL are looked up. Anybody who may create objects in the database could otherwise slip us an
 * operator, a function or a type, which would run with our rights. So sessions are pinned: pg_catalog is first, pg_temp
 * last, nothing between. RESET ALL restores the scripts' own search path before each script; what we send between the
 * steps of a script is fully qualified (tests/sql_names.py checks both). Pinning also lifts transaction_timeout and
 * the limits of idle sessions, and RESET ALL restores them.
 */
#ifndef PG_SEARCH_H
#define PG_SEARCH_H

#include "pg/session.h"

/* The search path of our sessions. pg_temp would be searched first for tables if it were not listed. */
#define PG_OUR_PATH "pg_catalog, pg_temp"

/* SQL, for a pinned session: the schemas of a script's search path, as pg_catalog.name[], in order. */
#define PG_SCRIPT_SCHEMAS                                                                                              \
    "pg_catalog.string_to_array(pg_catalog.current_setting('truss.schemas', true), pg_catalog.chr(31))"                \
    "::pg_catalog.name[]"

/* SQL, for an array that a query of a pinned session iterates over: types and definitions that the server prints during
 * the query are printed as for a script, although the query's own names were resolved in pg_catalog before. pg_catalog
 * stays first in the path, because pg_get_viewdef and similar functions run queries of their own. Use it outside a
 * transaction: until its end the path would be a script's. */
#define PG_AS_SCRIPT(array)                                                                                            \
    "CASE WHEN pg_catalog.set_config('search_path', pg_catalog.current_setting('truss.path', true), true) IS NOT "     \
    "NULL THEN " array " END"

/* SQL, for a pinned session: the relation with this oid as a script would name it, "users" or "audit.users". */
#define PG_SCRIPT_NAME(oid)                                                                                            \
    "coalesce((SELECT pg_catalog.concat(CASE WHEN NOT EXISTS (SELECT FROM pg_catalog.unnest(" PG_SCRIPT_SCHEMAS        \
    ") WITH ORDINALITY AS named(schema, number) WHERE named.schema = named_in.nspname AND NOT EXISTS (SELECT FROM "    \
    "pg_catalog.unnest(" PG_SCRIPT_SCHEMAS ") WITH ORDINALITY AS before(schema, number) "                              \
    "JOIN pg_catalog.pg_namespace bn ON bn.nspname = before.schema JOIN pg_catalog.pg_class bc "                       \
    "ON bc.relnamespace = bn.oid AND bc.relname = named_one.relname WHERE before.number < named.number)) "             \
    "THEN pg_catalog.concat(pg_catalog.quote_ident(named_in.nspname), '.') END, "                                      \
    "pg_catalog.quote_ident(named_one.relname)) FROM pg_catalog.pg_class named_one JOIN pg_catalog.pg_namespace "      \
    "named_in ON named_in.oid = named_one.relnamespace WHERE named_one.oid = " oid "), '-')"

/* Pins the search path, and reads anew what it would be for a script. Call it outside a transaction, except behind a
 * pooler: there the pin lasts as long as the transaction, and each pg_query outside a transaction is given its own. */
bool pg_session_pin(struct pg_session *session, struct status *status);

/* Sends these statements, which return no rows, and pins the session afterwards, in one message if possible. Call it
 * outside a transaction. */
bool pg_session_pin_behind(struct pg_session *session, const char *sql, struct status *status);

/* Pins the session and begins a read-only transaction with row_security off (a policy that would hide rows is an
 * error), in one message if possible. Call it outside a transaction; if it fails, one may be open. */
bool pg_session_begin_reading(struct pg_session *session, struct status *status);

/* Appends what pins this session between these statements, as pg_session_begin_reading does. Returns false if it does
 * not keep that prepared. */
bool session_put_pin(struct buffer *sql, const struct pg_session *session, const char *before, const char *behind);

/* As pg_session_pin, for scripts whose tool changes its connection's search path: `sql` does so, with qualified names.
 * Lasts until the next pg_session_pin outside a transaction; behind a pooler, called outside a transaction, it applies
 * to each later transaction. expected: a schema that will be created before the scripts run; it counts as existing if
 * the path begins with it; NULL: none. */
bool pg_session_pin_as(struct pg_session *session, const char *sql, const char *expected, struct status *status);

/* The search path of a script, as it was when the session was pinned, and those of its schemas that exist, with
 * PG_SCHEMA_END between. "" behind a pooler outside a transaction. */
#define PG_SCHEMA_END '\x1f'
const char *pg_session_script_path(const struct pg_session *session);
const char *pg_session_script_schemas(const struct pg_session *session);

/* As pg_session_open, with the session pinned. */
struct pg_session *pg_session_open_pinned(const struct conninfo *conninfo, int64_t deadline, struct status *status);

#endif
