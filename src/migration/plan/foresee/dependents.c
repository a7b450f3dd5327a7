/*
 * Reads pg_depend as PostgreSQL's dependency.c does: what is dropped is extended by everything that is dropped with it
 * automatically, and other dependents prevent the drop. Dependents that the plan has mentioned are not judged.
 */
#include "migration/plan/foresee/dependents.h"

#include "migration/plan/foresee/needed.h"
#include "pg/search.h"
#include "pg/values.h"

#include <string.h>

/* Columns for each row of held(classid, objid, objsubid), whose catalog is h.class: */
#define HELD                                                                                                           \
    ", h AS (SELECT d.*, o.relname AS class FROM held d JOIN pg_catalog.pg_class o ON o.oid = d.classid) "             \
    "SELECT " HELD_KIND ", " HELD_NAME ", " HELD_PLACE ", " HELD_WORDS HELD_FROM

/* its kind, */
#define HELD_KIND                                                                                                      \
    "CASE WHEN r.rulename = '_RETURN' THEN CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END "          \
    "WHEN k.contype = 'f' THEN 'foreign key' "                                                                         \
    "WHEN f.adnum IS NOT NULL THEN "                                                                                   \
    "CASE WHEN fa.attgenerated <> '' THEN 'generated column' ELSE 'default of the column' END "                        \
    "WHEN h.objsubid > 0 THEN 'column' ELSE i.type END"

/* its name as in the catalog, or PostgreSQL's description if it has none, */
#define HELD_NAME                                                                                                      \
    "coalesce(CASE WHEN r.rulename = '_RETURN' THEN c.relname ELSE r.rulename END, k.conname, t.tgname, p.polname, "   \
    "x.proname, fa.attname, a.attname, y.typname, "                                                                    \
    "CASE WHEN i.name IS NOT NULL THEN w.object_names[pg_catalog.cardinality(w.object_names)] END, i.identity)"

/* its owner object (NULL: none), the relation that it is dropped with and the world's identification of that, and
 * whether it is dropped with a column, */
#define HELD_PLACE                                                                                                     \
    "CASE WHEN r.rulename = '_RETURN' OR (h.class = 'pg_class' AND h.objsubid = 0) THEN NULL ELSE c.relname END, "     \
    "c.oid, " PG_SCRIPT_NAME("c.oid") ", c.relkind, "                                                                  \
                                      "k.oid IS NOT NULL OR n.indexrelid IS NOT NULL OR s.oid IS NOT NULL"

/* the relation's name, that of the type that it is dropped with (a domain's constraint, an array), a word in every
 * statement that drops such a thing, since its name does not tell, and the oid if it is a relation. */
#define HELD_WORDS                                                                                                     \
    "c.relname, (SELECT e.typname FROM pg_catalog.pg_type e WHERE e.oid = coalesce(k.contypid, y.typelem)), "          \
    "CASE WHEN h.class IN ('pg_operator', 'pg_opclass', 'pg_opfamily', 'pg_amop', 'pg_amproc') THEN 'operator' "       \
    "WHEN h.class = 'pg_cast' THEN 'cast' WHEN h.class = 'pg_transform' THEN 'transform' "                             \
    "WHEN h.class = 'pg_user_mapping' THEN 'mapping' END, "                                                            \
    "CASE WHEN h.class = 'pg_class' THEN h.objid END"

/* A partition's key may be dropped with its parent. */
#define HELD_FROM                                                                                                      \
    " FROM h "                                                                                                         \
    "LEFT JOIN pg_catalog.pg_rewrite r ON h.class = 'pg_rewrite' AND r.oid = h.objid "                                 \
    "LEFT JOIN pg_catalog.pg_constraint k ON h.class = 'pg_constraint' AND k.oid = h.objid "                           \
    "LEFT JOIN pg_catalog.pg_trigger t ON h.class = 'pg_trigger' AND t.oid = h.objid "                                 \
    "LEFT JOIN pg_catalog.pg_policy p ON h.class = 'pg_policy' AND p.oid = h.objid "                                   \
    "LEFT JOIN pg_catalog.pg_proc x ON h.class = 'pg_proc' AND x.oid = h.objid "                                       \
    "LEFT JOIN pg_catalog.pg_attrdef f ON h.class = 'pg_attrdef' AND f.oid = h.objid "                                 \
    "LEFT JOIN pg_catalog.pg_attribute fa ON fa.attrelid = f.adrelid AND fa.attnum = f.adnum "                         \
    "LEFT JOIN pg_catalog.pg_attribute a "                                                                             \
    "ON h.class = 'pg_class' AND a.attrelid = h.objid AND a.attnum = h.objsubid AND h.objsubid > 0 "                   \
    "LEFT JOIN pg_catalog.pg_index n ON h.class = 'pg_class' AND n.indexrelid = h.objid "                              \
    "LEFT JOIN pg_catalog.pg_statistic_ext s ON h.class = 'pg_statistic_ext' AND s.oid = h.objid "                     \
    "LEFT JOIN pg_catalog.pg_type y ON h.class = 'pg_type' AND y.oid = h.objid "                                       \
    "LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(r.ev_class, k.conrelid, t.tgrelid, p.polrelid, f.adrelid, "   \
    "n.indrelid, s.stxrelid, y.typrelid, CASE h.class WHEN 'pg_class' THEN h.objid END) "                              \
    "CROSS JOIN LATERAL pg_catalog.pg_identify_object(h.classid, h.objid, h.objsubid) i "                              \
    "CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(h.classid, h.objid, h.objsubid) w "                   \
    "WHERE k.contype IS DISTINCT FROM 'f' "                                                                            \
    "OR NOT EXISTS (SELECT FROM pg_catalog.pg_inherits u WHERE u.inhrelid = k.conrelid) "                              \
    "ORDER BY c.oid IS NULL, h.class, h.objid, h.objsubid LIMIT 100"

/* The rows of pg_depend that reference the object with this alias, or a column of it. */
#define REFERRING(to)                                                                                                  \
    "pg_catalog.pg_depend d ON d.refclassid = " to ".classid AND d.refobjid = " to ".objid AND (" to                   \
    ".objsubid = 0 OR d.refobjsubid = " to ".objsubid)"

/* $1 the catalog of what is dropped, $2 its oid, $3 the column's number or 0. */
#define ROOT                                                                                                           \
    "root(classid, objid, objsubid) AS (SELECT c.oid, $2::oid, $3::int FROM pg_catalog.pg_class c JOIN "               \
    "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'pg_catalog' AND c.relname = $1::name)"

#define ANY " SELECT FROM held LIMIT 1"

/* Is anything held, and what it is. Mostly there is none, and to describe it takes the server twenty times as long to
 * plan. */
struct held_query {
    const char *any;
    const char *all;
    int count; /* of values */
};

/* What prevents a drop. */
#define DROPPED                                                                                                        \
    "WITH RECURSIVE " ROOT                                                                                             \
    ", gone(classid, objid, objsubid) AS (SELECT * FROM root UNION SELECT d.classid, d.objid, d.objsubid FROM gone g " \
    "JOIN " REFERRING("g") " WHERE d.deptype <> 'n'), held AS (SELECT DISTINCT d.classid, d.objid, d.objsubid FROM "   \
                           "gone g JOIN " REFERRING("g") " WHERE d.deptype = 'n' AND NOT EXISTS (SELECT FROM gone o "  \
                                                         "WHERE o.classid = d.classid AND o.objid = d.objid AND "      \
                                                         "(o.objsubid = 0 OR o.objsubid = d.objsubid)))"
static const struct held_query dropped = {DROPPED ANY, DROPPED HELD, 3};

/* The object of which it is an internal part, or the part in a partition, or the extension that it belongs to. */
#define REQUIRED                                                                                                       \
    "WITH " ROOT                                                                                                       \
    ", held AS (SELECT DISTINCT d.refclassid AS classid, d.refobjid AS objid, d.refobjsubid AS objsubid FROM root g "  \
    "JOIN pg_catalog.pg_depend d ON d.classid = g.classid AND d.objid = g.objid AND d.objsubid = g.objsubid WHERE "    \
    "d.deptype IN ('i', 'e', 'P'))"
static const struct held_query required = {REQUIRED ANY, REQUIRED HELD, 3};

/* $1 the relation, $2 a column of it. Before PostgreSQL 15 a generated column depends on it automatically. */
#define RETYPED                                                                                                        \
    "WITH held AS (SELECT DISTINCT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_attribute b JOIN "                \
    "pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = b.attrelid " \
    "AND d.refobjsubid = b.attnum JOIN pg_catalog.pg_class o ON o.oid = d.classid WHERE b.attrelid = $1::oid AND "     \
    "b.attname = $2::name AND (o.relname IN ('pg_rewrite', 'pg_trigger', 'pg_policy', 'pg_proc') OR (o.relname = "     \
    "'pg_class' AND d.objid = b.attrelid AND d.objsubid > 0) OR (o.relname = "                                         \
    "'pg_attrdef' AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef f WHERE f.oid = d.objid AND f.adnum = "            \
    "b.attnum))))"
static const struct held_query retyped = {RETYPED ANY, RETYPED HELD, 2};

/* A foreign key that is NOT ENFORCED (PostgreSQL 18) does not prevent a TRUNCATE. One to a partitioned table is one to
 * each partition as well. */
#define EMPTIED                                                                                                        \
    "WITH held AS (SELECT DISTINCT o.tableoid AS classid, o.oid AS objid, 0 AS objsubid FROM "                         \
    "pg_catalog.pg_constraint o WHERE "                                                                                \
    "o.contype = 'f' AND o.confrelid = $1::oid AND o.conrelid <> $1::oid AND (o.conparentid = 0 OR EXISTS "            \
    "(SELECT FROM pg_catalog.pg_constraint w WHERE w.oid = o.conparentid AND w.conrelid = o.conrelid)) AND $2::text "  \
    "IS NULL "                                                                                                         \
    "AND coalesce((pg_catalog.to_jsonb(o)->>'conenforced')::bool, true))"
static const struct held_query emptied = {EMPTIED ANY, EMPTIED HELD, 2};

/* A plan that notes its questions sends those with the same query together, and so plans each once. */
static PGresult *ask_held(struct needs *needs, const struct held_query *query, const char *const *values)
{
    PG_RESULT(any) = needs_ask(needs, query->any, query->count, values);
    const bool is_any = any != NULL && PQntuples(any) > 0;
    return is_any || questions_are_noted(needs->questions) ? needs_ask(needs, query->all, query->count, values) : NULL;
}

/* Does an earlier statement mention it, or this one in addition to what it drops or changes, which it names once? */
static bool is_mentioned(const struct needs *needs, struct text statement, const char *name, const char *what)
{
    return name != NULL && (needs_mentioned(needs, name) ||
                            needs_count_in(statement, name) > (what != NULL && strcmp(name, what) == 0 ? 1u : 0u));
}

/* May an earlier statement, or this one, have dropped it: by name, with a column of its relation, or with an
 * ancestor? */
static bool may_have_gone(struct needs *needs, struct text statement, const PGresult *rows, int row, const char *what)
{
    const bool goes_with_column = pg_field_bool(rows, row, 6);
    const char *const word = pg_field(rows, row, 9);
    return is_mentioned(needs, statement, pg_field(rows, row, 1), what) ||
           is_mentioned(needs, statement, pg_field(rows, row, 8), NULL) || (word != NULL && needs_took(needs, word)) ||
           (goes_with_column && is_mentioned(needs, statement, pg_field(rows, row, 7), NULL)) ||
           (goes_with_column && needs_mentioned_above(needs, (uint32_t)pg_field_int(rows, row, 3, 0))) ||
           needs_mentioned_above(needs, (uint32_t)pg_field_int(rows, row, 10, 0));
}

/* The first of the rows that still exists when the statement runs. */
static const char *first_held(struct needs *needs, struct text statement, const PGresult *rows, const char *verb,
                              const char *what)
{
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        const char *const name = pg_field(rows, i, 1);
        const char *const of = pg_field(rows, i, 2);
        const uint32_t oid = (uint32_t)pg_field_int(rows, i, 3, 0);
        const struct relation *const relation =
            oid == 0 ? NULL : world_of_oid(needs->world, oid, pg_field(rows, i, 4), pg_field(rows, i, 5)[0]);
        if (name == NULL || (relation != NULL && relation->gone) || may_have_gone(needs, statement, rows, i, what)) {
            continue;
        }
        return of == NULL
                   ? arena_printf(needs->arena, "The %s \"%s\" %s \"%s\"", pg_field(rows, i, 0), name, verb, what)
                   : arena_printf(needs->arena, "The %s \"%s\" of \"%s\" %s \"%s\"", pg_field(rows, i, 0), name, of,
                                  verb, what);
    }
    return NULL;
}

static const char *held_by(struct needs *needs, struct text statement, const char *const *root, const char *what)
{
    PG_RESULT(held) = ask_held(needs, &dropped, root);
    const char *const holder = first_held(needs, statement, held, "depends on", what);
    if (holder != NULL) {
        return arena_printf(needs->arena, "%s: it cannot be dropped without CASCADE (2BP01).", holder);
    }
    PG_RESULT(whole) = ask_held(needs, &required, root);
    const char *const owner = first_held(needs, statement, whole, "requires", what);
    return owner == NULL ? NULL : arena_printf(needs->arena, "%s: it cannot be dropped by itself (2BP01).", owner);
}

const char *dependents_of(struct needs *needs, struct text statement, const struct sql_need *need,
                          const struct relation *of, const PGresult *found)
{
    const struct needed_kind *const kind = needed_kind(need->kind);
    const bool is_column = need->kind == SQL_NEED_COLUMN;
    const char *const class = kind == NULL || is_column ? "pg_class" : kind->class;
    const bool is_one = found != NULL && PQntuples(found) == 1;
    if (needs->has_cascaded || class == NULL || (found != NULL && !is_one) ||
        (found == NULL && (of == NULL || of->oid == 0))) {
        return NULL;
    }
    const char *const relation = of == NULL ? NULL : arena_printf(needs->arena, "%u", of->oid);
    const char *const root[] = {class, is_column || found == NULL ? relation : pg_field(found, 0, 0),
                                is_column ? pg_field(found, 0, 0) : "0"};
    return held_by(needs, statement, root,
                   need->part != NULL && kind != NULL && kind->is_part ? need->part : need->name);
}

const char *dependents_reached(struct needs *needs, struct text statement, const struct sql_reach *reach)
{
    const bool is_column = reach->kind == SQL_REACH_RETYPE && strcmp(reach->type, "column") == 0;
    const bool is_emptied = reach->kind == SQL_REACH_TRUNCATE && strcmp(reach->type, "relation") == 0;
    const struct relation *const relation =
        is_column || is_emptied ? world_find(needs->world, reach->schema, reach->name) : NULL;
    if (relation == NULL || relation->oid == 0 || relation->gone || needs->has_cascaded) {
        return NULL;
    }
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), reach->part};
    PG_RESULT(rows) = ask_held(needs, is_column ? &retyped : &emptied, values);
    const char *const holder =
        first_held(needs, statement, rows, is_column ? "uses" : "refers to", is_column ? reach->part : reach->name);
    return holder == NULL ? NULL
           : is_column
               ? arena_printf(needs->arena, "%s: it cannot get another type (0A000).", holder)
               : arena_printf(needs->arena,
                              "%s: it cannot be emptied without CASCADE, or that table beside it (0A000).", holder);
}
