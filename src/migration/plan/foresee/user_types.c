/*
 * The catalogs have the labels of enums and the constraints of domains; the labels of an enum that the plan creates are
 * in its statement. No value is cast to the type itself, which may run its owner's code.
 */
#include "migration/plan/foresee/user_types.h"

#include "base/sqlstate.h"
#include "pg/values.h"
#include "sql/effects.h"
#include "sql/lexer.h"

#include <string.h>

/* An enum of the plan. */
struct needs_enum {
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *labels; /* "'a', 'b'"; NULL: they are not known, or an earlier statement may have changed them */
};

/* The labels of an enum of the plan. *is_of_plan: the plan makes one that it may be; NULL then: they are not known. */
static const char *labels_made(const struct needs *needs, const char *schema, const char *name, bool *is_of_plan)
{
    const char *labels = NULL;
    bool is_sure = true;
    *is_of_plan = false;
    for (size_t i = 0; i < needs->enum_count; i++) {
        const struct needs_enum *const one = &needs->enums[i];
        const bool is = strcmp(one->name, name) == 0 && string_equal(one->schema, schema);
        /* Where one of them has no schema, it may be another type of that name. */
        const bool may_be = strcmp(one->name, name) == 0 && (one->schema == NULL || schema == NULL);
        *is_of_plan = *is_of_plan || is || may_be;
        is_sure = is_sure && (is || !may_be);
        labels = is ? one->labels : labels;
    }
    return is_sure ? labels : NULL;
}

/* ALTER TYPE: nothing is known any more of those that it may be. */
static void forget(struct needs *needs, const char *schema, const char *name)
{
    for (size_t i = 0; i < needs->enum_count; i++) {
        struct needs_enum *const one = &needs->enums[i];
        const bool may_be =
            strcmp(one->name, name) == 0 && (one->schema == NULL || schema == NULL || strcmp(one->schema, schema) == 0);
        one->labels = may_be ? NULL : one->labels;
    }
}

/* Behind AS ENUM: the labels as a list of literals; NULL: one is written in a way that is not read here (U&). */
static const char *labels_of(struct needs *needs, struct sql_reader words)
{
    struct buffer labels = {.arena = needs->arena};
    for (; !sql_is_end(&words.token); sql_advance(&words)) {
        const char *const label = sql_string(needs->arena, &words.token);
        if (label == NULL && words.token.kind == SQL_STRING) {
            return NULL;
        }
        if (label != NULL) {
            buffer_puts(&labels, labels.size == 0 ? "" : ", ");
            pg_quote_literal(&labels, text_of(label));
        }
    }
    return labels.size == 0 ? NULL : buffer_string(&labels);
}

void user_types_note(struct needs *needs, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const bool creates = sql_take_words(&words, "create type");
    if (!creates && !sql_take_words(&words, "alter type")) {
        return;
    }
    const char *schema;
    const char *const name = sql_take_name(needs->arena, &words, &schema);
    if (!creates && name != NULL) {
        forget(needs, schema, name);
    } else if (creates && name != NULL && sql_take_words(&words, "as enum")) {
        needs->enums =
            arena_grow(needs->arena, needs->enums, needs->enum_count, &needs->enum_capacity, sizeof *needs->enums);
        needs->enums[needs->enum_count++] = (struct needs_enum){schema, name, labels_of(needs, words)};
    }
}

/* $1 the schema of an enum, NULL for any; $2 its name: its labels, if there is only one such type. */
static const char labels_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ') FROM pg_catalog.pg_enum e WHERE "
    "e.enumtypid = (SELECT pg_catalog.max(t.oid) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = "
    "t.typnamespace WHERE t.typname = $2::name AND ($1::text IS NULL OR n.nspname = $1::name) HAVING "
    "pg_catalog.count(*) = 1) HAVING pg_catalog.count(*) > 0";

static const char *labels(struct needs *needs, const struct sql_retype *retype)
{
    bool is_of_plan;
    const char *const made = labels_made(needs, retype->type_schema, retype->type_name, &is_of_plan);
    const char *const values[] = {retype->type_schema, retype->type_name};
    return is_of_plan || needs_mentioned(needs, retype->type_name) ? made : needs_value(needs, labels_sql, 2, values);
}

/* $1 the relation, $2 the column: if it is a string or an enum, which become a text without anybody's code. Not
 * char(n), whose blanks at the end a label would have, and a text has not; nor a string whose collation takes different
 * texts as equal. */
static const char written_sql[] =
    "SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::oid "
    "AND a.attname = $2::name AND (t.typtype = 'e' OR (t.typcategory = 'S' AND t.typname <> "
    "'bpchar' AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace)) AND NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_collation l WHERE l.oid = a.attcollation AND NOT l.collisdeterministic) AND NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_cast k WHERE t.typtype = 'e' "
    "AND k.castsource = t.oid)";

enum rows_answer user_types_find_label(struct needs *needs, const struct sql_retype *retype,
                                       const struct relation *relation, const char *table)
{
    const char *const list = retype->text == NULL || retype->type_name == NULL ? NULL : labels(needs, retype);
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), retype->column};
    PG_RESULT(written) = list == NULL ? NULL : needs_ask(needs, written_sql, 2, values);
    /* Labels of enums of the database may have other names by then. */
    if (written == NULL || PQntuples(written) == 0 || needs_mentioned(needs, "value")) {
        return ROWS_NOT_KNOWN;
    }
    return rows_find(
        needs, arena_printf(needs->arena, "SELECT FROM %s WHERE %s NOT IN (%s) LIMIT 1", table, retype->text, list));
}

/* ---- domains ---- */

#define NEVER_NULL "VALUE IS NOT NULL"

/* The collation of the domain's values, as SQL; NULL: they have none. A column's own may order them otherwise. */
static const char *collation_of(struct needs *needs, const struct sql_retype *retype)
{
    static const char sql[] =
        "SELECT pg_catalog.format('%I.%I', c.nspname, l.collname) FROM pg_catalog.pg_type t JOIN "
        "pg_catalog.pg_namespace n ON n.oid = t.typnamespace JOIN pg_catalog.pg_collation l ON l.oid = t.typcollation "
        "JOIN pg_catalog.pg_namespace c ON c.oid = l.collnamespace WHERE t.typtype = 'd' AND t.typname = $2::name AND "
        "($1::text IS NULL OR n.nspname = $1::name)";
    const char *const values[] = {retype->type_schema, retype->type_name};
    return needs_value(needs, sql, 2, values);
}

/* "ALTER TABLE x ADD CHECK (…)" with all constraints of the domain and of what it is made of; NULL: it has none, or
 * there is not exactly one of that name. */
static const char *adding(struct needs *needs, const struct sql_retype *retype)
{
    struct buffer name = {.arena = needs->arena};
    pg_quote_literal(&name, text_of(retype->type_name));
    if (retype->type_schema != NULL) {
        buffer_puts(&name, " AND n.nspname = ");
        pg_quote_literal(&name, text_of(retype->type_schema));
    }
    return rows_value(
        needs, arena_printf(
                   needs->arena,
                   "WITH RECURSIVE named AS (SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON "
                   "n.oid = t.typnamespace WHERE t.typtype = 'd' AND t.typname = %s), below(oid) AS (SELECT oid FROM "
                   "named WHERE (SELECT pg_catalog.count(*) FROM named) = 1 UNION SELECT t.typbasetype FROM below JOIN "
                   "pg_catalog.pg_type t ON t.oid = below.oid AND t.typtype = 'd'), said AS (SELECT "
                   "pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), '^CHECK | NOT VALID$', '', 'g') "
                   "AS text FROM below JOIN pg_catalog.pg_constraint k ON k.contypid = below.oid AND k.contype = 'c' "
                   "UNION ALL SELECT '" NEVER_NULL "' FROM below JOIN pg_catalog.pg_type t ON t.oid = below.oid "
                   "AND t.typnotnull) SELECT 'ALTER TABLE x ADD CHECK (' || pg_catalog.string_agg(text, ' AND ') || "
                   "')' FROM said HAVING pg_catalog.count(*) > 0",
                   buffer_string(&name)));
}

static enum rows_answer find(struct needs *needs, const char *from, const char *condition)
{
    return rows_find(needs, arena_printf(needs->arena, "SELECT FROM (%s) AS x WHERE %s LIMIT 1", from, condition));
}

/* The values with the domain's collation. */
static const char *collated(struct needs *needs, const struct sql_retype *retype, const char *from)
{
    const char *const collation = collation_of(needs, retype);
    return collation == NULL
               ? from
               : arena_printf(needs->arena, "SELECT x.value COLLATE %s AS value FROM (%s) AS x", collation, from);
}

enum rows_answer user_types_find_refused(struct needs *needs, const struct sql_retype *retype, const char *from,
                                         const char **state)
{
    const bool may_ask = retype->type_name != NULL && !needs_mentioned(needs, retype->type_name);
    const char *const added = may_ask ? adding(needs, retype) : NULL;
    const char *const values = added == NULL ? NULL : collated(needs, retype, from);
    struct sql_effects effects = {0};
    enum rows_answer answer = ROWS_NOT_KNOWN;
    if (added != NULL) {
        sql_effects(needs->arena, text_of(added), NULL, NULL, &effects);
    }
    for (size_t i = 0; answer == ROWS_NOT_KNOWN && i < effects.need_count; i++) {
        const struct sql_need *const need = &effects.needs[i];
        if (need->kind == SQL_NEED_CHECKED && strcmp(need->part, "value") == 0) {
            answer = find(needs, values, arena_printf(needs->arena, "NOT %s", need->types));
        }
    }
    *state =
        answer == ROWS_FOUND && strstr(added, NEVER_NULL) != NULL && find(needs, values, "value IS NULL") == ROWS_FOUND
            ? SQLSTATE_NOT_NULL_VIOLATION
            : SQLSTATE_CHECK_VIOLATION;
    return answer;
}
