#include "migration/plan/passing.h"

#include "sql/classify.h"
#include "sql/effects.h"
#include "sql/lasting.h"
#include "sql/lexer.h"

#include <string.h>

bool passing_says(struct text statement)
{
    static const char *const others[] = {"temp", "temporary", "local", "global", "schema", "extension", "or", NULL};
    struct sql_reader words = sql_read(statement);
    const bool creates = sql_take(&words, "create");
    if (!creates && !(sql_take(&words, "alter") && sql_is_word(&words.token, "table"))) {
        return false;
    }
    bool says = false;
    for (const bool may = !creates || !sql_is_any_word(&words.token, others);
         may && !says && !sql_is_end(&words.token);) {
        const bool is_if = sql_take(&words, "if");
        says = is_if && sql_take(&words, "not") && sql_is_word(&words.token, "exists");
        if (!is_if) {
            sql_advance(&words);
        }
    }
    return says;
}

/* CREATE … IF NOT EXISTS accepts any relation of that name. */
static const struct {
    const char *first;
    const char *second; /* NULL: only one word */
    const char *kinds;  /* pg_class.relkind of what it creates */
} makers[] = {
    {"table", NULL, "rp"},     {"materialized", "view", "m"}, {"sequence", NULL, "S"},
    {"foreign", "table", "f"}, {"index", NULL, "iI"},
};

const char *passing_kinds(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const char *kinds = NULL;
    if (!sql_take(&words, "create")) {
        return NULL;
    }
    if (!sql_take(&words, "unlogged")) {
        sql_take(&words, "unique");
    }
    for (size_t i = 0; kinds == NULL && i < sizeof makers / sizeof makers[0]; i++) {
        const bool is = sql_take(&words, makers[i].first);
        kinds = is && (makers[i].second == NULL || sql_take(&words, makers[i].second)) ? makers[i].kinds : NULL;
    }
    sql_take(&words, "concurrently");
    return kinds != NULL && sql_take(&words, "if") && sql_take(&words, "not") ? kinds : NULL;
}

void passing_of_block(struct arena *arena, struct text statement, struct buffer *statements)
{
    struct sql_lexer outside = {.text = statement};
    struct sql_token token = sql_next(&outside);
    if (!sql_is_word(&token, "do")) {
        return;
    }
    const char *body = NULL;
    while (token.kind != SQL_END && body == NULL) {
        token = sql_next(&outside);
        body = sql_string(arena, &token);
    }
    struct sql_lexer inside = {.text = text_of(body == NULL ? "" : body)};
    size_t start = SIZE_MAX;
    for (token = sql_next(&inside); token.kind != SQL_END; token = sql_next(&inside)) {
        if (sql_is_word(&token, "alter") || sql_is_word(&token, "create")) {
            start = token.offset;
        } else if (start != SIZE_MAX && sql_is_symbol(&token, ';')) {
            buffer_add(statements, text_slice(inside.text, start, token.offset));
            buffer_puts(statements, ";\n");
            start = SIZE_MAX;
        }
    }
}

/* ---- the search path ---- */

/* Does the statement set it? *is_local: until the end of the transaction. */
static bool sets_path(struct arena *arena, struct text statement, bool *is_local)
{
    struct sql_lastings lastings = {0};
    bool sets = false;
    sql_lasting(arena, statement, statement, &lastings);
    for (size_t i = 0; i < lastings.count; i++) {
        const struct sql_lasting *const one = &lastings.items[i];
        if (one->kind == SQL_RESET_ALL || (one->name != NULL && strcmp(one->name, "search_path") == 0)) {
            sets = true;
            *is_local = one->kind == SQL_LOCAL_SETTING;
        }
    }
    return sets;
}

/* The first schema of a path given in the statement; NULL: not given, or one of the role's. */
static const char *first_of(const struct sql_effects *effects, bool *resets)
{
    const char *first = NULL;
    for (size_t i = 0; i < effects->change_count; i++) {
        const struct sql_change *const change = &effects->changes[i];
        *resets = *resets || change->kind == SQL_CHANGE_RESETS_PATH;
        first = change->kind == SQL_CHANGE_PATH && change->path != NULL ? change->path[0] : first;
    }
    return first != NULL && strcmp(first, "$user") != 0 ? first : NULL;
}

void passing_follow(struct arena *arena, struct text statement, struct passing_path *path)
{
    const enum sql_class class = sql_classify(statement);
    const bool ends = class == SQL_CLASS_COMMIT || class == SQL_CLASS_ROLLBACK;
    struct sql_effects effects;
    bool is_local = false;
    bool resets = false;
    if (!sets_path(arena, statement, &is_local)) {
        path->is_lost = path->is_lost || (ends && path->is_local);
        return;
    }
    sql_effects(arena, statement, NULL, NULL, &effects);
    const char *const first = first_of(&effects, &resets);
    path->schema = resets ? path->usual : first;
    path->is_lost = !resets && first == NULL;
    path->is_local = is_local;
}
