/*
 * By the first words. The list of what cannot run inside a transaction block is PostgreSQL's PreventInTransactionBlock,
 * measured on 11 to 18.
 */
#include "sql/classify.h"

#include "sql/lexer.h"

#include <string.h>
#include <strings.h>

#define WORDS 24 /* what a statement is shows in so many tokens */

/* The beginning of a statement, tokenized. */
struct beginning {
    struct sql_token tokens[WORDS];
    size_t count;
};

static struct beginning begin_of(struct text statement)
{
    struct beginning beginning = {0};
    struct sql_lexer lexer = {.text = statement};
    while (beginning.count < WORDS) {
        const struct sql_token token = sql_next(&lexer);
        if (token.kind == SQL_END || token.kind == SQL_BROKEN) {
            break;
        }
        beginning.tokens[beginning.count++] = token;
    }
    return beginning;
}

static bool is_word(const struct beginning *beginning, size_t index, const char *word)
{
    return index < beginning->count && sql_is_word(&beginning->tokens[index], word);
}

/* True where the statement begins with these words, separated by spaces. */
static bool begins(const struct beginning *beginning, const char *words)
{
    struct text rest = text_of(words);
    for (size_t i = 0; rest.size > 0; i++) {
        const size_t end = text_find(rest, " ", 0);
        const struct text word = text_slice(rest, 0, end);
        if (i >= beginning->count || beginning->tokens[i].kind != SQL_WORD ||
            word.size != beginning->tokens[i].text.size ||
            strncasecmp(word.data, beginning->tokens[i].text.data, word.size) != 0) {
            return false;
        }
        rest = end == SIZE_MAX ? (struct text){0} : text_slice(rest, end + 1, rest.size);
    }
    return true;
}

/* Is the word among the statement's tokens, from one on? In a whole statement a column may bear it: a quoted one does
 * not count, a plain one makes us run alone what could have shared a transaction. */
static bool has_word(struct text statement, const char *word)
{
    struct sql_lexer lexer = {.text = statement};
    for (;;) {
        const struct sql_token token = sql_next(&lexer);
        if (token.kind == SQL_END || token.kind == SQL_BROKEN) {
            return false;
        }
        if (sql_is_word(&token, word)) {
            return true;
        }
    }
}

/* ---- what runs alone ---- */

static bool is_index_concurrently(const struct beginning *b, struct text statement)
{
    (void)statement;
    return begins(b, "create index concurrently") || begins(b, "create unique index concurrently");
}

static bool is_drop_concurrently(const struct beginning *b, struct text statement)
{
    (void)statement;
    return begins(b, "drop index concurrently");
}

/* REINDEX INDEX CONCURRENTLY x, and REINDEX (CONCURRENTLY, VERBOSE) INDEX x. */
static bool is_reindex_concurrently(const struct beginning *b, struct text statement)
{
    return begins(b, "reindex") && has_word(statement, "concurrently");
}

static bool is_reindex_many(const struct beginning *b, struct text statement)
{
    (void)statement;
    size_t i = 1;
    if (i < b->count && sql_is_symbol(&b->tokens[i], '(')) {
        while (i < b->count && !sql_is_symbol(&b->tokens[i], ')')) {
            i++;
        }
        i++;
    }
    return begins(b, "reindex") && (is_word(b, i, "schema") || is_word(b, i, "database") || is_word(b, i, "system"));
}

/* CLUSTER t is fine; CLUSTER, CLUSTER VERBOSE and CLUSTER (VERBOSE) go over all tables. */
static bool is_cluster_all(const struct beginning *b, struct text statement)
{
    (void)statement;
    if (!begins(b, "cluster")) {
        return false;
    }
    const bool verbose = is_word(b, 1, "verbose");
    const bool options = b->count > 1 && sql_is_symbol(&b->tokens[1], '(');
    const bool last_closes = b->count > 1 && sql_is_symbol(&b->tokens[b->count - 1], ')');
    return b->count == 1 || (verbose && b->count == 2) || (options && last_closes);
}

static bool is_move_database(const struct beginning *b, struct text statement)
{
    return begins(b, "alter database") && has_word(statement, "tablespace");
}

static bool is_detach_concurrently(const struct beginning *b, struct text statement)
{
    return begins(b, "alter table") && has_word(statement, "detach") && has_word(statement, "concurrently");
}

/* Transaction control inside DO works only where the DO itself is not inside a transaction (2D000). */
static bool is_committing_do(const struct beginning *b, struct text statement)
{
    if (!begins(b, "do")) {
        return false;
    }
    struct sql_lexer lexer = {.text = statement};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        const size_t tag = token.kind == SQL_STRING ? text_find(token.text, "$", 1) : SIZE_MAX;
        if (token.kind == SQL_STRING && token.text.data[0] == '$' && tag != SIZE_MAX) {
            const struct text body = text_slice(token.text, tag + 1, token.text.size - tag - 1);
            return has_word(body, "commit") || has_word(body, "rollback");
        }
    }
    return false;
}

static const struct {
    const char *words; /* NULL: the test alone decides */
    bool (*test)(const struct beginning *beginning, struct text statement);
    const char *reason;
} alone[] = {
    {NULL, is_index_concurrently, "CREATE INDEX CONCURRENTLY"},
    {NULL, is_drop_concurrently, "DROP INDEX CONCURRENTLY"},
    {NULL, is_reindex_concurrently, "REINDEX CONCURRENTLY"},
    {NULL, is_reindex_many, "REINDEX of a schema or database"},
    {NULL, is_cluster_all, "CLUSTER of all tables"},
    {NULL, is_move_database, "ALTER DATABASE SET TABLESPACE"},
    {NULL, is_detach_concurrently, "DETACH PARTITION CONCURRENTLY"},
    {NULL, is_committing_do, "DO with its own COMMIT"},
    {"vacuum", NULL, "VACUUM"},
    {"create database", NULL, "CREATE DATABASE"},
    {"drop database", NULL, "DROP DATABASE"},
    {"create tablespace", NULL, "CREATE TABLESPACE"},
    {"drop tablespace", NULL, "DROP TABLESPACE"},
    {"alter system", NULL, "ALTER SYSTEM"},
    {"create subscription", NULL, "CREATE SUBSCRIPTION"},
    {"drop subscription", NULL, "DROP SUBSCRIPTION"},
    {"discard all", NULL, "DISCARD ALL"},
};

static const char *alone_reason(const struct beginning *beginning, struct text statement)
{
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        const bool is =
            alone[i].words != NULL ? begins(beginning, alone[i].words) : alone[i].test(beginning, statement);
        if (is) {
            return alone[i].reason;
        }
    }
    return NULL;
}

const char *sql_alone_reason(struct text statement)
{
    const struct beginning beginning = begin_of(statement);
    return alone_reason(&beginning, statement);
}

/* ---- the classes ---- */

/* The index of VALUE in ALTER TYPE name ADD VALUE; 0 where it is not that. */
static size_t add_value_at(const struct beginning *b)
{
    if (!begins(b, "alter type")) {
        return 0;
    }
    for (size_t i = 3; i < b->count && i < 6; i++) {
        if (is_word(b, i, "add") && is_word(b, i + 1, "value")) {
            return i + 1;
        }
    }
    return 0;
}

static bool is_copy_of_data(const struct beginning *b, struct text statement)
{
    return begins(b, "copy") && (has_word(statement, "stdin") || has_word(statement, "stdout"));
}

static const struct {
    const char *words;
    enum sql_class class;
} controls[] = {
    {"begin", SQL_CLASS_BEGIN},    {"start transaction", SQL_CLASS_BEGIN},    {"commit", SQL_CLASS_COMMIT},
    {"end", SQL_CLASS_COMMIT},     {"prepare transaction", SQL_CLASS_COMMIT}, {"rollback", SQL_CLASS_ROLLBACK},
    {"abort", SQL_CLASS_ROLLBACK},
};

/* ROLLBACK [WORK|TRANSACTION] TO [SAVEPOINT] x stays inside its transaction. */
static bool is_to_savepoint(const struct beginning *b)
{
    return is_word(b, 1, "to") || is_word(b, 2, "to");
}

enum sql_class sql_classify(struct text statement)
{
    const struct beginning beginning = begin_of(statement);
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        if (begins(&beginning, controls[i].words)) {
            const bool savepoint = controls[i].class == SQL_CLASS_ROLLBACK && is_to_savepoint(&beginning);
            return savepoint ? SQL_CLASS_PLAIN : controls[i].class;
        }
    }
    if (add_value_at(&beginning) > 0) {
        return SQL_CLASS_ADD_ENUM_VALUE;
    }
    if (is_copy_of_data(&beginning, statement)) {
        return SQL_CLASS_COPY_STDIN;
    }
    return alone_reason(&beginning, statement) != NULL ? SQL_CLASS_ALONE : SQL_CLASS_PLAIN;
}

const char *sql_added_enum_value(struct arena *arena, struct text statement)
{
    const struct beginning beginning = begin_of(statement);
    for (size_t i = add_value_at(&beginning); i > 0 && i < beginning.count; i++) {
        const char *const value = sql_string(arena, &beginning.tokens[i]);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

/* Words without which no statement is of a class other than plain. */
static const char *const hazards[] = {
    "concurrently", "vacuum",  "reindex", "cluster", "database", "tablespace", "system",
    "subscription", "discard", "begin",   "start",   "commit",   "end",        "rollback",
    "abort",        "prepare", "value",   "copy",    "do",
};

bool sql_may_need_cutting(struct text script)
{
    struct sql_lexer lexer = {.text = script};
    for (;;) {
        const struct sql_token token = sql_next(&lexer);
        if (token.kind == SQL_END || token.kind == SQL_BROKEN) {
            return false;
        }
        if (sql_is_symbol(&token, '\\')) {
            return true;
        }
        for (size_t i = 0; token.kind == SQL_WORD && i < sizeof hazards / sizeof hazards[0]; i++) {
            if (text_is_nocase(token.text, hazards[i])) {
                return true;
            }
        }
    }
}
