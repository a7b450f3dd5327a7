/*
 * What is known about a statement without a tree, because it is newer than the parser's grammar or too large for the
 * parser. Its first words name what it changes; that is reported, with a note that there may be more. Also settings of
 * the search path, which the parser does know.
 */
#include "sql/effects_reader.h"

#include "base/words.h"
#include "sql/lexer.h"

#include <string.h>

/* ---- statements by their words ---- */

/* [IF EXISTS] [ONLY] [schema.]name. */
static void lock_name(struct effects_reader *reader, struct sql_reader *words, enum sql_lock lock)
{
    const char *schema;
    sql_take_if(words);
    sql_take(words, "only");
    const char *const name = sql_take_name(reader->arena, words, &schema);
    effects_lock_named(reader, schema, name, lock);
}

static const struct {
    const char *first;
    const char *second; /* NULL: the name follows the first word */
    enum sql_lock lock;
} named[] = {
    {"alter", "table", SQL_LOCK_ACCESS_EXCLUSIVE}, {"drop", "table", SQL_LOCK_ACCESS_EXCLUSIVE},
    {"insert", "into", SQL_LOCK_ROW_EXCLUSIVE},    {"merge", "into", SQL_LOCK_ROW_EXCLUSIVE},
    {"delete", "from", SQL_LOCK_ROW_EXCLUSIVE},    {"update", NULL, SQL_LOCK_ROW_EXCLUSIVE},
    {"truncate", NULL, SQL_LOCK_ACCESS_EXCLUSIVE}, {"copy", NULL, SQL_LOCK_ROW_EXCLUSIVE},
};

void effects_by_words(struct effects_reader *reader, struct text statement)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        struct sql_reader words = sql_read(statement);
        if (sql_take(&words, named[i].first) && (named[i].second == NULL || sql_take(&words, named[i].second))) {
            sql_take(&words, "table"); /* of TRUNCATE */
            lock_name(reader, &words, named[i].lock);
            return;
        }
    }
}

/* ---- the search path ---- */

const char *effects_constant(const json_t *node)
{
    return tree_string(json_object_get(tree_body(node, "A_Const"), "sval"), "sval");
}

/* The single text of set_config: names separated by commas. False if a token is not a name. */
static bool add_list(struct arena *arena, struct words *path, const char *list)
{
    struct sql_lexer lexer = {.text = text_of(list)};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        const char *const name = sql_identifier(arena, &token);
        if (name == NULL && !sql_is_symbol(&token, ',')) {
            return false;
        }
        if (name != NULL) {
            words_add(arena, path, name);
        }
    }
    return true;
}

void effects_path(struct effects_reader *reader, const json_t *arguments)
{
    struct words path = {0};
    const bool is_call = strcmp(effects_constant(json_array_get(arguments, 0)), "search_path") == 0;
    bool known = !is_call || tree_body(json_array_get(arguments, 1), "A_Const") != NULL;
    if (is_call) {
        known = known && add_list(reader->arena, &path, effects_constant(json_array_get(arguments, 1)));
    }
    for (size_t i = 0; !is_call && i < json_array_size(arguments); i++) {
        const char *const schema = effects_constant(json_array_get(arguments, i));
        if (schema[0] != '\0') {
            words_add(reader->arena, &path, arena_strdup(reader->arena, schema));
        }
    }
    const char *const *const schemas = words_list(reader->arena, &path);
    effects_change(reader, &(struct sql_change){.kind = SQL_CHANGE_PATH, .path = known ? schemas : NULL});
}
