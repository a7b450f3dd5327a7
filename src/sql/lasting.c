/*
 * Works on the words of the statement: its beginning, the functions that it calls, and for DO the statements of its
 * body. A body is judged more strictly, because it is not known which of its statements will run.
 */
#include "sql/lasting.h"

#include "sql/lasting_reader.h"
#include "sql/plpgsql.h"
#include "sql/split.h"

#include <string.h>

/* CREATE [OR REPLACE] [LOCAL | GLOBAL] TEMP …, and pg_temp.x. */
static void look_at_create(const struct looking *looking, struct sql_reader *reader)
{
    if (sql_take(reader, "or")) {
        sql_take(reader, "replace");
    }
    if (!sql_take(reader, "local")) {
        sql_take(reader, "global");
    }
    if (sql_is_word(&reader->token, "temp") || sql_is_word(&reader->token, "temporary") ||
        sql_has_word(looking->statement, "pg_temp")) {
        const bool ends = sql_has_words(looking->statement, "commit", "drop") ||
                          sql_has_words(looking->statement, "commit", "delete");
        lasting_add_what(looking, ends ? SQL_ENDS : SQL_OF_SESSION,
                         ends ? "a temporary table ON COMMIT DROP or DELETE ROWS" : "a temporary object");
    }
}

static void look_at_select(const struct looking *looking, struct sql_reader *reader)
{
    (void)reader;
    lasting_of_calls(looking, false);
}

static void look_at_change(const struct looking *looking, struct sql_reader *reader)
{
    (void)reader;
    lasting_of_calls(looking, true);
}

/* Inside a body, a variable may be called lock. */
static void look_at_lock(const struct looking *looking, struct sql_reader *reader)
{
    if (reader->token.kind != SQL_SYMBOL) {
        lasting_add_what(looking, SQL_ENDS, "LOCK TABLE");
    }
}

static void look_at_prepare(const struct looking *looking, struct sql_reader *reader)
{
    if (!sql_is_word(&reader->token, "transaction")) {
        lasting_add_what(looking, SQL_OF_SESSION, "a prepared statement");
    }
}

static void look_at_load(const struct looking *looking, struct sql_reader *reader)
{
    (void)reader;
    lasting_add(looking, (struct sql_lasting){.kind = SQL_SETTING,
                                              .name = "",
                                              .sql = lasting_written(looking, 0, looking->written.size)});
}

static void look_at_begin(const struct looking *looking, struct sql_reader *reader)
{
    (void)reader;
    lasting_of_modes(looking);
}

/* The expressions of a definition are not computed now. */
static void look_at_definition(const struct looking *looking, struct sql_reader *reader)
{
    (void)looking;
    (void)reader;
}

/* Takes the next name. Returns NULL if it is a keyword for several objects or for the current role, or if a part of it
 * may be inserted at run time. */
static const char *take_constant(const struct looking *looking, struct sql_reader *reader)
{
    static const char *const keywords[] = {"all", "current_user", "current_role", "session_user", NULL};
    const bool is_keyword = sql_is_any_word(&reader->token, keywords);
    const char *const name = is_keyword ? NULL : sql_identifier(looking->arena, &reader->token);
    sql_advance(reader);
    return name == NULL || strchr(name, '$') != NULL ? NULL : name;
}

/* ALTER ROLE or DATABASE … SET does not change the settings of this session, but of later ones. */
static void look_at_alter(const struct looking *looking, struct sql_reader *reader)
{
    static const char *const whose[] = {"role", "user", "database", NULL};
    static const char *const verbs[] = {"set", "reset", NULL};
    struct sql_lasting lasting = {.kind = SQL_OF_SESSION,
                                  .what = "what its session began with, in front of ALTER ROLE or DATABASE … SET"};
    if (!sql_is_any_word(&reader->token, whose) ||
        (!sql_has_word(looking->statement, "set") && !sql_has_word(looking->statement, "reset")) ||
        sql_take_words(reader, "user mapping for")) {
        return;
    }
    const bool is_database = sql_is_word(&reader->token, "database");
    sql_advance(reader);
    const char *const name = take_constant(looking, reader);
    const char *const within =
        !is_database && sql_take_words(reader, "in database") ? take_constant(looking, reader) : NULL;
    if (is_database && sql_take_words(reader, "set tablespace")) {
        return;
    }
    if (sql_is_any_word(&reader->token, verbs)) {
        lasting.role = is_database ? NULL : name;
        lasting.database = is_database ? name : within;
    }
    lasting_add(looking, lasting);
}

static void add_savepoint(const struct looking *looking, struct sql_reader *reader, enum sql_lasting_kind kind)
{
    sql_take(reader, "savepoint");
    const char *const name = sql_identifier(looking->arena, &reader->token);
    if (name != NULL) {
        lasting_add(looking, (struct sql_lasting){.kind = kind, .name = name});
    }
}

static void look_at_savepoint(const struct looking *looking, struct sql_reader *reader)
{
    add_savepoint(looking, reader, SQL_SAVEPOINT);
}

static void look_at_release(const struct looking *looking, struct sql_reader *reader)
{
    add_savepoint(looking, reader, SQL_RELEASE);
}

static void look_at_rollback(const struct looking *looking, struct sql_reader *reader)
{
    if (!sql_take(reader, "work")) {
        sql_take(reader, "transaction");
    }
    if (sql_take(reader, "to")) {
        add_savepoint(looking, reader, SQL_ROLLBACK_TO);
    }
}

static void look_at_declare(const struct looking *looking, struct sql_reader *reader)
{
    (void)reader;
    const bool holds = sql_has_words(looking->statement, "with", "hold");
    if (!looking->in_body) {
        lasting_add_what(looking, holds ? SQL_OF_SESSION : SQL_ENDS, holds ? "a cursor WITH HOLD" : "a cursor");
    }
}

static void look(const struct looking *looking);

/* Statements in the strings of a statement, which may be meant for EXECUTE. */
static void look_at_strings(const struct looking *looking)
{
    struct sql_lexer lexer = {.text = looking->statement};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        const struct text inner = text_of(sql_string(looking->arena, &token));
        struct sql_lexer statements = {.text = inner};
        struct sql_statement one;
        while (sql_next_statement(&statements, &one)) {
            struct looking deeper = *looking;
            deeper.statement = deeper.written = text_slice(inner, one.start, one.end);
            look(&deeper);
        }
    }
}

static void look_at_execute(const struct looking *looking, struct sql_reader *reader)
{
    (void)reader;
    lasting_of_calls(looking, false);
}

/* Looks at each statement of a body. If the body contains EXECUTE, any string in it may be executed. */
static void look_at_body(const struct looking *looking, struct text body)
{
    const bool executes = sql_has_word(body, "execute");
    struct sql_lexer lexer = {.text = body};
    struct sql_statement one;
    while (plpgsql_next(&lexer, &one)) {
        struct looking deeper = *looking;
        deeper.statement = deeper.written = text_slice(body, one.start, one.end);
        deeper.in_body = true;
        look(&deeper);
        if (executes) {
            look_at_strings(&deeper);
        }
    }
}

static void look_at_do(const struct looking *looking, struct sql_reader *reader)
{
    (void)reader;
    struct sql_code code;
    if (sql_code(looking->arena, looking->statement, &code) && code.plpgsql) {
        look_at_body(looking, code.body);
    }
}

static const struct {
    const char *word;                                                       /* the first word of the statement */
    void (*look)(const struct looking *looking, struct sql_reader *reader); /* the reader is after that word */
} verbs[] = {
    {"set", lasting_of_set},          {"reset", lasting_of_reset},  {"discard", lasting_of_discard},
    {"lock", look_at_lock},           {"create", look_at_create},   {"select", look_at_select},
    {"perform", look_at_select},      {"with", look_at_change},     {"insert", look_at_change},
    {"update", look_at_change},       {"delete", look_at_change},   {"merge", look_at_change},
    {"savepoint", look_at_savepoint}, {"release", look_at_release}, {"rollback", look_at_rollback},
    {"declare", look_at_declare},     {"prepare", look_at_prepare}, {"load", look_at_load},
    {"begin", look_at_begin},         {"start", look_at_begin},     {"do", look_at_do},
    {"execute", look_at_execute},     {"alter", look_at_alter},     {"comment", look_at_definition},
};

static void look(const struct looking *looking)
{
    struct sql_reader reader = sql_read(looking->statement);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (sql_take(&reader, verbs[i].word)) {
            verbs[i].look(looking, &reader);
            return;
        }
    }
    lasting_of_calls(looking, false);
}

void sql_lasting(struct arena *arena, struct text statement, struct text as_written, struct sql_lastings *lastings)
{
    look(&(struct looking){.arena = arena, .statement = statement, .written = as_written, .out = lastings});
}

/* The strings and quoted names of a body in a language that cannot be read here: the SQL that it runs must be in
 * one. */
static void look_at_foreign(const struct looking *looking, struct text body)
{
    struct sql_lexer lexer = {.text = body};
    struct sql_token token = sql_next(&lexer);
    for (; !sql_is_end(&token); token = sql_next(&lexer)) {
        const bool is_quoted = token.kind == SQL_STRING || token.kind == SQL_IDENTIFIER;
        const char *const inner = !is_quoted                 ? NULL
                                  : token.kind == SQL_STRING ? sql_string(looking->arena, &token)
                                                             : sql_identifier(looking->arena, &token);
        if (inner != NULL) {
            look_at_body(looking, text_of(inner));
        }
    }
}

void sql_lasting_of_body(struct arena *arena, struct text body, const char *language, struct sql_lastings *lastings)
{
    const struct looking looking = {.arena = arena, .in_body = true, .out = lastings};
    if (strcmp(language, "plpgsql") == 0 || strcmp(language, "sql") == 0) {
        look_at_body(&looking, body);
    } else {
        look_at_foreign(&looking, body);
    }
}

/* ---- the beginning of a transaction ---- */

/* SET [LOCAL] transaction_isolation = 'serializable' means the same as SET TRANSACTION. */
static struct text isolation_of(struct sql_reader *reader)
{
    static const struct {
        const char *value;
        const char *modes;
    } levels[] = {
        {"serializable", "ISOLATION LEVEL SERIALIZABLE"},
        {"repeatable read", "ISOLATION LEVEL REPEATABLE READ"},
        {"read committed", "ISOLATION LEVEL READ COMMITTED"},
        {"read uncommitted", "ISOLATION LEVEL READ UNCOMMITTED"},
    };
    if (!sql_take(reader, "local")) {
        sql_take(reader, "session");
    }
    if (!sql_take(reader, "transaction_isolation")) {
        return (struct text){0};
    }
    sql_advance(reader); /* = or TO */
    const struct text value = reader->token.kind == SQL_STRING
                                  ? text_slice(reader->token.text, 1, reader->token.text.size - 1)
                                  : reader->token.text;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (text_is_nocase(value, levels[i].value)) {
            return text_of(levels[i].modes);
        }
    }
    return (struct text){0};
}

struct text sql_transaction_modes(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    bool is = false;
    if (sql_take(&reader, "begin")) {
        is = true;
        if (!sql_take(&reader, "work")) {
            sql_take(&reader, "transaction");
        }
    } else if (sql_take(&reader, "start")) {
        is = sql_take(&reader, "transaction");
    } else if (sql_take(&reader, "set")) {
        is = sql_take(&reader, "transaction") && !sql_is_word(&reader.token, "snapshot");
        if (!is) {
            return isolation_of(&reader);
        }
    }
    if (!is || reader.token.kind == SQL_END) {
        return (struct text){0};
    }
    return text_trim(text_slice(statement, reader.token.offset, statement.size));
}

bool sql_is_before_snapshot(struct text statement)
{
    static const char *const words[] = {"set", "reset", "show", "begin", "start", NULL};
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token first = sql_next(&lexer);
    return sql_is_any_word(&first, words);
}
