#include "sql/changes.h"

#include "sql/plpgsql.h"

#include <string.h>

/* Moves past one of the words that a table's name follows; false if there is none. */
static bool take_change(struct sql_reader *words)
{
    static const struct {
        const char *verb;
        const char *before_table;
    } changes[] = {{"insert", "into"}, {"delete", "from"}, {"merge", "into"}, {"update", NULL}, {"copy", NULL}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (sql_take(words, changes[i].verb)) {
            const bool is_one = changes[i].before_table == NULL || sql_take(words, changes[i].before_table);
            sql_take(words, "only");
            return is_one;
        }
    }
    return false;
}

/* The last part of schema.table; NULL if there is no name. The reader is left on that part. */
static const char *last_name(struct arena *arena, struct sql_reader *words)
{
    const char *name = sql_identifier(arena, &words->token);
    struct sql_reader ahead = *words;
    sql_advance(&ahead);
    while (name != NULL && sql_is_symbol(&ahead.token, '.')) {
        sql_advance(&ahead);
        *words = ahead;
        name = sql_identifier(arena, &words->token);
        sql_advance(&ahead);
    }
    return name;
}

const char *sql_take_changed(struct arena *arena, struct sql_reader *words)
{
    struct sql_reader ahead = *words;
    const char *const name = take_change(&ahead) ? last_name(arena, &ahead) : NULL;
    *words = name == NULL ? *words : ahead;
    return name;
}

static const char *among(const struct words *tables, const char *name)
{
    for (size_t i = 0; name != NULL && i < tables->count; i++) {
        if (strcmp(tables->items[i], name) == 0) {
            return tables->items[i];
        }
    }
    return NULL;
}

const char *sql_changed_table(struct arena *arena, struct text statement, const struct words *tables)
{
    struct sql_code code;
    struct sql_reader words = sql_read(statement);
    const char *found = NULL;
    if (tables == NULL || tables->count == 0 || sql_is_word(&words.token, "create")) {
        return NULL;
    }
    if (sql_is_word(&words.token, "do") && sql_code(arena, statement, &code)) {
        words = sql_read(code.body);
    }
    while (found == NULL && words.token.kind != SQL_END) {
        if (take_change(&words)) {
            found = among(tables, last_name(arena, &words));
        } else {
            sql_advance(&words);
        }
    }
    return found;
}

void deferred_join(struct arena *arena, struct deferred *deferred, const struct deferred *others)
{
    words_add_all(arena, &deferred->checked, &others->checked);
    words_add_all(arena, &deferred->fires, &others->fires);
    words_add_all(arena, &deferred->emptied, &others->emptied);
}

static void add_name(struct arena *arena, struct sql_reader *words, struct words *tables)
{
    const char *const name = last_name(arena, words);
    if (name != NULL && !words_have(tables, name)) {
        words_add(arena, tables, name);
    }
}

/* CREATE TEMP TABLE … ON COMMIT DELETE ROWS, also before AS. If the script were cut by a COMMIT, later statements would
 * no longer find the rows that they find in one transaction. */
static void add_emptied(struct arena *arena, struct text statement, struct words *tables)
{
    struct sql_reader words = sql_read(statement);
    if (!sql_take(&words, "create")) {
        return;
    }
    if (!sql_take(&words, "local")) {
        sql_take(&words, "global");
    }
    if ((!sql_take(&words, "temp") && !sql_take(&words, "temporary")) || !sql_take(&words, "table")) {
        return;
    }
    sql_take_if(&words);
    const struct sql_reader name = words;
    while (words.token.kind != SQL_END && !sql_take_words(&words, "on commit delete")) {
        sql_advance(&words);
    }
    if (words.token.kind != SQL_END) {
        struct sql_reader at = name;
        add_name(arena, &at, tables);
    }
}

void sql_deferred_tables(struct arena *arena, struct text statement, struct deferred *deferred)
{
    add_emptied(arena, statement, &deferred->emptied);
    static const char *const passed[] = {"if", "not", "exists", "only", NULL};
    struct sql_reader words = sql_read(statement);
    const bool makes = sql_is_word(&words.token, "create");
    if ((!makes && !sql_is_word(&words.token, "alter")) || !sql_has_words(statement, "initially", "deferred")) {
        return;
    }
    sql_advance(&words);
    const bool is_trigger = makes && sql_is_word(&words.token, "constraint");
    bool has_target = false;
    while (words.token.kind != SQL_END) {
        const bool is_target = !has_target && sql_take(&words, is_trigger ? "on" : "table");
        while (is_target && sql_is_any_word(&words.token, passed)) {
            sql_advance(&words);
        }
        if (is_target || sql_take(&words, "references")) {
            add_name(arena, &words, is_trigger ? &deferred->fires : &deferred->checked);
            has_target = true;
        }
        sql_advance(&words);
    }
}

static bool add_renamed(struct arena *arena, struct words *tables, const char *old, const char *name)
{
    if (!words_have(tables, old)) {
        return false;
    }
    if (!words_have(tables, name)) {
        words_add(arena, tables, name);
    }
    return true;
}

bool sql_deferred_renamed(struct arena *arena, struct text statement, struct deferred *deferred)
{
    struct sql_reader words = sql_read(statement);
    if (!sql_take(&words, "alter") || !sql_take(&words, "table")) {
        return false;
    }
    sql_take_if(&words);
    sql_take(&words, "only");
    const char *const old = last_name(arena, &words);
    if (old == NULL) {
        return false;
    }
    while (words.token.kind != SQL_END && !sql_is_word(&words.token, "rename")) {
        sql_advance(&words); /* "*" */
    }
    const char *const name = sql_take(&words, "rename") && sql_take(&words, "to") ? last_name(arena, &words) : NULL;
    const bool is_checked = name != NULL && add_renamed(arena, &deferred->checked, old, name);
    return (name != NULL && add_renamed(arena, &deferred->fires, old, name)) || is_checked;
}
