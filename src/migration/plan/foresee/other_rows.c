/*
 * One look for each table. Deferrable foreign keys are not judged: a later statement may delete what refers to the
 * rows.
 */
#include "migration/plan/foresee/other_rows.h"

#include "base/sqlstate.h"
#include "migration/plan/foresee/rows.h"
#include "pg/values.h"

#include <string.h>

/* ---- rows that refer to those that are deleted ---- */

/* $1 the table: the tables that refer to it and pass no DELETE on, with the names of both tables' columns. Not if a
 * trigger or a rule may keep rows of it. */
static const char referring_sql[] =
    "SELECT n.nspname, c.relname, pg_catalog.string_agg(a.attname, pg_catalog.chr(31) ORDER BY g.number), "
    "pg_catalog.string_agg(b.attname, pg_catalog.chr(31) ORDER BY g.number), k.conname FROM pg_catalog.pg_constraint k "
    "JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace CROSS "
    "JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS g(own, referred, number) JOIN pg_catalog.pg_attribute "
    "a "
    "ON a.attrelid = k.conrelid AND a.attnum = g.own JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND "
    "b.attnum = g.referred WHERE k.confrelid = $1::oid AND k.conrelid <> $1::oid AND k.contype = 'f' AND k.confdeltype "
    "IN ('a', 'r') AND NOT k.condeferrable AND k.conparentid = 0 AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE "
    "t.tgconstraint = k.oid AND t.tgrelid = k.confrelid AND t.tgenabled <> 'D') AND NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_trigger t WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 11 "
    "= 11) AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = $1::oid) GROUP BY k.oid, n.nspname, "
    "c.relname, k.conname ORDER BY k.conname LIMIT 20";

/* keys: a row of referring_sql. */
static bool is_referred(struct needs *needs, const struct sql_need *need, const PGresult *keys, int row)
{
    const struct relation *parent;
    const struct relation *child;
    struct arena *const arena = needs->arena;
    const char *const table = rows_readable(needs, need->schema, need->name, &parent);
    const char *const other = rows_readable(needs, arena_strdup(arena, pg_field(keys, row, 0)),
                                            arena_strdup(arena, pg_field(keys, row, 1)), &child);
    const char *const condition = table == NULL || other == NULL
                                      ? NULL
                                      : rows_joined(needs, child, arena_strdup(arena, pg_field(keys, row, 2)), parent,
                                                    arena_strdup(arena, pg_field(keys, row, 3)));
    return condition != NULL &&
           rows_find(needs,
                     arena_printf(arena,
                                  "SELECT FROM (SELECT * FROM %s%s%s) p WHERE EXISTS (SELECT FROM %s c WHERE %s) "
                                  "LIMIT 1",
                                  rows_own(arena, parent, table), need->types[0] == '\0' ? "" : " WHERE ", need->types,
                                  rows_own(arena, child, other), condition)) == ROWS_FOUND;
}

static const char *why_referred(struct needs *needs, const struct sql_need *need)
{
    const struct relation *parent;
    struct row_columns columns;
    const char *const table = rows_readable(needs, need->schema, need->name, &parent);
    const bool has_condition = need->types[0] != '\0';
    if (needs->may_pass_keys || table == NULL ||
        (has_condition && !rows_columns(needs, parent, need->part, &columns))) {
        return NULL;
    }
    const char *const oid = arena_printf(needs->arena, "%u", parent->oid);
    PG_RESULT(keys) = needs_ask(needs, referring_sql, 1, &oid);
    for (int i = 0; keys != NULL && i < PQntuples(keys); i++) {
        if (!needs_mentioned(needs, pg_field(keys, i, 4)) && is_referred(needs, need, keys, i)) {
            return arena_printf(needs->arena,
                                "Rows that it deletes are referred to by \"%s\" (%s): delete those first (23503).",
                                pg_field(keys, i, 1), pg_field(keys, i, 4));
        }
    }
    return NULL;
}

/* ---- rows that refer to those of a partition that is detached ---- */

/* $1 the partitioned table: as above, whatever happens at a DELETE. */
static const char referring_parts_sql[] =
    "SELECT n.nspname, c.relname, pg_catalog.string_agg(a.attname, pg_catalog.chr(31) ORDER BY g.number), "
    "pg_catalog.string_agg(b.attname, pg_catalog.chr(31) ORDER BY g.number), k.conname FROM pg_catalog.pg_constraint k "
    "JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace CROSS "
    "JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS g(own, referred, number) JOIN pg_catalog.pg_attribute "
    "a ON a.attrelid = k.conrelid AND a.attnum = g.own JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND "
    "b.attnum = g.referred WHERE k.confrelid = $1::oid AND k.contype = 'f' AND k.conparentid = 0 AND "
    "coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::bool, true) GROUP BY k.oid, n.nspname, c.relname, k.conname "
    "ORDER BY k.conname LIMIT 20";

static const char *why_kept(struct needs *needs, const struct sql_alter *alter)
{
    const struct relation *const parent = world_find(needs->world, alter->schema, alter->name);
    const struct sql_need part = {.schema = alter->other_schema, .name = alter->other, .types = ""};
    if (parent == NULL || parent->oid == 0) {
        return NULL;
    }
    const char *const oid = arena_printf(needs->arena, "%u", parent->oid);
    PG_RESULT(keys) = needs_ask(needs, referring_parts_sql, 1, &oid);
    for (int i = 0; keys != NULL && i < PQntuples(keys); i++) {
        if (!needs_mentioned(needs, pg_field(keys, i, 4)) && is_referred(needs, &part, keys, i)) {
            return arena_printf(needs->arena,
                                "Rows of \"%s\" refer to rows of this partition (%s): delete those first (23503).",
                                pg_field(keys, i, 1), pg_field(keys, i, 4));
        }
    }
    return NULL;
}

/* ---- values of a domain ---- */

/* $1 its schema or NULL, $2 its name: columns of it, and of domains over it. Nothing if there are several of that name.
 */
static const char columns_sql[] =
    "WITH RECURSIVE said AS (SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = "
    "t.typnamespace WHERE t.typtype = 'd' AND t.typname = $2::name AND ($1::text IS NULL OR n.nspname = $1::name)), "
    "over(oid) AS (SELECT oid FROM said WHERE (SELECT pg_catalog.count(*) FROM said) = 1 UNION SELECT t.oid FROM over "
    "o "
    "JOIN pg_catalog.pg_type t ON t.typtype = 'd' AND t.typbasetype = o.oid) SELECT n.nspname, c.relname, a.attname "
    "FROM "
    "over o JOIN pg_catalog.pg_attribute a ON a.atttypid = o.oid AND NOT a.attisdropped JOIN pg_catalog.pg_class c ON "
    "c.oid = a.attrelid AND c.relkind = 'r' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY "
    "c.reltuples DESC, c.oid, a.attnum LIMIT 20";

static const char *why_unfit(struct needs *needs, const struct sql_need *need)
{
    struct arena *const arena = needs->arena;
    const char *const values[] = {need->schema, need->name};
    PG_RESULT(found) = needs_mentioned(needs, need->name) ? NULL : needs_ask(needs, columns_sql, 2, values);
    for (int i = 0; found != NULL && i < PQntuples(found); i++) {
        const struct relation *relation;
        struct row_columns column;
        const char *const table = rows_readable(needs, arena_strdup(arena, pg_field(found, i, 0)),
                                                arena_strdup(arena, pg_field(found, i, 1)), &relation);
        if (table != NULL && !needs_altered(needs, pg_field(found, i, 2)) &&
            rows_columns(needs, relation, arena_strdup(arena, pg_field(found, i, 2)), &column) &&
            rows_find(needs,
                      arena_printf(arena, "SELECT FROM (SELECT %s AS value FROM ONLY %s) x WHERE NOT (%s) LIMIT 1",
                                   column.list, table, need->types)) == ROWS_FOUND) {
            return arena_printf(
                arena, "Rows of \"%s\" have a \"%s\" that the domain would no longer take: correct them first (%s).",
                pg_field(found, i, 1), pg_field(found, i, 2),
                strcmp(need->part, "null") == 0 ? SQLSTATE_NOT_NULL_VIOLATION : SQLSTATE_CHECK_VIOLATION);
        }
    }
    return NULL;
}

const char *other_rows_why(struct needs *needs, const struct sql_effects *effects)
{
    const char *why = NULL;
    for (size_t i = 0; !needs->has_cascaded && why == NULL && i < effects->alter_count; i++) {
        why = effects->alters[i].kind == SQL_ALTER_DETACH ? why_kept(needs, &effects->alters[i]) : NULL;
    }
    for (size_t i = 0; why == NULL && !needs->has_cascaded && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        why = need->kind == SQL_NEED_CHILDLESS     ? why_referred(needs, need)
              : need->kind == SQL_NEED_DOMAIN_FITS ? why_unfit(needs, need)
                                                   : NULL;
    }
    return why;
}
