/*
 * Each look has a tenth of a second, and all looks of a plan have one second.
 */
#include "migration/plan/foresee/rows.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "migration/plan/foresee/added_columns.h"
#include "pg/exec.h"
#include "pg/loading.h"
#include "pg/query.h"
#include "pg/session.h"
#include "pg/values.h"
#include "sql/types.h"

#include <string.h>

#define MOST_MS 1000

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
 * millions of dead rows. A name without a schema is PostgreSQL's own. */
#define BEGIN                                                                                                          \
    "BEGIN TRANSACTION READ ONLY; SET LOCAL row_security = off; SET LOCAL search_path = ''; SET LOCAL lock_timeout = " \
    "'100ms'; SET LOCAL statement_timeout = '100ms'"
static const char begin_sql[] = BEGIN;

/* For a plan that CHECKs may shorten. */
#define EXPLAIN "EXPLAIN "
static const char begin_plan_sql[] = BEGIN "; SET LOCAL constraint_exclusion = on";

const char *rows_added(struct needs *needs, const char *schema, const char *table, const struct relation **relation)
{
    *relation = needs_altered(needs, table) ? NULL : world_find(needs->world, schema, table);
    if (*relation == NULL || (*relation)->oid == 0 || needs->may_have_emptied) {
        return NULL;
    }
    const char *const oid = arena_printf(needs->arena, "%u", (*relation)->oid);
    return needs_value(needs, name_sql, 1, &oid);
}

const char *rows_readable(struct needs *needs, const char *schema, const char *table, const struct relation **relation)
{
    *relation = NULL;
    return word_set_has(&needs->wrote, table) ? NULL : rows_added(needs, schema, table, relation);
}

/* $1 the relation, $2 the columns: those whose comparison runs nobody's code. A domain is compared, and converted, like
 * its base type. */
static const char plain_sql[] =
    "SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type o ON o.oid = "
    "a.atttypid JOIN pg_catalog.pg_type t ON t.oid = CASE o.typtype WHEN 'd' THEN o.typbasetype ELSE o.oid END WHERE "
    "a.attrelid = $1::oid AND NOT a.attisdropped AND t.typtype IN ('b', 'r', 'm') AND t.typnamespace = "
    "'pg_catalog'::pg_catalog.regnamespace AND a.attname = ANY (pg_catalog.string_to_array($2, "
    "pg_catalog.chr(31))::name[])";

struct row_columns_text {
    struct buffer list;
    struct buffer present;
};

static void put_column(struct row_columns_text *text, const char *quoted)
{
    buffer_printf(&text->list, "%s%s", text->list.size == 0 ? "" : ", ", quoted);
    buffer_printf(&text->present, "%s%s IS NOT NULL", text->present.size == 0 ? "" : " AND ", quoted);
}

bool rows_columns(struct needs *needs, const struct relation *relation, const char *columns, struct row_columns *found)
{
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), columns};
    struct row_columns_text text = {{.arena = needs->arena}, {.arena = needs->arena}};
    struct text rest = text_of(columns);
    size_t count = 0;
    PG_RESULT(plain) = needs_ask(needs, plain_sql, 2, values);
    for (int i = 0; plain != NULL && i < PQntuples(plain); i++, count++) {
        put_column(&text, pg_field(plain, i, 0));
    }
    for (struct text name; text_next_unit(&rest, &name);) {
        const struct needs_added *const added = added_find(needs, relation, name);
        if (added != NULL) {
            struct buffer quoted = {.arena = needs->arena};
            pg_quote_identifier(&quoted, added->column);
            put_column(&text, buffer_string(&quoted));
            count++;
        }
    }
    *found = (struct row_columns){buffer_string(&text.list), buffer_string(&text.present)};
    return plain != NULL && count == text_count(text_of(columns), "\x1F") + 1;
}

/* $1 the relation: the columns of its primary key, separated by the character 31. */
static const char key_sql[] =
    "SELECT pg_catalog.string_agg(a.attname::text, pg_catalog.chr(31) ORDER BY k.number) FROM pg_catalog.pg_index i, "
    "LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, number) JOIN "
    "pg_catalog.pg_attribute a ON a.attnum = k.attnum WHERE i.indrelid = $1::oid AND a.attrelid = i.indrelid AND "
    "i.indisprimary AND k.number <= i.indnkeyatts HAVING pg_catalog.count(*) > 0";

const char *rows_primary_key(struct needs *needs, const struct relation *relation)
{
    const char *const oid = arena_printf(needs->arena, "%u", relation->oid);
    return needs_value(needs, key_sql, 1, &oid);
}

const char *rows_joined(struct needs *needs, const struct relation *child, const char *own,
                        const struct relation *parent, const char *referred)
{
    struct buffer condition = {.arena = needs->arena};
    struct text left = text_of(own);
    struct text right = text_of(referred);
    struct text one;
    struct text other;
    while (text_next_unit(&left, &one) && text_next_unit(&right, &other)) {
        struct row_columns mine;
        struct row_columns theirs;
        if (!rows_columns(needs, child, arena_strndup(needs->arena, one.data, one.size), &mine) ||
            !rows_columns(needs, parent, arena_strndup(needs->arena, other.data, other.size), &theirs) ||
            (left.size == 0) != (right.size == 0)) {
            return NULL;
        }
        buffer_printf(&condition, "%sc.%s = p.%s", condition.size == 0 ? "" : " AND ", mine.list, theirs.list);
    }
    return buffer_string(&condition);
}

const char *rows_own(struct arena *arena, const struct relation *relation, const char *table)
{
    return relation->kind == 'p' ? table : arena_printf(arena, "ONLY %s", table);
}

void rows_put_value(struct buffer *sql, const struct sql_value *value)
{
    if (value->kind == SQL_VALUE_STRING) {
        pg_quote_literal(sql, text_of(value->text));
    } else {
        buffer_puts(sql, value->kind == SQL_VALUE_NULL ? "NULL" : value->text);
    }
}

/* A length is checked by a function of its own: a cast would cut. */
static const struct {
    const char *type;
    const char *function;
    int added; /* to the length: a type modifier counts its own header for strings */
} lengths[] = {{"varchar", "varchar", 4}, {"bpchar", "bpchar", 4}, {"bit", "bit", 0}, {"varbit", "varbit", 0}};

const char *rows_assigned(struct arena *arena, const char *value, const char *type)
{
    const struct sql_type to = type_of_text(type);
    for (size_t i = 0; to.modifier_count > 0 && i < sizeof lengths / sizeof lengths[0]; i++) {
        if (type_is_one_of(&to, lengths[i].type)) {
            return arena_printf(arena, "pg_catalog.\"%s\"((%s)::pg_catalog.\"%s\", %ld, false)", lengths[i].function,
                                value, lengths[i].function, to.modifiers[0] + lengths[i].added);
        }
    }
    return arena_printf(arena, "(%s)::%s", value, type);
}

bool rows_reads_otherwise(const struct needs *needs, const char *type)
{
    static const char *const by_settings[] = {"date", "time", "ts", "interval", "money", NULL};
    bool is = needs->may_read_otherwise;
    for (size_t i = 0; !is && (needs->has_set || needs->may_set_zone) && by_settings[i] != NULL; i++) {
        is = strstr(type, by_settings[i]) != NULL;
    }
    return is;
}

static PGresult *read_rows(struct pg_session *session, const char *sql, struct status *status)
{
    struct status ignored = {.arena = status->arena};
    const bool is_plan = strncmp(sql, EXPLAIN, strlen(EXPLAIN)) == 0;
    if (!pg_exec(session, is_plan ? begin_plan_sql : begin_sql, &ignored)) {
        return NULL;
    }
    PGresult *const rows = pg_query(session, sql, 0, NULL, status);
    pg_exec(session, "ROLLBACK", &ignored);
    return rows;
}

/* NULL: no answer; only if it was refused, status has an SQLSTATE. */
static PGresult *look(struct needs *needs, const char *sql, struct status *status)
{
    struct pg_session *const session = questions_session(needs->questions);
    if (needs->parsed_ms >= MOST_MS || questions_are_noted(needs->questions) || pg_session_in_transaction(session)) {
        return NULL;
    }
    const int64_t began = clock_ms();
    PGresult *const rows = read_rows(session, sql, status);
    needs->parsed_ms += clock_ms() - began;
    return rows;
}

PGresult *rows_look(struct needs *needs, const char *sql, const char **state)
{
    struct status status = {.arena = needs->arena};
    PGresult *const rows = look(needs, sql, &status);
    *state = rows == NULL && sqlstate_is_of_class(status.sqlstate, SQLSTATE_CLASS_DATA)
                 ? arena_strdup(needs->arena, status.sqlstate)
                 : NULL;
    return rows;
}

enum rows_answer rows_compute(struct needs *needs, const char *sql, const char **state)
{
    struct status status = {.arena = needs->arena};
    PG_RESULT(rows) = look(needs, sql, &status);
    *state = arena_strdup(needs->arena, status.sqlstate);
    return rows != NULL                                                 ? (PQntuples(rows) > 0 ? ROWS_FOUND : ROWS_NONE)
           : sqlstate_is_of_class(status.sqlstate, SQLSTATE_CLASS_DATA) ? ROWS_REFUSED
                                                                        : ROWS_NOT_KNOWN;
}

const char *rows_value(struct needs *needs, const char *sql)
{
    struct status ignored = {.arena = needs->arena};
    PG_RESULT(found) = look(needs, sql, &ignored);
    return found == NULL || PQntuples(found) == 0 ? NULL : arena_strdup(needs->arena, pg_field(found, 0, 0));
}

enum rows_answer rows_find(struct needs *needs, const char *sql)
{
    const char *ignored;
    return rows_compute(needs, sql, &ignored);
}

/* $1 the relation: a row if its CHECKs use a function, operator or type that is not PostgreSQL's own. */
static const char checked_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_depend d ON d.classid = "
    "'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid AND d.refclassid IN "
    "('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass, "
    "'pg_catalog.pg_type'::pg_catalog.regclass) WHERE k.conrelid = $1::oid AND k.contype = 'c' LIMIT 1";

bool rows_excluded(struct needs *needs, const struct relation *relation, const char *condition)
{
    const char *const oid = arena_printf(needs->arena, "%u", relation->oid);
    const char *const table = needs_value(needs, name_sql, 1, &oid);
    PG_RESULT(calling) = table == NULL ? NULL : needs_ask(needs, checked_sql, 1, &oid);
    if (calling == NULL || PQntuples(calling) > 0) {
        return false;
    }
    const char *const node = rows_value(
        needs, arena_printf(needs->arena, EXPLAIN "(COSTS OFF) SELECT FROM ONLY %s WHERE %s", table, condition));
    return node != NULL && strncmp(node, "Result", strlen("Result")) == 0;
}
