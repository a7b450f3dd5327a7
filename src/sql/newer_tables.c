/*
 * What PostgreSQL 16 to 18 have added to the declarations of tables, their columns and constraints, and to other
 * statements that are no queries.
 */
#include "sql/newer_rewriting.h"

/* ---- constraints ---- */

/* [NOT] ENFORCED behind a constraint, and of ALTER CONSTRAINT. A column may have that name, too. */
static bool take_enforced(struct newer_rewriting *rewriting)
{
    static const char *const behind[] = {"valid", "deferrable", "deferred", "immediate", "inherit", NULL};
    const size_t from = rewriting->words.token.offset;
    struct sql_reader words = rewriting->words;
    const bool denies = sql_take(&words, "not");
    const struct sql_token last = words.token;
    if (!newer_declares(rewriting) || !sql_take(&words, "enforced")) {
        return false;
    }
    if (rewriting->alters_constraint) {
        newer_mark(rewriting, denies ? NEWER_FREES : NEWER_ENFORCES, from);
    } else if (denies) {
        newer_mark(rewriting, NEWER_NOT_ENFORCED, from);
    } else if (!sql_is_symbol(&rewriting->before, ')') && !sql_is_any_word(&rewriting->before, behind)) {
        return false;
    }
    newer_replace(rewriting, from, newer_end(&last), NULL);
    newer_skip(rewriting, words);
    return true;
}

/* ALTER CONSTRAINT name; what follows is its own rule's. */
static bool take_alter_constraint(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    if (rewriting->is_alter && rewriting->depth == 0 && sql_take_words(&words, "alter constraint")) {
        sql_advance(&words); /* the name */
        rewriting->alters_constraint = true;
        newer_skip(rewriting, words);
        return true;
    }
    return false;
}

/* ALTER CONSTRAINT name [NO] INHERIT. */
static bool take_inherit(struct newer_rewriting *rewriting)
{
    const size_t from = rewriting->words.token.offset;
    struct sql_reader words = rewriting->words;
    const bool denies = sql_take(&words, "no");
    const struct sql_token last = words.token;
    if (!rewriting->alters_constraint || !sql_take(&words, "inherit")) {
        return false;
    }
    newer_mark(rewriting, denies ? NEWER_KEEPS : NEWER_HANDS_ON, from);
    newer_replace(rewriting, from, newer_end(&last), NULL);
    newer_skip(rewriting, words);
    return true;
}

/* [CONSTRAINT name] NOT NULL column, of a table. */
static bool take_not_null(struct newer_rewriting *rewriting)
{
    const struct sql_token *const before = &rewriting->before;
    const bool begins =
        rewriting->is_alter ? sql_is_word(before, "add") : sql_is_symbol(before, ',') || sql_is_symbol(before, '(');
    struct sql_reader words = rewriting->words;
    if (!newer_declares(rewriting) || !begins) {
        return false;
    }
    if (sql_take(&words, "constraint")) {
        sql_advance(&words); /* its name */
    }
    const size_t from = words.token.offset;
    const char *const column =
        sql_take_words(&words, "not null") ? sql_identifier(rewriting->arena, &words.token) : NULL;
    if (column == NULL) {
        return false;
    }
    const struct text written = words.token.text;
    newer_mark(rewriting, NEWER_NOT_NULL, from);
    rewriting->marks[rewriting->count - 1].column = column;
    newer_replace(rewriting, from, newer_end(&words.token),
                  arena_printf(rewriting->arena, "CHECK (%.*s IS NOT NULL)", (int)written.size, written.data));
    sql_advance(&words);
    newer_skip(rewriting, words);
    return true;
}

/* PRIMARY KEY (a, b WITHOUT OVERLAPS). */
static bool take_overlaps(struct newer_rewriting *rewriting)
{
    const size_t from = rewriting->words.token.offset;
    struct sql_reader words = rewriting->words;
    if (!(rewriting->is_alter || rewriting->is_create) || !sql_take(&words, "without") ||
        !sql_is_word(&words.token, "overlaps")) {
        return false;
    }
    newer_mark(rewriting, NEWER_OVERLAPS, from);
    newer_replace(rewriting, from, newer_end(&words.token), NULL);
    sql_advance(&words);
    newer_skip(rewriting, words);
    return true;
}

/* FOREIGN KEY (a, PERIOD b) REFERENCES t (c, PERIOD d). */
static bool take_period(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    const size_t within = rewriting->is_create ? 2 : 1;
    const bool begins = sql_is_symbol(&rewriting->before, ',') || sql_is_symbol(&rewriting->before, '(');
    if (!(rewriting->is_alter || rewriting->is_create) || rewriting->depth != within || !begins ||
        !sql_take(&words, "period") || sql_is_word(&words.token, "without") ||
        (words.token.kind != SQL_WORD && words.token.kind != SQL_IDENTIFIER)) {
        return false;
    }
    newer_mark(rewriting, NEWER_PERIOD, rewriting->words.token.offset);
    newer_replace(rewriting, rewriting->words.token.offset, newer_end(&rewriting->words.token), NULL);
    newer_skip(rewriting, words);
    return true;
}

/* ---- columns ---- */

/* GENERATED ALWAYS AS (…): what follows the parentheses says how, see newer.c. */
static bool take_generated(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    if (newer_declares(rewriting) && sql_take_words(&words, "generated always as") &&
        sql_is_symbol(&words.token, '(')) {
        newer_skip(rewriting, words);
        rewriting->generated = rewriting->depth + 1;
        return true;
    }
    return false;
}

/* A column's STORAGE; SET STORAGE and INCLUDING STORAGE are older. */
static bool take_storage(struct newer_rewriting *rewriting)
{
    static const char *const older[] = {"set", "including", "excluding", NULL};
    static const char *const kinds[] = {"plain", "external", "extended", "main", "default", NULL};
    struct sql_reader words = rewriting->words;
    if (!newer_declares(rewriting) || sql_is_any_word(&rewriting->before, older) || !sql_take(&words, "storage") ||
        !sql_is_any_word(&words.token, kinds)) {
        return false;
    }
    newer_replace(rewriting, rewriting->words.token.offset, newer_end(&words.token), NULL);
    sql_advance(&words);
    newer_skip(rewriting, words);
    return true;
}

/* SET EXPRESSION AS (…). */
static bool take_expression(struct newer_rewriting *rewriting)
{
    struct sql_reader words = rewriting->words;
    const size_t from = words.token.offset;
    if (!rewriting->is_alter || rewriting->depth > 0 || !sql_take_words(&words, "set expression as")) {
        return false;
    }
    newer_mark(rewriting, NEWER_EXPRESSION, from);
    newer_replace(rewriting, from, words.token.offset, "SET DEFAULT ");
    newer_skip(rewriting, words);
    return true;
}

/* ---- words that mean another ---- */

static const struct {
    int since;
    const char *first; /* of the statement; NULL: any */
    const char *words;
    const char *become;
} phrases[] = {
    {16, "alter", "set storage default", "SET STORAGE EXTENDED"},
    {17, "alter", "set statistics default", "SET STATISTICS -1"},
    {17, "alter", "set access method default", "SET ACCESS METHOD heap"},
    {18, "vacuum", "only", NULL},
    {18, "analyze", "only", NULL},
    {18, "alter", "on large objects", "ON TABLES"}, /* of DEFAULT PRIVILEGES */
    {16, "revoke", "inherit option for", "ADMIN OPTION FOR"},
    {16, "revoke", "set option for", "ADMIN OPTION FOR"},
    {16, "create", "create statistics on", "CREATE STATISTICS truss_unnamed ON"},
    {17, NULL, "at local", "AT TIME ZONE 'UTC'"},
};

static bool take_phrase(struct newer_rewriting *rewriting)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        struct sql_reader words = rewriting->words;
        if (rewriting->major < phrases[i].since ||
            (phrases[i].first != NULL && !sql_is_word(&rewriting->first, phrases[i].first)) ||
            !sql_take_words(&words, phrases[i].words)) {
            continue;
        }
        rewriting->is_reworded = rewriting->is_reworded || phrases[i].first == NULL;
        newer_replace(rewriting, rewriting->words.token.offset, words.token.offset, phrases[i].become);
        buffer_putc(&rewriting->out, ' ');
        newer_skip(rewriting, words);
        return true;
    }
    return false;
}

/* REINDEX DATABASE, without its name. */
static bool take_reindex(struct newer_rewriting *rewriting)
{
    static const char *const whole[] = {"database", "system", NULL};
    struct sql_reader words = rewriting->words;
    if (!sql_is_word(&rewriting->first, "reindex") || rewriting->depth > 0 || !sql_is_any_word(&words.token, whole)) {
        return false;
    }
    const size_t end = newer_end(&words.token);
    sql_advance(&words);
    sql_take(&words, "concurrently");
    if (words.token.kind == SQL_END) {
        newer_copy(rewriting, rewriting->in.size > end ? rewriting->in.size : end);
        buffer_puts(&rewriting->out, " truss_unnamed");
    }
    newer_skip(rewriting, words);
    return true;
}

/* GRANT role TO role WITH INHERIT TRUE, SET FALSE. */
static bool take_grant(struct newer_rewriting *rewriting)
{
    static const char *const options[] = {"inherit", "set", "admin", NULL};
    static const char *const values[] = {"true", "false", NULL};
    struct sql_reader words = rewriting->words;
    if (!sql_is_word(&rewriting->first, "grant") || !sql_take(&words, "with") ||
        !sql_is_any_word(&words.token, options)) {
        return false;
    }
    const bool is_admin = sql_take(&words, "admin");
    if (is_admin && !sql_is_any_word(&words.token, values)) {
        return false;
    }
    newer_drop_rest(rewriting);
    return true;
}

const struct newer_rule newer_of_tables[] = {
    {18, take_enforced},
    {18, take_alter_constraint},
    {18, take_inherit},
    {18, take_not_null},
    {18, take_overlaps},
    {18, take_period},
    {16, take_generated},
    {16, take_storage},
    {17, take_expression},
    {16, take_phrase},
    {16, take_reindex},
    {16, take_grant},
    {0},
};
