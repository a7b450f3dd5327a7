/*
 * A name without a schema is looked for along the search path of the scripts. What cannot be asked is not known.
 */
#include "migration/plan/asked.h"

#include "pg/search.h"
#include "sql/lexer.h"

#include <string.h>

/* $1 schema or NULL, $2 name: the relation. */
#define RELATION                                                                                                       \
    "(SELECT c.oid FROM pg_catalog.unnest(CASE WHEN $1::text IS NULL THEN " PG_SCRIPT_SCHEMAS                          \
    " ELSE ARRAY[$1::name] END) WITH ORDINALITY AS s(schema, number) JOIN pg_catalog.pg_namespace n "                  \
    "ON n.nspname = s.schema JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = $2::name "           \
    "ORDER BY s.number LIMIT 1)"

/* Of a column a: NOT NULL that was checked, or a valid CHECK that no row passes with NULL. $4 and $5 constraints that
 * are valid, or gone, whatever the catalogs say, as arrays. */
#define NEVER_NULL                                                                                                     \
    "((a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND "         \
    "k.contype = 'n' AND NOT k.convalidated AND k.conkey = ARRAY[a.attnum])) OR EXISTS (SELECT FROM "                  \
    "pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid CROSS JOIN LATERAL "                  \
    "pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS e(text) WHERE k.conrelid = a.attrelid AND k.contype = 'c' "       \
    "AND (k.convalidated OR k.conname::text = ANY ($4::text[])) AND k.conname::text <> ALL ($5::text[]) "              \
    "AND NOT (k.connoinherit AND c.relhassubclass) "                                                                   \
    "AND pg_catalog.strpos(e.text, pg_catalog.concat('(', pg_catalog.quote_ident(a.attname), ' IS NOT NULL)')) > 0 "   \
    "AND e.text !~ ' OR |NOT \\(|CASE |[a-z]\\('))"

static const char never_null_sql[] =
    "SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = " RELATION " AND a.attname = $3::name AND " NEVER_NULL;

static const char index_sql[] =
    "SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = " RELATION " AND $3::text IS NULL AND NOT EXISTS (SELECT "
    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND NOT " NEVER_NULL
    ")";

/* An array's elements, or a range's bounds, in an index are of another type than the column. */
static const char specially_sql[] =
    "SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = "
    "$3::name WHERE i.indrelid = " RELATION
    " AND (((i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM "
    "pg_catalog.pg_depend d WHERE d.objid = i.indexrelid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))) OR EXISTS (SELECT FROM pg_catalog.generate_series(0, "
    "i.indnkeyatts - 1) AS g(number) JOIN pg_catalog.pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum = "
    "g.number + 1 JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[g.number] JOIN pg_catalog.pg_type t ON t.oid = "
    "o.opcintype WHERE i.indkey[g.number] = a.attnum AND t.typtype = 'p' AND x.atttypid <> a.atttypid))";

static const char checked_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attname = "
    "$3::name WHERE k.conrelid = " RELATION " AND k.contype = 'c' AND k.convalidated AND a.attnum = ANY (k.conkey)";

/* $1 schema or NULL, $2 name: kind, base, and whether something is checked of it or below it. */
static const char type_sql[] =
    "WITH RECURSIVE found AS (SELECT t.* FROM pg_catalog.unnest(CASE WHEN $1::text IS NULL THEN "
    "pg_catalog.array_append(" PG_SCRIPT_SCHEMAS ", 'pg_catalog'::name) ELSE ARRAY[$1::name] END) WITH ORDINALITY AS "
    "s(schema, number) JOIN pg_catalog.pg_namespace n ON n.nspname = s.schema JOIN pg_catalog.pg_type t ON "
    "t.typnamespace = n.oid AND t.typname = $2::name ORDER BY s.number LIMIT 1), below(oid) AS (SELECT oid FROM found "
    "UNION SELECT t.typbasetype FROM below JOIN pg_catalog.pg_type t ON t.oid = below.oid AND t.typtype = 'd') "
    "SELECT f.typtype, pg_catalog.format_type(f.typbasetype, f.typtypmod), EXISTS (SELECT FROM below JOIN "
    "pg_catalog.pg_type t ON t.oid = below.oid WHERE t.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k "
    "WHERE k.contypid = t.oid AND k.contype = 'c')) FROM found f";

static const char base_sql[] = "SELECT pg_catalog.format_type(t.typbasetype, t.typtypmod) FROM pg_catalog.pg_type t "
                               "WHERE t.oid = pg_catalog.to_regtype($1) AND t.typtype = 'd'";

/* ---- the catalogs ---- */

/* '{"a","b"}' */
static const char *array_of(struct arena *arena, const struct words *words)
{
    struct buffer array = {.arena = arena};
    for (size_t i = 0; i < words->count; i++) {
        buffer_puts(&array, i == 0 ? "{\"" : ",\"");
        for (const char *c = words->items[i]; *c != '\0'; c++) {
            buffer_puts(&array, *c == '"' || *c == '\\' ? "\\" : "");
            buffer_putc(&array, *c);
        }
        buffer_putc(&array, '"');
    }
    buffer_puts(&array, words->count == 0 ? "{}" : "}");
    return buffer_string(&array);
}

static bool has_rows(const struct asked *asked, const char *sql, int count, const char *const *values)
{
    struct status unanswered = {.arena = asked->arena};
    PG_RESULT(result) = pg_query(asked->session, sql, count, values, &unanswered);
    return result != NULL && PQntuples(result) > 0;
}

static bool has_pair(const struct words *words, const char *second)
{
    for (size_t i = 1; i < words->count; i += 2) {
        if (strcmp(words->items[i], second) == 0) {
            return true;
        }
    }
    return false;
}

static bool never_null(void *data, const char *schema, const char *table, const char *column)
{
    const struct asked *const asked = data;
    const char *const values[] = {schema, table, column, array_of(asked->arena, &asked->validated),
                                  array_of(asked->arena, &asked->dropped)};
    return has_pair(&asked->proofs, arena_printf(asked->arena, "%s.%s", table, column)) ||
           has_rows(asked, never_null_sql, 5, values);
}

static bool index_never_null(void *data, const char *schema, const char *index)
{
    const struct asked *const asked = data;
    const char *const values[] = {schema, index, NULL, array_of(asked->arena, &asked->validated),
                                  array_of(asked->arena, &asked->dropped)};
    return has_rows(asked, index_sql, 5, values);
}

static bool is_indexed_specially(void *data, const char *schema, const char *table, const char *column)
{
    return has_rows(data, specially_sql, 3, (const char *const[]){schema, table, column});
}

static bool is_checked(void *data, const char *schema, const char *table, const char *column)
{
    return has_rows(data, checked_sql, 3, (const char *const[]){schema, table, column});
}

static enum sql_type_kind type_kind(void *data, const char *schema, const char *type, const char **base)
{
    const struct asked *const asked = data;
    struct status unanswered = {.arena = asked->arena};
    if (words_have(&asked->checked_domains, type)) {
        return SQL_TYPE_CHECKED_DOMAIN;
    }
    if (words_have(&asked->free_domains, type)) {
        return SQL_TYPE_FREE_DOMAIN;
    }
    PG_RESULT(result) = pg_query(asked->session, type_sql, 2, (const char *const[]){schema, type}, &unanswered);
    if (result == NULL || PQntuples(result) == 0) {
        return SQL_TYPE_NOT_KNOWN;
    }
    *base = arena_strdup(asked->arena, pg_field(result, 0, 1));
    return pg_field(result, 0, 0)[0] != 'd' ? SQL_TYPE_PLAIN
           : pg_field_bool(result, 0, 2)    ? SQL_TYPE_CHECKED_DOMAIN
                                            : SQL_TYPE_FREE_DOMAIN;
}

static const char *base_of(void *data, const char *type)
{
    const struct asked *const asked = data;
    struct status unanswered = {.arena = asked->arena};
    PG_RESULT(result) = pg_query(asked->session, base_sql, 1, &type, &unanswered);
    return result == NULL || PQntuples(result) == 0 ? NULL : arena_strdup(asked->arena, pg_field(result, 0, 0));
}

static bool exists(void *data, const char *schema, const char *relation)
{
    const struct asked *const asked = data;
    const struct relation *const found = world_find(asked->world, schema, relation);
    return found != NULL && found->oid != 0;
}

static bool is_partitioned(void *data, const char *schema, const char *relation)
{
    const struct asked *const asked = data;
    const struct relation *const found = world_find(asked->world, schema, relation);
    return found != NULL && found->kind == 'p';
}

void asked_answer(struct asked *asked, struct sql_facts *facts)
{
    facts->type_kind = type_kind;
    facts->base_of = base_of;
    facts->never_null = never_null;
    facts->index_never_null = index_never_null;
    facts->is_indexed_specially = is_indexed_specially;
    facts->is_checked = is_checked;
    facts->exists = exists;
    facts->is_partitioned = is_partitioned;
    facts->asked = asked;
}

/* ---- what the plan does ---- */

static void take_pair(struct words *from, const char *constraint, struct arena *arena, struct words *to)
{
    for (size_t i = 0; i + 1 < from->count; i += 2) {
        if (strcmp(from->items[i], constraint) == 0) {
            const char *const proof = from->items[i + 1];
            from->items[i] = from->items[i + 1] = "";
            if (to != NULL) {
                words_add(arena, to, constraint);
                words_add(arena, to, proof);
            }
        }
    }
}

/* Behind ADD: [CONSTRAINT k] CHECK (column IS NOT NULL) [NOT VALID]. */
static void note_check(struct asked *asked, const char *table, struct sql_reader words)
{
    struct arena *const arena = asked->arena;
    const char *constraint = sql_take(&words, "constraint") ? sql_take_name(arena, &words, NULL) : NULL;
    size_t depth = 0;
    if (!sql_take(&words, "check")) {
        return;
    }
    for (; sql_is_symbol(&words.token, '('); sql_advance(&words)) {
        depth++;
    }
    const char *const column = sql_take_name(arena, &words, NULL);
    if (depth == 0 || column == NULL || !sql_take(&words, "is") || !sql_take(&words, "not") ||
        !sql_take(&words, "null")) {
        return;
    }
    for (; depth > 0 && sql_is_symbol(&words.token, ')'); sql_advance(&words)) {
        depth--;
    }
    const bool is_late = sql_take(&words, "not") && sql_is_word(&words.token, "valid");
    const bool is_all = depth == 0 && (is_late || words.token.kind == SQL_END || sql_is_symbol(&words.token, ';'));
    if (is_all) {
        constraint = constraint == NULL ? arena_printf(arena, "%s_%s_check", table, column) : constraint;
        words_add(arena, is_late ? &asked->promises : &asked->proofs, constraint);
        words_add(arena, is_late ? &asked->promises : &asked->proofs, arena_printf(arena, "%s.%s", table, column));
    }
}

/* Behind ALTER TABLE. */
static void note_table(struct asked *asked, struct sql_reader words)
{
    struct arena *const arena = asked->arena;
    sql_take_if(&words);
    sql_take(&words, "only");
    const char *const table = sql_take_name(arena, &words, NULL);
    if (table == NULL) {
        return;
    }
    if (sql_take(&words, "add")) {
        note_check(asked, table, words);
        return;
    }
    const bool validates = sql_take(&words, "validate");
    if ((validates || sql_take(&words, "drop")) && sql_take(&words, "constraint")) {
        const char *const constraint = sql_take_name(arena, &words, NULL);
        if (constraint != NULL && validates) {
            words_add(arena, &asked->validated, constraint);
            take_pair(&asked->promises, constraint, arena, &asked->proofs);
        } else if (constraint != NULL) {
            words_add(arena, &asked->dropped, constraint);
            take_pair(&asked->promises, constraint, arena, NULL);
            take_pair(&asked->proofs, constraint, arena, NULL);
        }
    }
}

/* Behind CREATE DOMAIN. What its base type is checked for counts, too. */
static void note_domain(struct asked *asked, struct sql_reader words)
{
    const char *const name = sql_take_name(asked->arena, &words, NULL);
    bool is_checked = false;
    sql_take(&words, "as");
    struct sql_reader type = words;
    const char *const base = sql_take_name(asked->arena, &type, NULL);
    is_checked = words_have(&asked->checked_domains, base);
    for (; words.token.kind != SQL_END; sql_advance(&words)) {
        const bool denies = sql_take(&words, "not");
        is_checked = is_checked || sql_is_word(&words.token, "check") || (denies && sql_is_word(&words.token, "null"));
    }
    if (name != NULL) {
        words_add(asked->arena, is_checked ? &asked->checked_domains : &asked->free_domains, name);
    }
}

void asked_note(struct asked *asked, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    if (sql_take(&words, "alter")) {
        if (sql_take(&words, "table")) {
            note_table(asked, words);
        }
    } else if (sql_take(&words, "create") && sql_take(&words, "domain")) {
        note_domain(asked, words);
    }
}
