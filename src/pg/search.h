/*
 * Where the names in our own SQL are looked for. Whoever may create objects in the database could otherwise give us an
 * operator, a function or a type of theirs, which would run with our rights. A session is pinned: pg_catalog comes
 * first, pg_temp last, nothing between. The scripts' own search path is put back in front of each script by RESET ALL;
 * what we send between the steps of a script is qualified throughout (tests/sql_names.py holds us to both).
 */
#ifndef PG_SEARCH_H
#define PG_SEARCH_H

/* The path that a session of ours has. pg_temp would be searched first for tables if it were not named. */
#define PG_OUR_PATH "pg_catalog, pg_temp"

/* SQL, for a pinned session: the schemas of the search path that a script will have, as pg_catalog.name[], in order. */
#define PG_SCRIPT_SCHEMAS                                                                                              \
    "pg_catalog.string_to_array(pg_catalog.current_setting('truss.schemas', true), pg_catalog.chr(31))"                \
    "::pg_catalog.name[]"

/* SQL, for the array that a query of a pinned session goes through: what the server prints while it does, types and
 * definitions, is printed as for a script, although all names of the query were found in pg_catalog before. pg_catalog
 * stays the first of the path: pg_get_viewdef and its kin ask by queries of their own. Outside of a transaction: to its
 * end the path is a script's. */
#define PG_AS_SCRIPT(array)                                                                                            \
    "CASE WHEN pg_catalog.set_config('search_path', pg_catalog.current_setting('truss.path', true), true) IS NOT "     \
    "NULL "                                                                                                            \
    "THEN " array " END"

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

#endif
