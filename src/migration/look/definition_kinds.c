/*
 * What a script omits has PostgreSQL's default (CREATE SEQUENCE, CREATE POLICY, CREATE FUNCTION in its manual).
 */
#include "migration/look/definition_kinds.h"

#include <stdlib.h>
#include <string.h>

/* ---- types ---- */

/* Aliases of what format_type() prints. */
static const char *const aliases[][2] = {
    {"int", "integer"},
    {"int4", "integer"},
    {"int8", "bigint"},
    {"int2", "smallint"},
    {"bool", "boolean"},
    {"varchar", "character varying"},
    {"char", "character"},
    {"decimal", "numeric"},
    {"float8", "double precision"},
    {"float", "double precision"},
    {"float4", "real"},
    {"varbit", "bit varying"},
    {"timestamptz", "timestamp with time zone"},
    {"timestamp", "timestamp without time zone"},
    {"timetz", "time with time zone"},
    {"time", "time without time zone"},
};

/* The words separated by single blanks, each as format_type() would print it. */
static const char *normal(struct arena *arena, const struct words *words)
{
    struct buffer text = {.arena = arena};
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->items[i];
        const bool has_zone = i + 1 < words->count && (strcmp(words->items[i + 1], "with") == 0 ||
                                                       strcmp(words->items[i + 1], "without") == 0 ||
                                                       strcmp(words->items[i + 1], "varying") == 0);
        for (size_t j = 0; !has_zone && j < sizeof aliases / sizeof aliases[0]; j++) {
            word = strcmp(word, aliases[j][0]) == 0 ? aliases[j][1] : word;
        }
        buffer_printf(&text, "%s%s", i == 0 ? "" : " ", word);
    }
    return buffer_string(&text);
}

static const char *normal_text(struct arena *arena, struct text text)
{
    const struct words words = definition_words(arena, text, false);
    return normal(arena, &words);
}

/* ---- sequences ---- */

struct sequence {
    const char *type;
    const char *increment;
    const char *least;
    const char *most;
    const char *start;
    const char *cache;
    const char *cycle;
};

/* A number with its sign. */
static const char *take_number(struct arena *arena, struct sql_reader *reader)
{
    const bool is_negative = sql_is_symbol(&reader->token, '-');
    if (is_negative || sql_is_symbol(&reader->token, '+')) {
        sql_advance(reader);
    }
    const char *const number =
        arena_printf(arena, "%s%.*s", is_negative ? "-" : "", (int)reader->token.text.size, reader->token.text.data);
    sql_advance(reader);
    return number;
}

/* Takes an option at any place; skips anything else. */
static void take_option(struct arena *arena, struct sql_reader *reader, struct sequence *sequence)
{
    if (sql_take(reader, "as")) {
        sequence->type = normal_text(arena, reader->token.text);
        sql_advance(reader);
    } else if (sql_take(reader, "increment")) {
        sql_take(reader, "by");
        sequence->increment = take_number(arena, reader);
    } else if (sql_take(reader, "minvalue")) {
        sequence->least = take_number(arena, reader);
    } else if (sql_take(reader, "maxvalue")) {
        sequence->most = take_number(arena, reader);
    } else if (sql_take(reader, "start")) {
        sql_take(reader, "with");
        sequence->start = take_number(arena, reader);
    } else if (sql_take(reader, "cache")) {
        sequence->cache = take_number(arena, reader);
    } else if (sql_take(reader, "no")) {
        sql_advance(reader); /* NO MINVALUE, NO MAXVALUE, NO CYCLE: the defaults */
    } else if (sql_take(reader, "cycle")) {
        sequence->cycle = "t";
    } else {
        sql_advance(reader);
    }
}

/* The defaults, which depend on direction and type. */
static void fill_in(struct sequence *sequence)
{
    const bool descends = sequence->increment[0] == '-';
    const char *const most = strcmp(sequence->type, "integer") == 0    ? "2147483647"
                             : strcmp(sequence->type, "smallint") == 0 ? "32767"
                                                                       : "9223372036854775807";
    const char *const least = strcmp(sequence->type, "integer") == 0    ? "-2147483648"
                              : strcmp(sequence->type, "smallint") == 0 ? "-32768"
                                                                        : "-9223372036854775808";
    sequence->least = sequence->least != NULL ? sequence->least : descends ? least : "1";
    sequence->most = sequence->most != NULL ? sequence->most : descends ? "-1" : most;
    sequence->start = sequence->start != NULL ? sequence->start : descends ? sequence->most : sequence->least;
}

enum definition_match definition_compare_sequence(struct arena *arena, struct text statement, const char *existing)
{
    struct sequence sequence = {.type = "bigint", .increment = "1", .cache = "1", .cycle = "f"};
    struct sql_reader reader = sql_read(statement);
    bool is_owned = false;
    while (!sql_is_end(&reader.token)) {
        is_owned = is_owned || sql_is_word(&reader.token, "owned");
        take_option(arena, &reader, &sequence);
    }
    fill_in(&sequence);
    const char *const script =
        arena_printf(arena, "%s %s %s %s %s %s %s", sequence.type, sequence.increment, sequence.least, sequence.most,
                     sequence.start, sequence.cache, sequence.cycle);
    return strcmp(script, existing) != 0 ? DEFINITION_DIFFERENT : is_owned ? DEFINITION_UNKNOWN : DEFINITION_SAME;
}

/* ---- domains and types ---- */

/* What follows the first occurrence of this word outside of parentheses. */
static struct text behind(struct text statement, const char *word)
{
    struct sql_reader reader = sql_read(statement);
    sql_skip_to(&reader, word);
    return text_slice(statement, reader.token.offset, statement.size);
}

/* Up to the first word that ends a domain's type. */
static struct text type_of(struct text text)
{
    static const char *const ends[] = {"not", "null", "default", "check", "constraint", "collate", NULL};
    struct sql_reader reader = sql_read(text);
    while (!sql_is_end(&reader.token) && !sql_is_any_word(&reader.token, ends)) {
        sql_advance(&reader);
    }
    return text_slice(text, 0, reader.token.offset);
}

/* Not a type in a schema, numeric(5), which is numeric(5,0), or one with a collation. */
static bool is_spelled_in_one_way(const char *type)
{
    static const char *const others[] = {".", "numeric", "collate", "interval"};
    bool is_one = true;
    for (size_t i = 0; is_one && i < sizeof others / sizeof others[0]; i++) {
        is_one = text_find(text_of(type), others[i], 0) == SIZE_MAX;
    }
    return is_one;
}

static bool has_pair(const struct words *words, const char *first, const char *second)
{
    for (size_t i = 0; i + 1 < words->count; i++) {
        if (strcmp(words->items[i], first) == 0 && strcmp(words->items[i + 1], second) == 0) {
            return true;
        }
    }
    return false;
}

/* CREATE DOMAIN name [AS] type …: AS is optional, so this is what follows the name. */
static struct text behind_domain(struct text statement)
{
    struct sql_reader reader = sql_read(behind(statement, "domain"));
    const struct text rest = reader.lexer.text;
    do {
        sql_advance(&reader); /* the name's parts */
    } while (sql_is_symbol(&reader.token, '.') && (sql_advance(&reader), true));
    sql_take(&reader, "as");
    return text_slice(rest, reader.token.offset, rest.size);
}

enum definition_match definition_compare_domain(struct arena *arena, struct text statement, const char *existing)
{
    const struct text script = behind_domain(statement);
    const struct text found = text_of(existing);
    const struct words said = definition_words(arena, script, false);
    const struct words there = definition_words(arena, found, false);
    const char *const type = normal_text(arena, type_of(script));
    if (has_pair(&said, "not", "null") != has_pair(&there, "not", "null") ||
        words_have(&said, "check") != words_have(&there, "check") ||
        words_have(&said, "default") != words_have(&there, "default")) {
        return DEFINITION_DIFFERENT;
    }
    if (strcmp(type, normal_text(arena, type_of(found))) != 0) {
        return is_spelled_in_one_way(type) ? DEFINITION_DIFFERENT : DEFINITION_UNKNOWN;
    }
    return strcmp(normal(arena, &said), normal(arena, &there)) == 0 ? DEFINITION_SAME : DEFINITION_UNKNOWN;
}

enum definition_match definition_compare_parts(struct arena *arena, struct text statement, const char *existing)
{
    struct sql_reader reader = sql_read(behind(statement, "as"));
    const struct text rest = reader.lexer.text;
    const bool is_range = sql_take(&reader, "range");
    const char *const said = normal_text(arena, text_slice(rest, reader.token.offset, rest.size));
    const char *const there = normal_text(arena, text_of(existing));
    if (strcmp(said, there) == 0) {
        return DEFINITION_SAME;
    }
    return is_range || !is_spelled_in_one_way(said) ? DEFINITION_UNKNOWN : DEFINITION_DIFFERENT;
}

/* ---- policies ---- */

/* The word after this one; `otherwise` if there is none. */
static const char *word_behind(const struct words *words, const char *word, const char *otherwise)
{
    for (size_t i = 0; i + 1 < words->count; i++) {
        if (strcmp(words->items[i], word) == 0) {
            return words->items[i + 1];
        }
    }
    return otherwise;
}

/* From USING or WITH CHECK on. */
static const char *conditions(struct arena *arena, const struct words *words)
{
    struct words rest = {0};
    bool begun = false;
    for (size_t i = 0; i < words->count; i++) {
        begun = begun || strcmp(words->items[i], "using") == 0 || strcmp(words->items[i], "with") == 0;
        if (begun) {
            words_add(arena, &rest, words->items[i]);
        }
    }
    return normal(arena, &rest);
}

enum definition_match definition_compare_policy(struct arena *arena, struct text statement, const char *existing)
{
    const struct words said = definition_words(arena, behind(statement, "on"), false);
    const struct words there = definition_words(arena, text_of(existing), false);
    const bool differs = words_have(&said, "restrictive") != words_have(&there, "restrictive") ||
                         strcmp(word_behind(&said, "for", "all"), word_behind(&there, "for", "all")) != 0 ||
                         words_have(&said, "using") != words_have(&there, "using") ||
                         has_pair(&said, "with", "check") != has_pair(&there, "with", "check");
    if (differs) {
        return DEFINITION_DIFFERENT;
    }
    static const char *const of_session[] = {"current_user", "session_user", "current_role"};
    for (size_t i = 0; i < sizeof of_session / sizeof of_session[0]; i++) {
        if (words_have(&said, of_session[i])) {
            return DEFINITION_UNKNOWN;
        }
    }
    const bool same_roles = strcmp(word_behind(&said, "to", "public"), word_behind(&there, "to", "public")) == 0;
    const bool has_list = words_have(&said, ",") || words_have(&there, ",");
    if (!same_roles) {
        return has_list ? DEFINITION_UNKNOWN : DEFINITION_DIFFERENT;
    }
    return !has_list && strcmp(conditions(arena, &said), conditions(arena, &there)) == 0 ? DEFINITION_SAME
                                                                                         : DEFINITION_UNKNOWN;
}

/* ---- functions ---- */

enum definition_match definition_compare_habits(struct arena *arena, struct text statement, const char *existing)
{
    const char *language = "sql";
    const char *volatility = "volatile";
    const char *security = "invoker";
    const char *null = "called";
    struct sql_reader reader = sql_read(statement);
    for (; !sql_is_end(&reader.token); sql_advance(&reader)) {
        struct sql_reader ahead = reader;
        sql_advance(&ahead);
        if (sql_is_word(&reader.token, "atomic")) {
            break;
        }
        if (sql_is_word(&reader.token, "language")) {
            const char *const string = sql_string(arena, &ahead.token);
            language = string != NULL ? string : sql_identifier(arena, &ahead.token);
        }
        volatility = sql_is_word(&reader.token, "immutable") ? "immutable"
                     : sql_is_word(&reader.token, "stable")  ? "stable"
                                                             : volatility;
        security =
            sql_is_word(&reader.token, "security") && sql_is_word(&ahead.token, "definer") ? "definer" : security;
        null = sql_is_word(&reader.token, "strict") ||
                       (sql_is_word(&reader.token, "returns") && sql_is_word(&ahead.token, "null"))
                   ? "strict"
                   : null;
    }
    const char *const said =
        arena_printf(arena, "%s %s %s %s", language == NULL ? "" : language, volatility, security, null);
    return strcmp(said, existing) == 0 ? DEFINITION_SAME : DEFINITION_DIFFERENT;
}
