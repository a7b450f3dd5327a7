/*
 * Parse analyzes a query completely: enum labels, argument types, column counts, operators. The answer holds for the
 * run only if nothing that the statement names can be different by then. Of a statement that stores something to be
 * computed later, the query with the same expressions is asked (sql/analyzed.h).
 */
#include "migration/plan/foresee/understood.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/sqlstate.h"
#include "migration/plan/foresee/constants.h"
#include "migration/plan/foresee/types_said.h"
#include "pg/exec.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

#define MOST_BYTES  8192 /* of a statement: longer ones are mostly many values */
#define MOST_PARSED 200  /* statements of one plan, at three round trips each */
#define MOST_MS     1000 /* for all of them */

/* Queries for what statements store: of one plan, and in one message. */
#define MOST_NOTED    2000
#define MOST_TOGETHER 50

/* Parse locks the statement's tables until ROLLBACK. The timeouts keep us from waiting for whoever holds one. */
#define BEGIN                                                                                                          \
    "BEGIN TRANSACTION READ ONLY; SET LOCAL lock_timeout = '100ms'; SET LOCAL statement_timeout = '100ms'; SELECT "    \
    "pg_catalog.set_config('search_path', pg_catalog.current_setting('truss.path', true), true)"

static bool is_of_rows(struct text statement)
{
    static const char *const verbs[] = {"insert", "update", "delete", "merge", "select",
                                        "values", "with",   "table",  "call",  NULL};
    const struct sql_reader words = sql_read(statement);
    return sql_is_any_word(&words.token, verbs);
}

/* ---- can the meaning change before the run? ---- */

static bool is_all_uncertain(const struct needs *needs)
{
    return needs->has_redefined || needs->has_cascaded || needs->has_set || needs->has_unnamed_schema ||
           needs_took(needs, "schema");
}

/* Will it be there, or be another one, when the statement runs? The run creates the tracking table before. */
static bool is_touched(const struct needs *needs, const char *name)
{
    return needs_mentioned(needs, name) ||
           (name != NULL && needs->own_table != NULL && strcmp(name, needs->own_table) == 0);
}

/* The same, where more is known about what earlier statements did with the name. */
static bool may_be_changed(const struct needs *needs, const char *name)
{
    return name != NULL && is_touched(needs, name) && (!needs_mentioned(needs, name) || needs_changed(needs, name));
}

/* Or what the name begins with: the sequence of a serial column of x is x_id_seq. */
static bool mentions_name(const struct needs *needs, struct arena *reading, const char *name)
{
    bool has = may_be_changed(needs, name) || (name != NULL && strlen(name) >= LIMIT_NAME - 4);
    for (const char *c = name == NULL ? NULL : strchr(name, '_'); !has && c != NULL; c = strchr(c + 1, '_')) {
        has = may_be_changed(needs, arena_strndup(reading, name, (size_t)(c - name)));
    }
    return has;
}

static bool mentions(const struct needs *needs, struct arena *reading, struct text text, bool in_strings)
{
    struct sql_reader words = sql_read(text);
    bool has = false;
    for (; !has && !sql_is_end(&words.token); sql_advance(&words)) {
        const char *const word = in_strings ? NULL : sql_identifier(reading, &words.token);
        const char *const string = in_strings ? sql_string(reading, &words.token) : NULL;
        has =
            mentions_name(needs, reading, word) || (string != NULL && mentions(needs, reading, text_of(string), false));
    }
    return has;
}

/* A string may be a name, too: nextval('s'), 't'::regclass. In a statement that was not read, any word may be one. */
static bool mentions_a_word(const struct needs *needs, struct text statement, bool was_read)
{
    struct arena *const reading = arena_new(0);
    const bool has =
        mentions(needs, reading, statement, true) || (!was_read && mentions(needs, reading, statement, false));
    arena_free(reading);
    return has;
}

static bool mentions_a_relation(struct needs *needs, const struct sql_relation_lock *lock)
{
    const struct relation *const relation =
        lock->name == NULL ? NULL : world_find(needs->world, lock->schema, lock->name);
    return lock->name == NULL || needs_mentioned(needs, lock->name) || needs_mentioned(needs, lock->schema) ||
           relation == NULL || relation->oid == 0 || relation->renamed || needs_mentioned_above(needs, relation->oid);
}

/* Is it a function or a type, which statements about tables only use? */
static bool is_called(enum sql_need_kind kind)
{
    return kind == SQL_NEED_FUNCTION || kind == SQL_NEED_IMMUTABLE || kind == SQL_NEED_TYPE || kind == SQL_NEED_LABEL;
}

/* reads: it is asked about relations. */
static bool may_be_otherwise(struct needs *needs, struct text asked, const struct sql_effects *effects, bool reads)
{
    const bool was_read = effects->need_count > 0 || effects->analyzed != NULL;
    bool may = (reads && effects->names_new) || is_all_uncertain(needs) || mentions_a_word(needs, asked, was_read);
    for (size_t i = 0; !may && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        may = (is_called(need->kind) ? may_be_changed(needs, need->name) : is_touched(needs, need->name)) ||
              needs_mentioned(needs, need->schema) ||
              (need->kind == SQL_NEED_COLUMN_OR_FUNCTION && needs_mentioned(needs, need->part));
    }
    for (size_t i = 0; !may && reads && i < effects->count; i++) {
        may = mentions_a_relation(needs, &effects->locks[i]);
    }
    return may;
}

/* ---- asking ---- */

/* Errors in the statement itself. Missing rights are reported by check; other errors may be temporary. */
static bool is_certain(const struct status *status)
{
    return (sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_SYNTAX) ||
            sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_DATA) ||
            sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_FEATURE) ||
            sqlstate_is(status->sqlstate, SQLSTATE_NOT_IN_PREREQUISITE_STATE)) &&
           !sqlstate_is(status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE);
}

/* The columns that it would give; NULL, with the reason in *status, if the server rejects it, or if it was not asked
 * (then without an SQLSTATE). */
static PGresult *describe(struct needs *needs, const char *sql, struct status *status)
{
    struct status ignored = {.arena = needs->arena};
    struct pg_session *const session = questions_session(needs->questions);
    const int64_t began = clock_ms();
    PGresult *const described = pg_exec(session, BEGIN, &ignored) ? pg_describe(session, sql, status) : NULL;
    pg_exec(session, "ROLLBACK", &ignored);
    needs->parsed_count++;
    needs->parsed_ms += clock_ms() - began;
    return described;
}

static bool may_ask(const struct needs *needs, const struct sql_effects *effects)
{
    return !effects->unread && needs->parsed_count < MOST_PARSED && needs->parsed_ms < MOST_MS &&
           !questions_are_noted(needs->questions) && !pg_session_in_transaction(questions_session(needs->questions));
}

/* In our query stands a WHERE where the statement has a DEFAULT, a CHECK or an index. */
static const char *without_where(struct arena *arena, const char *message)
{
    static const char *const words[][2] = {{" in WHERE", " there"}, {" of WHERE", " of a condition"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *const at = strstr(message, words[i][0]);
        if (at != NULL) {
            return arena_printf(arena, "%.*s%s%s", (int)(at - message), message, words[i][1], at + strlen(words[i][0]));
        }
    }
    return message;
}

static const char *say(struct needs *needs, const struct status *status)
{
    return arena_printf(needs->arena, "PostgreSQL does not take it as the database is now: %s (%s)%s%s",
                        status->message, status->sqlstate, status->hint == NULL ? "." : ". ",
                        status->hint == NULL ? "" : status->hint);
}

const char *understood_why(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    struct status status = {.arena = needs->arena};
    if (!is_of_rows(statement) || statement.size > MOST_BYTES || !may_ask(needs, effects) ||
        may_be_otherwise(needs, statement, effects, true) || constants_run_code(needs, statement)) {
        return NULL;
    }
    PG_RESULT(described) = describe(needs, arena_strndup(needs->arena, statement.data, statement.size), &status);
    return described != NULL || !is_certain(&status) ? NULL : say(needs, &status);
}

/* ---- what a statement stores ---- */

/* $1 types by their oids, $2 the types that they become or '' for that of the column, $3 the columns, $4 the table:
 * those that do not become so by assignment, with the names of both. */
static const char assigned_sql[] =
    "SELECT g.name, pg_catalog.format_type(g.type, NULL), pg_catalog.min(pg_catalog.format_type(t.oid, NULL)) FROM "
    "(SELECT u.type, coalesce(u.becomes, '') AS becomes, coalesce(u.name, '') AS name FROM unnest($1::oid[], "
    "pg_catalog.string_to_array($2, pg_catalog.chr(31)), pg_catalog.string_to_array($3, pg_catalog.chr(31))) AS "
    "u(type, becomes, name)) g JOIN pg_catalog.pg_type f ON f.oid = coalesce((SELECT d.typbasetype FROM "
    "pg_catalog.pg_type d WHERE d.oid = g.type AND d.typtype = 'd'), g.type) JOIN pg_catalog.pg_type t ON CASE WHEN "
    "g.becomes <> '' THEN t.oid = ANY (" TYPES_SAID(
        "g.becomes") ") ELSE t.oid = (SELECT a.atttypid FROM "
                     "pg_catalog.pg_attribute a WHERE a.attrelid = $4::oid AND a.attname = g.name::name AND NOT "
                     "a.attisdropped) END GROUP BY g.name, g.type, g.becomes HAVING pg_catalog.bool_and(f.typtype <> "
                     "'p' AND NOT " TYPES_ASSIGN("f.oid", "t") ") LIMIT 1";

static const char *why_not_assigned(struct needs *needs, const struct sql_analyzed *analyzed, const PGresult *described)
{
    struct buffer types = {.arena = needs->arena};
    const struct relation *const relation =
        analyzed->name == NULL ? NULL : world_find(needs->world, analyzed->schema, analyzed->name);
    if (analyzed->becomes[0] == '\0' && analyzed->columns[0] == '\0') {
        return NULL;
    }
    for (int i = 0; i < PQnfields(described); i++) {
        pg_put_element(&types, arena_printf(needs->arena, "%u", PQftype(described, i)));
    }
    const char *const values[] = {pg_array_text(&types), analyzed->becomes, analyzed->columns,
                                  arena_printf(needs->arena, "%u", relation == NULL ? 0 : relation->oid)};
    PG_RESULT(found) = needs_ask(needs, assigned_sql, 4, values);
    return found == NULL || PQntuples(found) == 0
               ? NULL
               : arena_printf(
                     needs->arena, "The DEFAULT%s%s%s is of type %s, which does not become %s by itself (42804).",
                     pg_field(found, 0, 0)[0] == '\0' ? "" : " of \"", pg_field(found, 0, 0),
                     pg_field(found, 0, 0)[0] == '\0' ? "" : "\"", pg_field(found, 0, 1), pg_field(found, 0, 2));
}

/* They are asked about together as conditions of one query, so that a large plan needs few round trips. What is refused
 * is asked about again by itself. */
static void ask_together(struct needs *needs)
{
    struct words *const stored = &needs->stored;
    for (size_t i = 0; i < stored->count && needs->parsed_ms < MOST_MS;) {
        struct buffer sql = {.arena = needs->arena};
        struct status ignored = {.arena = needs->arena};
        const size_t begin = i;
        for (; i < stored->count && i - begin < MOST_TOGETHER; i++) {
            /* What may not be read: it is not asked about by itself either. */
            const bool runs_code = constants_run_code(needs, text_of(stored->items[i]));
            buffer_printf(&sql, "%s (%s)", i == begin ? SQL_ANALYZED_SELECT "WHERE EXISTS" : " AND EXISTS",
                          runs_code ? "SELECT" : stored->items[i]);
        }
        PG_RESULT(described) = describe(needs, buffer_string(&sql), &ignored);
        for (size_t j = begin; described == NULL && j < i; j++) {
            word_set_add(needs->arena, &needs->refused, stored->items[j]);
        }
    }
    *stored = (struct words){0};
    needs->asks_together = true;
}

/* Is it known to be accepted, or will it be asked about with others? */
static bool is_settled(struct needs *needs, const struct sql_analyzed *analyzed)
{
    if (questions_are_noted(needs->questions)) {
        if (analyzed->columns[0] == '\0' && analyzed->named == 0 && needs->stored.count < MOST_NOTED) {
            words_add(needs->arena, &needs->stored, arena_strdup(needs->arena, analyzed->sql));
        }
        return true;
    }
    if (needs->stored.count > 0) {
        ask_together(needs);
    }
    return needs->asks_together && analyzed->columns[0] == '\0' && analyzed->named == 0 &&
           !word_set_has(&needs->refused, analyzed->sql);
}

const char *understood_stored_why(struct needs *needs, const struct sql_effects *effects)
{
    const struct sql_analyzed *const analyzed = effects->analyzed;
    struct pg_session *const session = questions_session(needs->questions);
    struct status status = {.arena = needs->arena};
    if (analyzed == NULL || effects->unread || needs->may_read_otherwise || !pg_session_standard_strings(session) ||
        pg_session_in_transaction(session) ||
        may_be_otherwise(needs, text_of(analyzed->sql), effects, analyzed->reads) ||
        constants_run_code(needs, text_of(analyzed->sql)) || is_settled(needs, analyzed) || !may_ask(needs, effects)) {
        return NULL;
    }
    PG_RESULT(described) = describe(needs, analyzed->sql, &status);
    if (described == NULL) {
        const bool is_query = strncmp(analyzed->sql, SQL_ANALYZED_SELECT, strlen(SQL_ANALYZED_SELECT)) != 0;
        status.message = is_query ? status.message : without_where(needs->arena, status.message);
        return is_certain(&status) ? say(needs, &status) : NULL;
    }
    return analyzed->named > (size_t)PQnfields(described) ? "It names more columns than its query has (42601)."
                                                          : why_not_assigned(needs, analyzed, described);
}
