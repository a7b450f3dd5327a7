/*
 * The protocol's Parse message reads a statement with the server's grammar. Most statements it does not analyze: it
 * looks up no name, calls nothing and locks nothing. Queries, which it would analyze, are put behind PREPARE, where it
 * only reads them; with the few others a second statement comes along, for which the server ends with an error between
 * the two. Measured on PostgreSQL 13 to 18 (tests/service/test_plan_grammar.py).
 */
#include "migration/plan/foresee/grammar.h"

#include "base/clock.h"
#include "base/sqlstate.h"
#include "pg/exec.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "sql/parse.h"

#include <string.h>

#define MOST_BYTES  ((size_t)64 * 1024)
#define MOST_PARSED 200  /* statements of one plan, at a round trip each */
#define MOST_MS     1000 /* for all of them */

/* As Parse would analyze them: the queries of PREPARE, and the statements that contain a query or a call. */
static const char *const queries[] = {"select", "insert", "update", "delete", "merge", "values", "with", "table", NULL};

static bool is_query(const struct sql_reader *words)
{
    return sql_is_any_word(&words->token, queries) || sql_is_symbol(&words->token, '(');
}

static bool is_analyzed(struct sql_reader words)
{
    static const char *const others[] = {"explain", "declare", "call", NULL};
    static const char *const adjectives[] = {"table",  "materialized", "temp",     "temporary",
                                             "global", "local",        "unlogged", NULL};
    return sql_is_any_word(&words.token, others) ||
           (sql_take(&words, "create") && sql_is_any_word(&words.token, adjectives));
}

/* What is asked instead of the statement. */
struct question {
    const char *sql;
    size_t before;    /* characters in front of the statement */
    bool has_another; /* a second statement stands behind it */
};

static struct question question_of(struct arena *arena, struct text statement)
{
    static const char prepare[] = "PREPARE truss AS ";
    const struct sql_reader words = sql_read(statement);
    const bool is = is_query(&words);
    const bool has_another = !is && is_analyzed(words);
    return (struct question){arena_printf(arena, "%s%.*s%s", is ? prepare : "", (int)statement.size, statement.data,
                                          has_another ? "\n;SELECT" : ""),
                             is ? sizeof prepare - 1 : 0, has_another};
}

/* The error about a second statement has no position; what the grammar says of the first nearly always has. */
static enum grammar_answer answer_of(const struct question *question, struct status *status)
{
    const bool is_of_statement = sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_SYNTAX) ||
                                 sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_FEATURE) ||
                                 sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_DATA);
    const bool is_placed = status->position > question->before;
    status->position = is_placed ? status->position - (uint32_t)question->before : 0;
    return !is_of_statement ? GRAMMAR_NOT_KNOWN : question->has_another && !is_placed ? GRAMMAR_TAKES : GRAMMAR_REFUSES;
}

enum grammar_answer grammar_ask(struct needs *needs, struct text statement, const struct sql_effects *effects,
                                struct status *status)
{
    struct pg_session *const session = questions_session(needs->questions);
    const bool is_older = pg_session_server_version(session) / 10000 < sql_grammar_version();
    if (!(effects->unread || effects->is_newer || is_older) || needs->may_read_otherwise ||
        statement.size > MOST_BYTES || needs->grammar_count >= MOST_PARSED || needs->parsed_ms >= MOST_MS ||
        questions_are_noted(needs->questions) || pg_session_in_transaction(session)) {
        return GRAMMAR_NOT_KNOWN;
    }
    const int64_t began = clock_ms();
    const struct question question = question_of(needs->arena, statement);
    PG_RESULT(described) = pg_describe(session, question.sql, status);
    needs->grammar_count++;
    needs->parsed_ms += clock_ms() - began;
    return described != NULL ? GRAMMAR_TAKES : answer_of(&question, status);
}

const char *grammar_unread(struct needs *needs, enum grammar_answer answer)
{
    const int ours = sql_grammar_version();
    const int server = pg_session_server_version(questions_session(needs->questions)) / 10000;
    return ours >= server && answer != GRAMMAR_TAKES
               ? arena_printf(needs->arena,
                              "It could not be read by the grammar of PostgreSQL %d: the server may refuse it. What it "
                              "locks is not known, and may block.",
                              ours)
               : arena_printf(
                     needs->arena,
                     "It could not be read: this build knows the grammar of PostgreSQL %d, the server is %d%s. "
                     "What it locks is not known, and may block.",
                     ours, server, answer == GRAMMAR_TAKES ? ", whose grammar takes it" : "");
}
