/*
 * Classifies by the first words, and if these can mean two things, by whether a certain word follows.
 */
#include "sql/classify.h"

#include "sql/lexer.h"
#include "sql/plpgsql.h"
#include "sql/split.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define WORDS 32 /* this many tokens are enough to tell what a statement is */

/* The beginning of a statement, tokenized only as far as needed: for most statements the first word is enough to see
 * that they are ordinary. */
struct beginning {
    struct sql_lexer lexer;
    struct sql_token tokens[WORDS];
    size_t count;
};

/* The token with this number; SQL_END after the last one. */
static const struct sql_token *token_at(struct beginning *beginning, size_t index)
{
    static const struct sql_token end = {.kind = SQL_END};
    while (beginning->count <= index && beginning->count < WORDS) {
        beginning->tokens[beginning->count++] = sql_next(&beginning->lexer);
    }
    return index < WORDS ? &beginning->tokens[index] : &end;
}

static bool is_word(struct beginning *beginning, size_t index, const char *word)
{
    return sql_is_word(token_at(beginning, index), word);
}

static bool is_end(struct beginning *beginning, size_t index)
{
    return token_at(beginning, index)->kind == SQL_END;
}

/* Does the statement begin with these words (separated by spaces in `words`)? */
static bool begins(struct beginning *beginning, const char *words)
{
    for (size_t i = 0; *words != '\0'; i++) {
        const struct sql_token *const token = token_at(beginning, i);
        const size_t size = token->text.size;
        /* Comparing the first letter (ours are in lower case) is enough for most. */
        if (token->kind != SQL_WORD || (token->text.data[0] | 0x20) != words[0] ||
            strncasecmp(words, token->text.data, size) != 0 || (words[size] != ' ' && words[size] != '\0')) {
            return false;
        }
        words += words[size] == ' ' ? size + 1 : size;
    }
    return true;
}

/* ---- statements that must run alone ---- */

/* The number of the token after (options), if there are options at i; else i. */
static size_t behind_options(struct beginning *b, size_t i)
{
    if (!sql_is_symbol(token_at(b, i), '(')) {
        return i;
    }
    while (!is_end(b, i) && !sql_is_symbol(token_at(b, i), ')')) {
        i++;
    }
    return i + 1;
}

static bool is_reindex_of_many(struct beginning *b)
{
    const size_t i = behind_options(b, 1);
    return is_word(b, i, "schema") || is_word(b, i, "database") || is_word(b, i, "system");
}

/* Is an option given and not switched off? (concurrently) and (create_slot = true) are, (concurrently false) is not. */
static bool has_option(struct beginning *b, size_t from, const char *name, bool otherwise)
{
    static const char *const off[] = {"false", "off", "'false'", "'off'", "0", "none"};
    for (size_t i = from; !is_end(b, i); i++) {
        if (!is_word(b, i, name)) {
            continue;
        }
        const struct sql_token *const value = token_at(b, sql_is_symbol(token_at(b, i + 1), '=') ? i + 2 : i + 1);
        for (size_t j = 0; j < sizeof off / sizeof off[0]; j++) {
            if (text_is_nocase(value->text, off[j])) {
                return false;
            }
        }
        return true;
    }
    return otherwise;
}

/* REINDEX TABLE CONCURRENTLY t, REINDEX (CONCURRENTLY) TABLE t. */
static bool is_reindex_concurrently(struct beginning *b)
{
    const size_t i = behind_options(b, 1);
    return is_word(b, i + 1, "concurrently") || (i > 1 && has_option(b, 2, "concurrently", false));
}

/* ALTER TABLE t DETACH PARTITION p CONCURRENTLY; a name may be two words with a dot between them. */
static bool is_detach(struct beginning *b)
{
    for (size_t i = 2; !is_end(b, i); i++) {
        if (is_word(b, i, "detach") && is_word(b, i + 1, "partition")) {
            return true;
        }
    }
    return false;
}

/* CLUSTER t is allowed in a transaction; CLUSTER, CLUSTER VERBOSE and CLUSTER (VERBOSE) process all tables. */
static bool is_cluster_of_all(struct beginning *b)
{
    return is_end(b, behind_options(b, is_word(b, 1, "verbose") ? 2 : 1));
}

/* ALTER DATABASE d SET TABLESPACE t, but not SET default_tablespace. */
static bool is_tablespace_of_database(struct beginning *b)
{
    return is_word(b, 3, "set") && is_word(b, 4, "tablespace");
}

/* What cannot be rolled back is the slot on the other server; with connect = false or create_slot = false none is
 * made. */
static bool is_subscription_with_slot(struct beginning *b)
{
    return has_option(b, 3, "connect", true) && has_option(b, 3, "create_slot", true);
}

/* ALTER SUBSCRIPTION s {SET | ADD | DROP | REFRESH} PUBLICATION …, unless it says refresh = false. */
static bool is_refresh_of_subscription(struct beginning *b)
{
    return is_word(b, 4, "publication") && (is_word(b, 3, "refresh") || has_option(b, 5, "refresh", true));
}

/* ALTER SUBSCRIPTION s SET (failover = …), since PostgreSQL 17, and (two_phase = …), since 18, change the slot. */
static bool is_change_of_slot(struct beginning *b)
{
    return is_word(b, 3, "set") && sql_is_symbol(token_at(b, 4), '(') &&
           (sql_has_word(b->lexer.text, "failover") || sql_has_word(b->lexer.text, "two_phase"));
}

/* Transaction control inside DO works only if the DO itself is not inside a transaction (error 2D000). */
static bool is_committing_do(struct beginning *b)
{
    struct arena *const arena = arena_new(0);
    struct sql_code code;
    const bool is = sql_code(arena, b->lexer.text, &code) && code.plpgsql && plpgsql_commits(arena, code.body, NULL);
    arena_free(arena);
    return is;
}

/* The statements for which PostgreSQL calls PreventInTransactionBlock, measured on 11 to 18, as far as the text of a
 * statement tells. Each ALTER SUBSCRIPTION … PUBLICATION that does not say refresh = false refreshes the tables of the
 * subscription (since 14). */
static const struct {
    const char *words;                         /* the statement begins with these … */
    const char *keyword;                       /* … and contains this keyword, if it is not NULL, … */
    bool (*test)(struct beginning *beginning); /* … and passes this test, if it is not NULL */
    const char *reason;
} alone[] = {
    {"create index concurrently", NULL, NULL, "CREATE INDEX CONCURRENTLY"},
    {"create unique index concurrently", NULL, NULL, "CREATE INDEX CONCURRENTLY"},
    {"drop index concurrently", NULL, NULL, "DROP INDEX CONCURRENTLY"},
    {"reindex", NULL, is_reindex_concurrently, "REINDEX CONCURRENTLY"},
    {"reindex", NULL, is_reindex_of_many, "REINDEX of a schema or database"},
    {"alter table", "concurrently", is_detach, "DETACH PARTITION CONCURRENTLY"},
    {"vacuum", NULL, NULL, "VACUUM"},
    {"cluster", NULL, is_cluster_of_all, "CLUSTER of all tables"},
    {"do", NULL, is_committing_do, "DO with its own COMMIT"},
    {"create database", NULL, NULL, "CREATE DATABASE"},
    {"drop database", NULL, NULL, "DROP DATABASE"},
    {"alter database", NULL, is_tablespace_of_database, "ALTER DATABASE SET TABLESPACE"},
    {"create tablespace", NULL, NULL, "CREATE TABLESPACE"},
    {"drop tablespace", NULL, NULL, "DROP TABLESPACE"},
    {"alter system", NULL, NULL, "ALTER SYSTEM"},
    {"create subscription", NULL, is_subscription_with_slot, "CREATE SUBSCRIPTION"},
    {"drop subscription", NULL, NULL, "DROP SUBSCRIPTION"},
    {"alter subscription", NULL, is_refresh_of_subscription, "ALTER SUBSCRIPTION that refreshes"},
    {"alter subscription", NULL, is_change_of_slot, "ALTER SUBSCRIPTION that changes its slot"},
    {"discard all", NULL, NULL, "DISCARD ALL"},
    {"commit prepared", NULL, NULL, "COMMIT PREPARED"},
    {"rollback prepared", NULL, NULL, "ROLLBACK PREPARED"},
};

static const char *alone_reason(struct beginning *beginning, struct text statement)
{
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        if (begins(beginning, alone[i].words) &&
            (alone[i].keyword == NULL || sql_has_word(statement, alone[i].keyword)) &&
            (alone[i].test == NULL || alone[i].test(beginning))) {
            return alone[i].reason;
        }
    }
    return NULL;
}

const char *sql_alone_reason(struct text statement)
{
    struct beginning beginning = {.lexer = {.text = statement}};
    return alone_reason(&beginning, statement);
}

bool sql_do_block(struct arena *arena, struct text statement, struct text *body)
{
    struct sql_code code;
    if (!sql_code(arena, statement, &code) || !code.is_do || !code.plpgsql ||
        !plpgsql_commits(arena, code.body, NULL) || plpgsql_returns(code.body)) {
        return false;
    }
    *body = text_trim(code.body);
    struct sql_lexer lexer = {.text = *body};
    size_t end = 0;
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        end = sql_is_symbol(&token, ';') ? end : token.offset + token.text.size;
    }
    *body = text_slice(*body, 0, end);
    return end > 0 && body->data[0] != '#';
}

/* ---- the classes ---- */

/* The index of VALUE in ALTER TYPE name ADD VALUE; 0 if this is another statement. */
static size_t add_value_at(struct beginning *b)
{
    if (!begins(b, "alter type")) {
        return 0;
    }
    for (size_t i = 3; !is_end(b, i); i++) {
        if (is_word(b, i, "add") && is_word(b, i + 1, "value")) {
            return i + 1;
        }
    }
    return 0;
}

/* COPY t FROM STDIN and COPY (query) TO STDOUT: "from" or "to", and the word after it; false: it is neither. Words
 * inside parentheses are part of the query, or columns. */
static bool is_copy_of_data(struct text statement, struct sql_token *direction, struct sql_token *end)
{
    struct sql_reader reader = sql_read(statement);
    int depth = 0;
    if (!sql_take(&reader, "copy")) {
        return false;
    }
    while (reader.token.kind != SQL_END) {
        *direction = reader.token;
        depth += sql_is_symbol(direction, '(') ? 1 : sql_is_symbol(direction, ')') ? -1 : 0;
        sql_advance(&reader);
        *end = reader.token;
        if (depth == 0 && (sql_is_word(direction, "from") || sql_is_word(direction, "to")) &&
            (sql_is_word(end, "stdin") || sql_is_word(end, "stdout"))) {
            return true;
        }
    }
    return false;
}

bool sql_is_copy_from_stdin(struct text statement)
{
    struct sql_token direction;
    struct sql_token end;
    return is_copy_of_data(statement, &direction, &end) && sql_is_word(&direction, "from") &&
           sql_is_word(&end, "stdin");
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
static bool is_to_savepoint(struct beginning *b)
{
    return is_word(b, 1, "to") || is_word(b, 2, "to");
}

enum sql_class sql_classify(struct text statement)
{
    struct beginning beginning = {.lexer = {.text = statement}};
    struct sql_token direction;
    struct sql_token end;
    if (alone_reason(&beginning, statement) != NULL) {
        return SQL_CLASS_ALONE;
    }
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        if (begins(&beginning, controls[i].words)) {
            const bool savepoint = controls[i].class == SQL_CLASS_ROLLBACK && is_to_savepoint(&beginning);
            return savepoint ? SQL_CLASS_PLAIN : controls[i].class;
        }
    }
    if (add_value_at(&beginning) > 0) {
        return SQL_CLASS_ADD_ENUM_VALUE;
    }
    return is_copy_of_data(statement, &direction, &end) ? SQL_CLASS_COPY_STDIN : SQL_CLASS_PLAIN;
}

const char *sql_added_enum_value(struct arena *arena, struct text statement)
{
    struct beginning beginning = {.lexer = {.text = statement}};
    for (size_t i = add_value_at(&beginning); i > 0 && !is_end(&beginning, i); i++) {
        const char *const value = sql_string(arena, token_at(&beginning, i));
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

size_t sql_meta_command(struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_token token;
    if (script.size == 0 || memchr(script.data, '\\', script.size) == NULL) {
        return SIZE_MAX;
    }
    do {
        token = sql_next(&lexer);
    } while (token.kind != SQL_END && !sql_is_symbol(&token, '\\'));
    return token.kind == SQL_END ? SIZE_MAX : token.offset;
}

bool sql_may_need_cutting(struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        if (sql_classify(text_slice(script, statement.start, statement.end)) != SQL_CLASS_PLAIN) {
            return true;
        }
    }
    return sql_meta_command(script) != SIZE_MAX;
}
