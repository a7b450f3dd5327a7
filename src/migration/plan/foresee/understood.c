/*
 * Parse analyzes a query completely: enum labels, argument types, column counts, operators. The answer holds for the
 * run only if nothing that the statement names can be different by then.
 */
#include "migration/plan/foresee/understood.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/sqlstate.h"
#include "pg/exec.h"
#include "pg/trust.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

#define MOST_BYTES  8192 /* of a statement: longer ones are mostly many values */
#define MOST_PARSED 200  /* statements of one plan, at three round trips each */
#define MOST_MS     1000 /* for all of them */

/* Parse locks the statement's tables until ROLLBACK. The timeouts keep us from waiting for whoever holds one. */
#define BEGIN                                                                                                          \
    "BEGIN TRANSACTION READ ONLY; SET LOCAL lock_timeout = '100ms'; SET LOCAL statement_timeout = '100ms'; SELECT "    \
    "pg_catalog.set_config('search_path', pg_catalog.current_setting('truss.path', true), true)"

/* Parse converts constants to their types. For a row, an array or a range this runs the CHECKs of domains inside it,
 * which is code of the domain's owner. Even PostgreSQL's own functions may run SQL that they are given. */
static const char domains_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type t ON t.oid = k.contypid JOIN "
    "pg_catalog.pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_roles r ON r.oid = t.typowner WHERE "
    "k.contype = 'c' AND n.nspname <> 'information_schema' AND ((r.oid IS NOT NULL AND " PG_IS_TRUSTED(
        "r") ") IS NOT TRUE OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = "
             "'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid AND d.refclassid IN "
             "('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass))) LIMIT 1";

static bool is_of_rows(struct text statement)
{
    static const char *const verbs[] = {"insert", "update", "delete", "merge", "select",
                                        "values", "with",   "table",  "call",  NULL};
    const struct sql_reader words = sql_read(statement);
    return sql_is_any_word(&words.token, verbs);
}

/* ---- can the meaning change before the run? ---- */

/* Statements that can change the meaning of any other: operators, casts and the types of columns are used without being
 * named, and an extension brings any names. */
static bool is_all_uncertain(const struct needs *needs)
{
    static const char *const words[] = {"operator", "cast", "value", "attribute", "extension", "conversion"};
    bool is = needs->has_cascaded || needs->has_set || needs->has_unnamed_schema || needs_took(needs, "schema");
    for (size_t i = 0; !is && i < sizeof words / sizeof words[0]; i++) {
        is = needs_mentioned(needs, words[i]);
    }
    return is;
}

/* Will it be there, or be another one, when the statement runs? The run creates the tracking table before. */
static bool is_touched(const struct needs *needs, const char *name)
{
    return needs_mentioned(needs, name) ||
           (name != NULL && needs->own_table != NULL && strcmp(name, needs->own_table) == 0);
}

/* Or what the name begins with: the sequence of a serial column of x is x_id_seq. */
static bool mentions_name(const struct needs *needs, struct arena *reading, const char *name)
{
    bool has = is_touched(needs, name) || (name != NULL && strlen(name) >= LIMIT_NAME - 4);
    for (const char *c = name == NULL ? NULL : strchr(name, '_'); !has && c != NULL; c = strchr(c + 1, '_')) {
        has = is_touched(needs, arena_strndup(reading, name, (size_t)(c - name)));
    }
    return has;
}

static bool mentions(const struct needs *needs, struct arena *reading, struct text text, bool in_strings)
{
    struct sql_reader words = sql_read(text);
    bool has = false;
    for (; !has && words.token.kind != SQL_END && words.token.kind != SQL_BROKEN; sql_advance(&words)) {
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

static bool may_be_otherwise(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    bool may =
        effects->names_new || is_all_uncertain(needs) || mentions_a_word(needs, statement, effects->need_count > 0);
    for (size_t i = 0; !may && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        may = is_touched(needs, need->name) || needs_mentioned(needs, need->schema) ||
              (need->kind == SQL_NEED_COLUMN_OR_FUNCTION && needs_mentioned(needs, need->part));
    }
    for (size_t i = 0; !may && i < effects->count; i++) {
        may = mentions_a_relation(needs, &effects->locks[i]);
    }
    return may;
}

static bool runs_code(struct needs *needs)
{
    PG_RESULT(domains) = needs_ask(needs, domains_sql, 0, NULL);
    return domains == NULL || PQntuples(domains) > 0;
}

/* ---- asking ---- */

/* Errors in the statement itself. Missing rights are reported by check; other errors may be temporary. */
static bool is_certain(const struct status *status)
{
    return (sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_SYNTAX) ||
            sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_DATA)) &&
           !sqlstate_is(status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE);
}

/* False, with the reason in *status, if the server rejects it. */
static bool is_taken(struct needs *needs, struct text statement, struct status *status)
{
    struct status ignored = {.arena = needs->arena};
    struct pg_session *const session = questions_session(needs->questions);
    if (!pg_exec(session, BEGIN, &ignored)) {
        return true;
    }
    PG_RESULT(described) = pg_describe(session, arena_strndup(needs->arena, statement.data, statement.size), status);
    const bool is = described != NULL;
    pg_exec(session, "ROLLBACK", &ignored);
    return is;
}

const char *understood_why(struct needs *needs, struct text statement, const struct sql_effects *effects)
{
    struct status status = {.arena = needs->arena};
    if (!is_of_rows(statement) || statement.size > MOST_BYTES || effects->unread ||
        needs->parsed_count >= MOST_PARSED || needs->parsed_ms >= MOST_MS ||
        may_be_otherwise(needs, statement, effects) || runs_code(needs) || questions_are_noted(needs->questions) ||
        pg_session_in_transaction(questions_session(needs->questions))) {
        return NULL;
    }
    const int64_t began = clock_ms();
    const bool is = is_taken(needs, statement, &status);
    needs->parsed_count++;
    needs->parsed_ms += clock_ms() - began;
    return is || !is_certain(&status)
               ? NULL
               : arena_printf(needs->arena, "PostgreSQL does not take it as the database is now: %s (%s)%s%s",
                              status.message, status.sqlstate, status.hint == NULL ? "." : ". ",
                              status.hint == NULL ? "" : status.hint);
}
