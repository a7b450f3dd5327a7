/*
 * What PostgreSQL 16 to 18 have added to queries and expressions: SQL/JSON, numbers, MERGE, RETURNING. What calls
 * something stays in the new text, or the statement is not known.
 */
#include "sql/newer_rewriting.h"

#include <ctype.h>
#include <stdlib.h>

/* ---- SQL/JSON ---- */

/* x IS [NOT] JSON [kind] [WITH UNIQUE KEYS]: true or false of x alone. */
static bool take_is_json(struct newer_rewriting *rewriting)
{
    static const char *const kinds[] = {"value", "array", "object", "scalar", NULL};
    static const char *const unique[] = {"with", "without", NULL};
    struct sql_reader words = rewriting->words;
    const size_t from = words.token.offset;
    struct sql_token last;
    if (!sql_take(&words, "is")) {
        return false;
    }
    sql_take(&words, "not");
    last = words.token;
    if (!sql_take(&words, "json")) {
        return false;
    }
    if (sql_is_any_word(&words.token, kinds)) {
        last = words.token;
        sql_advance(&words);
    }
    struct sql_reader behind = words;
    if (sql_is_any_word(&behind.token, unique)) {
        sql_advance(&behind);
        if (sql_is_word(&behind.token, "unique")) {
            last = behind.token;
            sql_advance(&behind);
            last = sql_is_word(&behind.token, "keys") ? behind.token : last;
            sql_take(&behind, "keys");
            words = behind;
        }
    }
    newer_replace(rewriting, from, newer_end(&last), "IS NULL ");
    newer_skip(rewriting, words);
    rewriting->is_reworded = true;
    return true;
}

static const struct {
    int since;
    const char *name;
} calls[] = {
    {16, "json_array"},     {16, "json_arrayagg"}, {16, "json_object"}, {16, "json_objectagg"},
    {17, "json"},           {17, "json_exists"},   {17, "json_query"},  {17, "json_scalar"},
    {17, "json_serialize"}, {17, "json_table"},    {17, "json_value"},
};

/* Does a clause of such a call begin here, behind its arguments? */
static bool begins_clause(struct sql_reader words)
{
    static const char *const clauses[] = {"returning", "passing", "columns", "format",  "keep", "omit",
                                          "absent",    "error",   "empty",   "unknown", NULL};
    static const char *const values[] = {"null", "true", "false", NULL};
    static const char *const with[] = {"unique", "wrapper", "array", "conditional", "unconditional", NULL};
    if (sql_is_any_word(&words.token, clauses) || sql_is_word(&words.token, "default")) {
        return true;
    }
    if (sql_is_any_word(&words.token, values)) {
        sql_advance(&words);
        return sql_is_word(&words.token, "on");
    }
    return (sql_take(&words, "with") || sql_take(&words, "without")) && sql_is_any_word(&words.token, with);
}

/* The clauses, up to the parenthesis that closes the call; false: one of them calls a function. */
static bool skip_clauses(struct sql_reader *words)
{
    static const char *const plain[] = {"columns", "numeric",   "varchar",     "char", "decimal",
                                        "bit",     "timestamp", "timestamptz", "path", NULL};
    size_t depth = 0;
    struct sql_token before = words->token;
    for (; !sql_is_end(&words->token) && (depth > 0 || !sql_is_symbol(&words->token, ')')); sql_advance(words)) {
        const bool opens = sql_is_symbol(&words->token, '(');
        if (opens && (before.kind == SQL_WORD || before.kind == SQL_IDENTIFIER) && !sql_is_any_word(&before, plain)) {
            return false;
        }
        depth += opens ? 1 : 0;
        depth -= sql_is_symbol(&words->token, ')') ? 1 : 0;
        before = words->token;
    }
    return words->token.kind == SQL_SYMBOL;
}

static bool is_call(const struct newer_rewriting *rewriting, struct sql_reader words)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (rewriting->major >= calls[i].since && sql_is_word(&words.token, calls[i].name)) {
            sql_advance(&words);
            return sql_is_symbol(&words.token, '(');
        }
    }
    return false;
}

/* Within a call of SQL/JSON: "key: value" and "key VALUE value" are two arguments; its clauses are left out. */
static bool take_argument(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    const struct sql_token token = words.token;
    struct sql_reader next = words;
    sql_advance(&next);
    if (!rewriting->json[rewriting->depth]) {
        return false;
    }
    if (begins_clause(words)) {
        if (!skip_clauses(&words)) {
            rewriting->has_failed = true;
        }
        newer_replace(rewriting, token.offset, words.token.offset, NULL);
        newer_skip(rewriting, words);
        return true;
    }
    const bool is_colon =
        sql_is_symbol(&token, ':') && !sql_is_symbol(&next.token, ':') && !sql_is_symbol(&rewriting->before, ':');
    const bool is_value = sql_is_word(&token, "value") && !sql_is_symbol(&rewriting->before, '(') &&
                          !sql_is_symbol(&rewriting->before, ',');
    if (!is_colon && !is_value) {
        return false;
    }
    newer_replace(rewriting, token.offset, newer_end(&token), ", ");
    newer_skip(rewriting, next);
    return true;
}

static bool take_call(struct newer_rewriting *rewriting)
{
    static const char *const queries[] = {"select", "values", "with", NULL};
    struct sql_reader words = rewriting->words;
    if (!is_call(rewriting, words) || sql_is_symbol(&rewriting->before, '.')) {
        return false;
    }
    sql_advance(&words);
    struct sql_reader within = words;
    sql_advance(&within);
    rewriting->has_failed = rewriting->has_failed || sql_is_any_word(&within.token, queries);
    rewriting->begins_json = true;
    rewriting->is_reworded = true;
    newer_skip(rewriting, words);
    return true;
}

/* ---- numbers ---- */

static bool is_digit_of(char c, int base)
{
    return c == '_' || (base == 16 ? isxdigit((unsigned char)c) != 0 : c >= '0' && c < '0' + base);
}

/* 1_000, 0x1F, 0o17, 0b1. */
static bool take_number(struct newer_rewriting *rewriting)
{
    const struct text in = rewriting->in;
    const size_t from = rewriting->words.token.offset;
    const char letter =
        from + 1 < in.size && in.data[from] == '0' ? (char)tolower((unsigned char)in.data[from + 1]) : ' ';
    const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    size_t end = from + (base == 10 ? 0 : 2);
    char digits[40];
    size_t count = 0;
    bool is_newer = base != 10;
    if (rewriting->words.token.kind != SQL_NUMBER) {
        return false;
    }
    for (; end < in.size && is_digit_of(in.data[end], base) && count + 1 < sizeof digits; end++) {
        is_newer = is_newer || in.data[end] == '_';
        digits[count] = in.data[end];
        count += in.data[end] == '_' ? 0 : 1;
    }
    digits[count] = '\0';
    const bool ends = end == in.size || (!isalnum((unsigned char)in.data[end]) && in.data[end] != '_' &&
                                         !(base != 10 && in.data[end] == '.'));
    if (!is_newer || !ends || count == 0 || (base != 10 && count > 15)) {
        return false;
    }
    newer_replace(rewriting, from, end,
                  base == 10 ? arena_strdup(rewriting->arena, digits)
                             : arena_printf(rewriting->arena, "%llu", strtoull(digits, NULL, base)));
    while (rewriting->words.token.kind != SQL_END && rewriting->words.token.offset < end) {
        rewriting->before = rewriting->words.token;
        sql_advance(&rewriting->words);
    }
    return true;
}

/* ---- MERGE and RETURNING ---- */

/* What MERGE returns: columns, and which action it was. */
static bool returns_calls(struct sql_reader words)
{
    struct sql_token before = words.token;
    bool calls_any = false;
    for (; !sql_is_end(&words.token); sql_advance(&words)) {
        calls_any = calls_any || (sql_is_symbol(&words.token, '(') && !sql_is_word(&before, "merge_action") &&
                                  !sql_is_word(&before, "with"));
        before = words.token;
    }
    return calls_any || words.token.kind == SQL_BROKEN;
}

static bool take_merge(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    const size_t from = words.token.offset;
    if (!sql_is_word(&rewriting->first, "merge") || rewriting->depth > 0) {
        return false;
    }
    if (sql_take(&words, "returning")) {
        rewriting->has_failed = rewriting->has_failed || returns_calls(words);
        newer_drop_rest(rewriting);
        return true;
    }
    if (sql_take_words(&words, "not matched by source")) {
        newer_replace(rewriting, from, words.token.offset, "MATCHED ");
        rewriting->is_reworded = true;
    } else if (sql_take_words(&words, "not matched by target")) {
        newer_replace(rewriting, from, words.token.offset, "NOT MATCHED ");
    } else {
        return false;
    }
    newer_skip(rewriting, words);
    return true;
}

/* RETURNING WITH (OLD AS o, NEW AS n). */
static bool take_returning(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    if (!sql_take(&words, "returning") || !sql_is_word(&words.token, "with")) {
        return false;
    }
    const size_t from = words.token.offset;
    while (words.token.kind != SQL_END && !sql_is_symbol(&words.token, ')')) {
        sql_advance(&words);
    }
    newer_replace(rewriting, from, newer_end(&words.token), NULL);
    sql_advance(&words);
    newer_skip(rewriting, words);
    return true;
}

const struct newer_rule newer_of_rows[] = {
    {16, take_is_json},
    {16, take_argument},
    {16, take_call},
    {16, take_number},
    {17, take_merge},
    {18, take_returning},
    {0},
};
