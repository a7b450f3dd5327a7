/*
 * Compares a statement's beginning with the rows of a table; the row's query tells whether the relation is unfit, and
 * its first column names the obstacle.
 */
#include "migration/plan/foresee/unfit.h"

#include "base/clock.h"
#include "pg/loading.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

#define MOST_MS 1000 /* for all rows of one plan that are read */

/* ---- the relation ---- */

/* The relation that is named here; moves the reader after it. NULL: the plan creates or has mentioned it. */
static const struct relation *take_relation(struct needs *needs, struct sql_reader *words)
{
    const char *schema;
    const char *const name = sql_take_name(needs->arena, words, &schema);
    const bool is_mentioned = name == NULL || needs_mentioned(needs, name);
    const struct relation *const relation = is_mentioned ? NULL : world_find(needs->world, schema, name);
    return relation == NULL || relation->oid == 0 ? NULL : relation;
}

/* ---- what follows the name ---- */

static bool any(struct sql_reader rest)
{
    (void)rest;
    return true;
}

/* ADD [CONSTRAINT k] PRIMARY KEY; what the same statement drops is dropped first. */
static bool adds_primary_key(struct sql_reader rest)
{
    if (!sql_take(&rest, "add")) {
        return false;
    }
    if (sql_take(&rest, "constraint")) {
        sql_advance(&rest);
    }
    return sql_take(&rest, "primary") && !sql_skip_to(&rest, "drop");
}

static bool detaches_concurrently(struct sql_reader rest)
{
    return sql_take(&rest, "detach") && sql_skip_to(&rest, "concurrently");
}

/* ---- the table ---- */

#define ONE_OF(kinds)                                                                                                  \
    "SELECT pg_catalog.concat('The relation is ', CASE c.relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN "                \
    "'a materialized view' WHEN 'S' THEN 'a sequence' WHEN 'f' THEN 'a foreign table' WHEN 'i' THEN 'an index' "       \
    "WHEN 'I' THEN 'an index' WHEN 'c' THEN 'a composite type' ELSE 'a table' END) FROM pg_catalog.pg_class c "        \
    "WHERE c.oid = $1::oid AND c.relkind NOT IN (" kinds ")"

/* The plan may have dropped it. */
#define NAME_OF_DEFAULT "(SELECT d.relname FROM pg_catalog.pg_class d WHERE d.oid = p.partdefid)"

static const struct row {
    const char *words;   /* the beginning of the statement */
    const char *between; /* the relation follows the next of these words; NULL: at once */
    bool (*test)(struct sql_reader rest);
    const char *sql; /* $1 the relation's oid: returns a row if it is unfit; the second column is something that must
                        not have been mentioned */
    const char *why; /* follows the row's text in the message */
} table[] = {
    {"alter table", NULL, adds_primary_key,
     "SELECT pg_catalog.concat('The primary key ', k.conname) FROM pg_catalog.pg_constraint k WHERE k.conrelid = "
     "$1::oid AND k.contype = 'p'",
     "is there already: a table has one (42P16)."},
    {"alter table", NULL, detaches_concurrently,
     "SELECT 'The DEFAULT partition', " NAME_OF_DEFAULT
     " FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = $1::oid AND "
     "p.partdefid <> 0",
     "keeps partitions from being detached CONCURRENTLY (55000)."},
    {"drop index", NULL, any,
     "SELECT pg_catalog.concat('The constraint ', k.conname) FROM pg_catalog.pg_constraint k WHERE k.conindid = "
     "$1::oid AND k.contype IN ('p', 'u', 'x')",
     "requires the index: drop the constraint (2BP01)."},
    {"create table", "of", any, ONE_OF("'p', 'c'"), "and not a partitioned table (42P17)."},
    {"refresh materialized view concurrently", NULL, any,
     "SELECT CASE WHEN c.relispopulated THEN 'No unique index over all of its rows' ELSE 'No first REFRESH' END FROM "
     "pg_catalog.pg_class c WHERE c.oid = $1::oid AND c.relkind = 'm' AND NOT (c.relispopulated AND EXISTS (SELECT "
     "FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND "
     "i.indexprs IS NULL))",
     "is there, which CONCURRENTLY needs (55000)."},
    {"refresh materialized view", NULL, any, ONE_OF("'m'"), "and not a materialized view (42809)."},
    {"truncate", NULL, any, ONE_OF("'r', 'p', 'f'"), "and cannot be emptied (42809)."},
    {"truncate table", NULL, any, ONE_OF("'r', 'p', 'f'"), "and cannot be emptied (42809)."},
    {"create index", "on", any, ONE_OF("'r', 'p', 'm'"), "and cannot have indexes (42809)."},
    {"create unique index", "on", any, ONE_OF("'r', 'p', 'm'"), "and cannot have indexes (42809)."},
    {"create policy", "on", any, ONE_OF("'r', 'p'"), "and cannot have policies (42809)."},
};

/* Moves the reader to the relation's name; true if it is there. Statements with IF [NOT] EXISTS are not judged. */
static bool find_name(struct sql_reader *words, const char *between)
{
    while (between != NULL && words->token.kind != SQL_END && !sql_is_word(&words->token, between)) {
        if (sql_is_symbol(&words->token, '(') || sql_is_word(&words->token, "if")) {
            return false;
        }
        sql_advance(words);
    }
    if (between != NULL) {
        sql_advance(words);
    }
    if (sql_is_word(&words->token, "if")) {
        return false;
    }
    sql_take(words, "only");
    return words->token.kind != SQL_END;
}

static const char *ask(struct needs *needs, const struct row *row, const struct relation *relation)
{
    const char *const oid = arena_printf(needs->arena, "%u", relation->oid);
    PG_RESULT(result) = needs_ask(needs, row->sql, 1, &oid);
    const bool is_unfit = result != NULL && PQntuples(result) > 0;
    return is_unfit && !(PQnfields(result) > 1 && needs_mentioned(needs, pg_field(result, 0, 1)))
               ? arena_printf(needs->arena, "%s %s", pg_field(result, 0, 0), row->why)
               : NULL;
}

/* ---- rows ---- */

/* $1 the relation: its name for our session. Not for a foreign partition, which another server would have to be asked
 * for, nor for a table that cannot be read without running untrusted code. */
static const char name_sql[] =
    "WITH RECURSIVE down(oid) AS (SELECT $1::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN down ON "
    "i.inhparent = down.oid) SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN "
    "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid AND c.relkind IN ('r', 'p') AND NOT "
    "EXISTS (SELECT FROM down JOIN pg_catalog.pg_class f ON f.oid = down.oid WHERE f.relkind NOT IN ('r', 'p')) AND "
    "NOT "
    "EXISTS (SELECT FROM down WHERE down.oid IN (" PG_UNREADABLE_TABLES "))";

/* Reads a user's table: without evaluating policies or writing, and without waiting long for an exclusive lock or for
 * millions of dead rows. */
static const char begin_sql[] = "BEGIN TRANSACTION READ ONLY; SET LOCAL row_security = off; SET LOCAL lock_timeout = "
                                "'100ms'; SET LOCAL statement_timeout = '100ms'";

/* Returns true if the query of a table gave a row. */
static bool has_row(struct needs *needs, const char *sql)
{
    struct status ignored = {.arena = needs->arena};
    struct pg_session *const session = questions_session(needs->questions);
    if (questions_are_noted(needs->questions) || pg_session_in_transaction(session) ||
        !pg_exec(session, begin_sql, &ignored)) {
        return false;
    }
    PG_RESULT(rows) = pg_query(session, sql, 0, NULL, &ignored);
    const bool has = rows != NULL && PQntuples(rows) > 0;
    pg_exec(session, "ROLLBACK", &ignored);
    return has;
}

static bool has_rows(struct needs *needs, const char *name)
{
    return has_row(needs, arena_printf(needs->arena, "SELECT FROM %s LIMIT 1", name));
}

/* The table's name for our session, if its rows are as they will be when the statement runs; NULL: not known. */
static const char *readable(struct needs *needs, const struct sql_need *need, const struct relation **relation)
{
    *relation = needs_mentioned(needs, need->name) ? NULL : world_find(needs->world, need->schema, need->name);
    if (*relation == NULL || (*relation)->oid == 0 || needs->may_have_emptied) {
        return NULL;
    }
    const char *const oid = arena_printf(needs->arena, "%u", (*relation)->oid);
    PG_RESULT(name) = needs_ask(needs, name_sql, 1, &oid);
    return name == NULL || PQntuples(name) == 0 ? NULL : arena_strdup(needs->arena, pg_field(name, 0, 0));
}

/* A NOT NULL column without a value requires an empty table. */
static const char *why_not_empty(struct needs *needs, const struct sql_need *need)
{
    const struct relation *relation;
    const char *const name = readable(needs, need, &relation);
    return name == NULL || !has_rows(needs, name)
               ? NULL
               : arena_printf(needs->arena,
                              "The table has rows, for which the new column \"%s\" has no value and may not be NULL: "
                              "give it a DEFAULT, or make it NOT NULL when it is filled (23502).",
                              need->part);
}

/* $1 the relation, $2 the columns: those whose comparison runs nobody's code. */
static const char plain_sql[] =
    "SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = "
    "a.atttypid WHERE a.attrelid = $1::oid AND NOT a.attisdropped AND t.typtype = 'b' AND t.typnamespace = "
    "'pg_catalog'::pg_catalog.regnamespace AND a.attname = ANY (pg_catalog.string_to_array($2, "
    "pg_catalog.chr(31))::name[])";

/* "a, b" and "a IS NOT NULL AND b IS NOT NULL" of the columns; false if one is not known, or not plain. */
static bool list_columns(struct needs *needs, const struct relation *relation, const char *columns, struct buffer *list,
                         struct buffer *present)
{
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), columns};
    PG_RESULT(plain) = needs_ask(needs, plain_sql, 2, values);
    int count = 1;
    for (const char *c = columns; *c != '\0'; c++) {
        count += *c == '\x1F' ? 1 : 0;
    }
    for (int i = 0; plain != NULL && i < PQntuples(plain); i++) {
        buffer_printf(list, "%s%s", i == 0 ? "" : ", ", pg_field(plain, i, 0));
        buffer_printf(present, "%s%s IS NOT NULL", i == 0 ? "" : " AND ", pg_field(plain, i, 0));
    }
    return plain != NULL && PQntuples(plain) == count;
}

/* NULLs in the way of NOT NULL, and equal rows in the way of a unique index. Large tables are not read to their end. */
static const char *why_rows(struct needs *needs, const struct sql_need *need)
{
    struct arena *const arena = needs->arena;
    struct buffer list = {.arena = arena};
    struct buffer present = {.arena = arena};
    const struct relation *relation;
    const char *const name = needs->parsed_ms >= MOST_MS ? NULL : readable(needs, need, &relation);
    if (name == NULL || needs_mentioned(needs, need->part) ||
        !list_columns(needs, relation, need->part, &list, &present)) {
        return NULL;
    }
    const int64_t began = clock_ms();
    const char *const columns = buffer_string(&list);
    const bool wants_values = need->kind == SQL_NEED_NO_NULLS || strcmp(need->types, "p") == 0;
    const char *why = NULL;
    if (wants_values &&
        has_row(needs, arena_printf(arena, "SELECT FROM %s WHERE NOT (%s) LIMIT 1", name, buffer_string(&present)))) {
        why = arena_printf(arena, "Rows of the table have NULL in %s: fill them first (23502).", columns);
    } else if (need->kind == SQL_NEED_NO_DUPLICATES &&
               has_row(needs,
                       arena_printf(arena, "SELECT FROM %s WHERE %s GROUP BY %s HAVING pg_catalog.count(*) > 1 LIMIT 1",
                                    name, buffer_string(&present), columns))) {
        why = arena_printf(arena, "Several rows of the table have the same %s: it cannot be unique (23505).", columns);
    }
    needs->parsed_ms += clock_ms() - began;
    return why;
}

const char *unfit_why(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    const char *why = NULL;
    if ((effects->count == 0 && effects->change_count == 0) || needs->has_cascaded) {
        return NULL;
    }
    for (size_t i = 0; why == NULL && i < sizeof table / sizeof table[0]; i++) {
        struct sql_reader words = sql_read(statement);
        if (!sql_take_words(&words, table[i].words) || !find_name(&words, table[i].between)) {
            continue;
        }
        const struct relation *const relation = take_relation(needs, &words);
        why = relation != NULL && table[i].test(words) ? ask(needs, &table[i], relation) : NULL;
    }
    for (size_t i = 0; why == NULL && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        why = need->kind == SQL_NEED_NO_ROWS                                            ? why_not_empty(needs, need)
              : need->kind == SQL_NEED_NO_NULLS || need->kind == SQL_NEED_NO_DUPLICATES ? why_rows(needs, need)
                                                                                        : NULL;
    }
    return why;
}
