/*
 * CREATE TABLE stores the expressions of its columns and constraints, and evaluates none of them, with two exceptions:
 * an expression that must be immutable (of GENERATED and of indexes) is simplified, which calls functions of constants.
 * CREATE INDEX calls only the functions of operator classes, which a superuser has made; but one with GiST on a range
 * type calls its subtype_diff, which anybody may have written (rangetypes_gist.c). A new column without a default is
 * not computed for any row, unless its type is a domain: so its type must be one of PostgreSQL's own. Read in
 * tablecmds.c, heap.c and indexcmds.c of PostgreSQL 13 to 18.
 */
#include "sql/quiet.h"

#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

#define LARGEST ((size_t)64 * 1024) /* bytes of a script, which is read once more here */

/* ---- parts of statements ---- */

/* A name that is not of the session's temporary schema. One with escapes (U&"…") could be any. */
static bool is_name(const struct sql_token *token)
{
    static const char temporary[] = "pg_temp";
    const bool is_quoted = token->kind == SQL_IDENTIFIER;
    const struct text name = text_slice(token->text, is_quoted ? 1 : 0, token->text.size);
    const bool is_escaped = is_quoted && token->text.data[0] != '"';
    return (is_quoted || token->kind == SQL_WORD) && !is_escaped &&
           !text_is_nocase(text_slice(name, 0, sizeof temporary - 1), temporary);
}

/* "t" or "app.t" */
static bool take_name(struct sql_reader *reader)
{
    bool more = true;
    while (more) {
        if (!is_name(&reader->token)) {
            return false;
        }
        sql_advance(reader);
        more = sql_is_symbol(&reader->token, '.');
        if (more) {
            sql_advance(reader);
        }
    }
    return true;
}

static bool take_symbol(struct sql_reader *reader, char symbol)
{
    const bool is = sql_is_symbol(&reader->token, symbol);
    if (is) {
        sql_advance(reader);
    }
    return is;
}

static bool is_over(const struct sql_reader *reader)
{
    return reader->token.kind == SQL_END;
}

/* Is what follows GENERATED a sequence, and no expression? */
static bool is_identity(struct sql_reader reader)
{
    return (sql_take(&reader, "always") || sql_take_words(&reader, "by default")) &&
           sql_take_words(&reader, "as identity");
}

/* The columns and constraints of CREATE TABLE. */
static bool take_definitions(struct sql_reader *reader)
{
    static const char *const computed[] = {"exclude", "like", NULL};
    size_t depth = 0;
    do {
        const struct sql_token token = reader->token;
        sql_advance(reader);
        const bool is_temporary = token.kind == SQL_IDENTIFIER && !is_name(&token);
        if (sql_is_end(&token) || token.kind == SQL_PARAMETER || is_temporary || sql_is_symbol(&token, ';') ||
            sql_is_any_word(&token, computed) || (sql_is_word(&token, "generated") && !is_identity(*reader))) {
            return false;
        }
        depth += sql_is_symbol(&token, '(') ? 1 : 0;
        depth -= sql_is_symbol(&token, ')') && depth > 0 ? 1 : 0;
    } while (depth > 0);
    return true;
}

/* "(a, b DESC NULLS LAST, c text_pattern_ops)": without a parenthesis inside nothing is computed. */
static bool take_index_columns(struct sql_reader *reader)
{
    bool is_open = take_symbol(reader, '(');
    while (is_open &&
           (is_name(&reader->token) || sql_is_symbol(&reader->token, ',') || sql_is_symbol(&reader->token, '.'))) {
        sql_advance(reader);
    }
    return is_open && take_symbol(reader, ')');
}

/* ---- statements ---- */

static bool is_quiet_table(struct sql_reader *reader)
{
    sql_take_if(reader);
    return take_name(reader) && sql_is_symbol(&reader->token, '(') && take_definitions(reader) && is_over(reader);
}

static bool take_method(struct sql_reader *reader)
{
    return !sql_take(reader, "using") || sql_take(reader, "btree") || sql_take(reader, "hash") ||
           sql_take(reader, "gin");
}

static bool is_quiet_index(struct sql_reader *reader)
{
    if (sql_is_word(&reader->token, "concurrently")) {
        return false;
    }
    sql_take_if(reader);
    if (!sql_take(reader, "on") && !(take_name(reader) && sql_take(reader, "on"))) {
        return false;
    }
    sql_take(reader, "only");
    return take_name(reader) && take_method(reader) && take_index_columns(reader) &&
           (!sql_take(reader, "include") || take_index_columns(reader)) && is_over(reader);
}

static bool is_quiet_type(struct sql_reader *reader)
{
    bool is = take_name(reader) && sql_take_words(reader, "as enum") && take_symbol(reader, '(');
    while (is && (reader->token.kind == SQL_STRING || sql_is_symbol(&reader->token, ','))) {
        sql_advance(reader);
    }
    return is && take_symbol(reader, ')') && is_over(reader);
}

static bool is_quiet_schema(struct sql_reader *reader)
{
    sql_take_if(reader);
    return take_name(reader) && is_over(reader);
}

static bool is_quiet_create(struct sql_reader *reader)
{
    if (sql_take(reader, "unlogged")) {
        return sql_take(reader, "table") && is_quiet_table(reader);
    }
    if (sql_take(reader, "unique")) {
        return sql_take(reader, "index") && is_quiet_index(reader);
    }
    return (sql_take(reader, "table") && is_quiet_table(reader)) ||
           (sql_take(reader, "index") && is_quiet_index(reader)) ||
           (sql_take(reader, "type") && is_quiet_type(reader)) ||
           (sql_take(reader, "schema") && is_quiet_schema(reader));
}

/* [IF EXISTS] names [CASCADE | RESTRICT] */
static bool is_quiet_drop(struct sql_reader *reader)
{
    static const char *const kinds[] = {"table", "index", "view", "sequence", "type", NULL};
    const bool is_known = sql_is_any_word(&reader->token, kinds);
    sql_advance(reader);
    if (!is_known || sql_is_word(&reader->token, "concurrently")) {
        return false;
    }
    sql_take_if(reader);
    do {
        if (!take_name(reader)) {
            return false;
        }
    } while (take_symbol(reader, ','));
    if (!sql_take(reader, "cascade")) {
        sql_take(reader, "restrict");
    }
    return is_over(reader);
}

/* The type of a new column: a word of these is PostgreSQL's own type where pg_catalog comes first. */
static bool take_own_type(struct sql_reader *reader)
{
    static const char *const types[] = {"int",  "integer",   "smallint",    "bigint",  "int2",    "int4",    "int8",
                                        "real", "float4",    "float8",      "numeric", "decimal", "boolean", "bool",
                                        "text", "varchar",   "char",        "uuid",    "json",    "jsonb",   "bytea",
                                        "date", "timestamp", "timestamptz", NULL};
    const bool is_known = sql_take_words(reader, "double precision") || sql_take_words(reader, "character varying") ||
                          sql_is_any_word(&reader->token, types);
    if (sql_is_any_word(&reader->token, types)) {
        sql_advance(reader);
    }
    if (is_known && take_symbol(reader, '(')) {
        while (reader->token.kind == SQL_NUMBER || sql_is_symbol(&reader->token, ',')) {
            sql_advance(reader);
        }
        if (!take_symbol(reader, ')')) {
            return false;
        }
    }
    if (is_known && (sql_take_words(reader, "with time zone") || sql_take_words(reader, "without time zone"))) {
        return true;
    }
    while (is_known && take_symbol(reader, '[')) {
        if (!take_symbol(reader, ']')) {
            return false;
        }
    }
    return is_known;
}

static bool take_constant(struct sql_reader *reader)
{
    static const char *const words[] = {"true", "false", "null", "current_timestamp", "current_date", NULL};
    const bool is =
        reader->token.kind == SQL_STRING || reader->token.kind == SQL_NUMBER || sql_is_any_word(&reader->token, words);
    sql_advance(reader);
    return is;
}

/* ADD [COLUMN] name type, with no default but a constant. */
static bool take_new_column(struct sql_reader *reader)
{
    static const char *const constraints[] = {"constraint", "primary", "unique", "check", "foreign", "exclude", NULL};
    if (!sql_take(reader, "column") && sql_is_any_word(&reader->token, constraints)) {
        return false;
    }
    sql_take_if(reader);
    bool is = take_name(reader) && take_own_type(reader);
    while (is && !is_over(reader) && !sql_is_symbol(&reader->token, ',')) {
        is = sql_take_words(reader, "not null") || sql_take(reader, "null") ||
             (sql_take(reader, "default") && take_constant(reader));
    }
    return is;
}

static bool take_dropped(struct sql_reader *reader)
{
    if (!sql_take(reader, "column")) {
        sql_take(reader, "constraint");
    }
    sql_take_if(reader);
    const bool is = take_name(reader);
    if (!sql_take(reader, "cascade")) {
        sql_take(reader, "restrict");
    }
    return is;
}

static bool take_column_change(struct sql_reader *reader)
{
    sql_take(reader, "column");
    return take_name(reader) && (sql_take_words(reader, "drop not null") || sql_take_words(reader, "drop default"));
}

static bool take_renaming(struct sql_reader *reader)
{
    sql_take(reader, "column");
    return (sql_is_word(&reader->token, "to") || take_name(reader)) && sql_take(reader, "to") && take_name(reader);
}

static bool is_quiet_alter(struct sql_reader *reader)
{
    bool is = sql_take(reader, "table");
    sql_take_if(reader);
    sql_take(reader, "only");
    is = is && take_name(reader);
    do {
        is = is && (sql_take(reader, "add")      ? take_new_column(reader)
                    : sql_take(reader, "drop")   ? take_dropped(reader)
                    : sql_take(reader, "alter")  ? take_column_change(reader)
                    : sql_take(reader, "rename") ? take_renaming(reader)
                                                 : false);
    } while (is && take_symbol(reader, ','));
    return is && is_over(reader);
}

static bool is_quiet_statement(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    return sql_take(&reader, "comment") || (sql_take(&reader, "create") && is_quiet_create(&reader)) ||
           (sql_take(&reader, "drop") && is_quiet_drop(&reader)) ||
           (sql_take(&reader, "alter") && is_quiet_alter(&reader));
}

/* A backslash may be read in two ways. */
bool sql_is_quiet(struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_statement one;
    bool is = script.size <= LARGEST && (script.size == 0 || memchr(script.data, '\\', script.size) == NULL);
    while (is && sql_next_statement(&lexer, &one)) {
        is = is_quiet_statement(text_slice(script, one.start, one.end));
    }
    return is;
}
