/*
 * A function is VOLATILE unless it says otherwise. One in SQL that is no more than an expression is put in the place of
 * its call, and is then what that expression is (inline_function() of PostgreSQL 13 to 18). All functions of the name
 * count, since only the server knows which one a call means.
 */
#include "migration/plan/foresee/volatility.h"

#include "migration/plan/foresee/steady.h"
#include "pg/values.h"
#include "sql/effects.h"
#include "sql/hidden.h"
#include "sql/lexer.h"

#include <string.h>

enum made { MADE_STEADY = 1, MADE_VOLATILE };

/* $1 schema or NULL, $2 a name: of each function whether it may; its body if it can be inlined. Not of strict ones: a
 * call of those stays, if the expression is not strict itself. */
static const char functions_sql[] =
    "SELECT p.provolatile = 'v', CASE WHEN l.lanname = 'sql' AND NOT p.prosecdef AND p.proconfig IS NULL AND NOT "
    "p.proretset AND NOT p.proisstrict AND p.prokind = 'f' THEN p.prosrc END FROM pg_catalog.pg_proc p JOIN "
    "pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE "
    "p.proname = $2::name AND ($1::text IS NULL OR n.nspname = $1::name)";

/* $2 a name: the users' operators whose function may. */
static const char operators_sql[] =
    "SELECT FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode WHERE o.oprname = $2::name "
    "AND p.provolatile = 'v' AND coalesce($1, '') = ''";

static bool is_steady_function(struct volatility *volatility, const PGresult *functions, int row)
{
    const char *const body = pg_field(functions, row, 1);
    return !pg_field_bool(functions, row, 0) ||
           (body != NULL && sql_is_steady_select(volatility->arena, text_of(body)));
}

bool volatility_may(struct volatility *volatility, const char *schema, const char *name)
{
    const bool is_operator = steady_names_operator(name);
    const int made = word_set_number(&volatility->made, name);
    if (made == MADE_VOLATILE) {
        return true;
    }
    PG_RESULT(found) = questions_ask(volatility->questions, is_operator ? operators_sql : functions_sql, 2,
                                     (const char *const[]){schema, name});
    if (found == NULL) {
        return true;
    }
    if (is_operator) {
        return PQntuples(found) > 0;
    }
    bool may = PQntuples(found) == 0 && made != MADE_STEADY;
    for (int row = 0; !may && row < PQntuples(found); row++) {
        may = !is_steady_function(volatility, found, row);
    }
    return may;
}

/* ---- what the plan creates ---- */

/* Once it was volatile under this name, it stays so: two functions may have one name. */
static void note(struct volatility *volatility, const char *name, bool is_volatile)
{
    if (name != NULL && word_set_number(&volatility->made, name) != MADE_VOLATILE) {
        word_set_put(volatility->arena, &volatility->made, name, is_volatile ? MADE_VOLATILE : MADE_STEADY);
    }
}

static bool is_inlined(struct volatility *volatility, struct text statement, const struct hidden_function *function)
{
    static const char *const keep[] = {"strict", "security", "setof", "table", "set", NULL};
    return function->body.data != NULL && function->language != NULL && strcmp(function->language, "sql") == 0 &&
           !sql_has_any_word(statement, keep) && !sql_has_words(statement, "returns", "null") &&
           sql_is_steady_select(volatility->arena, function->body);
}

/* The name of CREATE OPERATOR; NULL: not known. */
static const char *operator_of(struct arena *arena, struct sql_reader words)
{
    struct buffer name = {.arena = arena};
    for (; words.token.kind != SQL_END && !sql_is_symbol(&words.token, '('); sql_advance(&words)) {
        if (words.token.kind == SQL_SYMBOL && !sql_is_symbol(&words.token, '.')) {
            buffer_add(&name, words.token.text);
        }
    }
    return name.size == 0 ? NULL : buffer_string(&name);
}

void volatility_note(struct volatility *volatility, struct text statement)
{
    static const char *const steady[] = {"immutable", "stable", NULL};
    struct hidden_function function;
    struct sql_reader words = sql_read(statement);
    if (sql_take_words(&words, "create operator")) {
        note(volatility, operator_of(volatility->arena, words), true);
    } else if (hidden_read_function(volatility->arena, statement, &function)) {
        note(volatility, function.name,
             !sql_has_any_word(statement, steady) && !is_inlined(volatility, statement, &function));
    } else if (sql_take_words(&words, "alter function") || sql_take_words(&words, "alter routine")) {
        const char *const name = sql_take_name(volatility->arena, &words, NULL);
        note(volatility, sql_has_word(statement, "volatile") ? name : NULL, true);
    }
}
