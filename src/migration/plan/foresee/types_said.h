/*
 * SQL for types as statements write them (struct sql_need). An unqualified name may mean types in several schemas, so
 * each is a set of types.
 */
#ifndef MIGRATION_PLAN_FORESEE_TYPES_SAID_H
#define MIGRATION_PLAN_FORESEE_TYPES_SAID_H

/* An array of the oids that the written type may mean; {0} for "", a missing operand. */
#define TYPES_SAID(text)                                                                                               \
    "ARRAY(SELECT CASE WHEN pg_catalog.split_part(" text                                                               \
    ", pg_catalog.chr(30), 3) = '' THEN t.oid ELSE t.typarray END FROM pg_catalog.pg_type t JOIN "                     \
    "pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace WHERE t.typname = pg_catalog.split_part(" text              \
    ", pg_catalog.chr(30), 2)::name AND pg_catalog.split_part(" text                                                   \
    ", pg_catalog.chr(30), 1) IN ('', tn.nspname) UNION ALL SELECT 0::oid WHERE " text " = '')"

/* Is there an assignment cast from the type `from` (an oid) to the type `to` (a row of pg_type), or is that not known?
 * Only plain types and enums are judged. */
#define TYPES_ASSIGN(from, to)                                                                                         \
    "(" to ".oid = " from " OR " to ".typcategory = 'S' OR NOT (" to ".typtype IN ('b', 'e') AND " to                  \
    ".typcategory <> 'A') OR EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = " from                      \
    " AND k.casttarget = " to ".oid AND k.castcontext IN ('a', 'i')))"

/* Rows (type, number) of a list of written types. */
#define TYPES_OF(list)                                                                                                 \
    "pg_catalog.unnest(pg_catalog.string_to_array(" list ", pg_catalog.chr(31))) WITH ORDINALITY AS s(type, number)"

/* Does this array of oids match the list? */
#define TYPES_ARE(types, list)                                                                                         \
    "(pg_catalog.cardinality(" types ") = pg_catalog.cardinality(pg_catalog.string_to_array(" list                     \
    ", pg_catalog.chr(31))) AND NOT EXISTS (SELECT FROM " TYPES_OF(                                                    \
        list) " WHERE (" types ")[s.number] <> ALL (" TYPES_SAID("s.type") ")))"

/* May one of the list mean several types, in different schemas? */
#define TYPES_ARE_UNSURE(list)                                                                                         \
    "EXISTS (SELECT FROM " TYPES_OF(list) " WHERE pg_catalog.cardinality(" TYPES_SAID("s.type") ") > 1)"

/* The argument types of the function p. */
#define TYPES_GIVEN                                                                                                    \
    "ARRAY(SELECT a.type FROM pg_catalog.unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, number) ORDER BY "    \
    "a.number)"

#endif
