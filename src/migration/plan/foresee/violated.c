/*
 * One query over the rows for each need. A table that cannot be read quickly says nothing.
 */
#include "migration/plan/foresee/violated.h"

#include "migration/plan/foresee/rows.h"
#include "pg/values.h"

#include <string.h>

/* A need, and the table that it is about. */
struct looking {
    struct needs *needs;
    const struct sql_need *need;
    const struct relation *relation;
    const char *table; /* its name for our session */
    struct row_columns columns;
};

static bool finds(const struct looking *looking, const char *sql)
{
    return rows_find(looking->needs, sql) == ROWS_FOUND;
}

/* A NOT NULL column without a value requires an empty table. */
static const char *why_not_empty(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    return !finds(looking, arena_printf(arena, "SELECT FROM %s LIMIT 1", looking->table))
               ? NULL
               : arena_printf(arena,
                              "The table has rows, for which the new column \"%s\" has no value and may not be NULL: "
                              "give it a DEFAULT, or make it NOT NULL when it is filled (23502).",
                              looking->need->part);
}

static const char *why_null(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    return !finds(looking, arena_printf(arena, "SELECT FROM %s WHERE NOT (%s) LIMIT 1", looking->table,
                                        looking->columns.present))
               ? NULL
               : arena_printf(arena, "Rows of the table have NULL in %s: fill them first (23502).",
                              looking->columns.list);
}

static const char *why_equal(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const char *const why = strcmp(looking->need->types, "p") == 0 ? why_null(looking) : NULL;
    if (why != NULL ||
        !finds(looking,
               arena_printf(arena, "SELECT FROM %s WHERE %s GROUP BY %s HAVING pg_catalog.count(*) > 1 LIMIT 1",
                            looking->table, looking->columns.present, looking->columns.list))) {
        return why;
    }
    return arena_printf(arena, "Several rows of the table have the same %s: it cannot be unique (23505).",
                        looking->columns.list);
}

static const char *why_unchecked(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const char *state;
    const enum rows_answer answer = rows_compute(
        looking->needs,
        arena_printf(arena, "SELECT FROM %s WHERE NOT %s LIMIT 1", looking->table, looking->need->types), &state);
    return answer == ROWS_FOUND
               ? "Rows of the table are against the CHECK: correct them first, or add it NOT VALID, for "
                 "new rows only (23514)."
           : answer == ROWS_REFUSED
               ? arena_printf(arena, "The CHECK cannot be computed for rows of the table: correct them first (%s).",
                              state)
               : NULL;
}

/* $1 the relation: the columns of its primary key, separated by the character 31. */
static const char key_sql[] =
    "SELECT pg_catalog.string_agg(a.attname::text, pg_catalog.chr(31) ORDER BY k.number) FROM pg_catalog.pg_index i, "
    "LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, number) JOIN "
    "pg_catalog.pg_attribute a ON a.attnum = k.attnum WHERE i.indrelid = $1::oid AND a.attrelid = i.indrelid AND "
    "i.indisprimary AND k.number <= i.indnkeyatts HAVING pg_catalog.count(*) > 0";

static const char *referenced_columns(const struct looking *looking, const struct relation *parent)
{
    const char *const oid = arena_printf(looking->needs->arena, "%u", parent->oid);
    if (looking->need->types[0] != '\0') {
        return looking->need->types;
    }
    PG_RESULT(key) = needs_ask(looking->needs, key_sql, 1, &oid);
    return key == NULL || PQntuples(key) == 0 ? NULL : arena_strdup(looking->needs->arena, pg_field(key, 0, 0));
}

/* "c.a = p.x AND c.b = p.y" of two lists of columns; NULL if they differ in length, or one is not plain. */
static const char *joined(const struct looking *looking, const struct relation *parent, const char *referenced)
{
    struct arena *const arena = looking->needs->arena;
    struct buffer condition = {.arena = arena};
    struct text own = text_of(looking->need->part);
    struct text to = text_of(referenced);
    struct text from;
    struct text at;
    while (text_next_unit(&own, &from) && text_next_unit(&to, &at)) {
        struct row_columns one;
        struct row_columns other;
        if (!rows_columns(looking->needs, looking->relation, arena_strndup(arena, from.data, from.size), &one) ||
            !rows_columns(looking->needs, parent, arena_strndup(arena, at.data, at.size), &other) ||
            (own.size == 0) != (to.size == 0)) {
            return NULL;
        }
        buffer_printf(&condition, "%sc.%s = p.%s", condition.size == 0 ? "" : " AND ", one.list, other.list);
    }
    return buffer_string(&condition);
}

static const char *why_orphan(const struct looking *looking)
{
    struct needs *const needs = looking->needs;
    struct arena *const arena = needs->arena;
    const struct relation *parent;
    const char *const table = rows_readable(needs, looking->need->was_schema, looking->need->was, &parent);
    const char *const referenced = table == NULL ? NULL : referenced_columns(looking, parent);
    const char *const condition = referenced == NULL ? NULL : joined(looking, parent, referenced);
    return condition == NULL ||
                   !finds(looking,
                          arena_printf(arena,
                                       "SELECT FROM %s c WHERE (%s) AND NOT EXISTS (SELECT FROM %s%s p WHERE %s) "
                                       "LIMIT 1",
                                       looking->table, looking->columns.present, parent->kind == 'p' ? "" : "ONLY ",
                                       table, condition))
               ? NULL
               : arena_printf(arena,
                              "Rows of the table have a %s that is not in \"%s\": correct or delete them first, or add "
                              "the key NOT VALID, for new rows only (23503).",
                              looking->columns.list, looking->need->was);
}

/* "a.r OPERATOR(pg_catalog.&&) b.r AND …"; NULL if a column is not plain. */
static const char *excluding(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    struct buffer condition = {.arena = arena};
    struct row_columns column;
    struct text names = text_of(looking->need->part);
    struct text signs = text_of(looking->need->types);
    for (struct text name; text_next_unit(&names, &name);) {
        struct text sign = text_of("");
        text_next_unit(&signs, &sign);
        if (!rows_columns(looking->needs, looking->relation, arena_strndup(arena, name.data, name.size), &column) ||
            strspn(sign.data, "+-*/<>=~!@#%^&|`?") != sign.size) {
            return NULL;
        }
        buffer_printf(&condition, " AND a.%s OPERATOR(pg_catalog.%.*s) b.%s", column.list, (int)sign.size, sign.data,
                      column.list);
    }
    return buffer_string(&condition);
}

static const char *why_together(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const char *const condition = excluding(looking);
    return condition == NULL ||
                   !finds(looking, arena_printf(arena,
                                                "SELECT FROM %s a JOIN %s b ON (a.tableoid, a.ctid) < (b.tableoid, "
                                                "b.ctid)%s LIMIT 1",
                                                looking->table, looking->table, condition))
               ? NULL
               : arena_printf(arena, "Rows of the table exclude each other in %s: correct them first (23P01).",
                              looking->columns.list);
}

static const struct {
    enum sql_need_kind kind;
    const char *(*why)(const struct looking *looking);
} kinds[] = {
    {SQL_NEED_NO_ROWS, why_not_empty}, {SQL_NEED_NO_NULLS, why_null},  {SQL_NEED_NO_DUPLICATES, why_equal},
    {SQL_NEED_CHECKED, why_unchecked}, {SQL_NEED_PARENTS, why_orphan}, {SQL_NEED_APART, why_together},
};

/* The table's name, with ONLY if its children do not count: an index, and a foreign key, are of one table, or of one
 * that is partitioned. NULL: not known. */
static const char *rows_of(struct needs *needs, const struct sql_need *need, const struct relation **relation)
{
    const bool is_single =
        need->kind == SQL_NEED_NO_DUPLICATES || need->kind == SQL_NEED_APART || need->kind == SQL_NEED_PARENTS;
    const char *const table = rows_readable(needs, need->schema, need->name, relation);
    return table != NULL && (need->is_only || (is_single && (*relation)->kind != 'p'))
               ? arena_printf(needs->arena, "ONLY %s", table)
               : table;
}

static const char *why(struct needs *needs, const struct sql_need *need)
{
    struct looking looking = {.needs = needs, .need = need};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind != need->kind) {
            continue;
        }
        looking.table = rows_of(needs, need, &looking.relation);
        const bool is_known =
            looking.table != NULL &&
            (need->kind == SQL_NEED_NO_ROWS || (!needs_mentioned_any(needs, need->part) &&
                                                rows_columns(needs, looking.relation, need->part, &looking.columns)));
        return is_known ? kinds[i].why(&looking) : NULL;
    }
    return NULL;
}

const char *violated_why(struct needs *needs, const struct sql_effects *effects)
{
    const char *found = NULL;
    const bool is_known = effects->count > 0 && !needs->has_cascaded;
    for (size_t i = 0; is_known && found == NULL && i < effects->need_count; i++) {
        found = why(needs, &effects->needs[i]);
    }
    return found;
}
