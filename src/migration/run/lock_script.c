#include "migration/run/lock_script.h"

#include "sql/lexer.h"
#include "sql/split.h"

/* Does the definition evaluate expressions: the default of an added column, a new type's USING, the expressions of an
 * index? CREATE TABLE and similar evaluate nothing. */
static bool calls_in_definition(struct text statement)
{
    static const char *const known[] = {
        "varchar", "char",   "character", "numeric", "decimal", "timestamp", "bit",     "time", "interval",
        "check",   "unique", "key",       "include", "with",    "set",       "in",      "now",  "gen_random_uuid",
        "lower",   "upper",  "coalesce",  "where",   "and",     "or",        "exclude", NULL};
    struct sql_reader words = sql_read(statement);
    const bool alters = sql_take(&words, "alter");
    const bool is_create = !alters && sql_take(&words, "create");
    if (is_create) {
        sql_take(&words, "unique");
    }
    bool is_behind_columns = alters; /* an index's columns also begin with a name and a parenthesis */
    struct sql_token before = {.kind = SQL_END};
    struct sql_token first = before; /* the token before that */
    if (!alters && !(is_create && sql_take(&words, "index"))) {
        return false;
    }
    for (; words.token.kind != SQL_END; sql_advance(&words)) {
        const bool is_name = before.kind == SQL_WORD || before.kind == SQL_IDENTIFIER;
        if (sql_is_symbol(&words.token, '(') && is_name && is_behind_columns && !sql_is_any_word(&before, known) &&
            !sql_is_word(&first, "references")) {
            return true;
        }
        is_behind_columns = is_behind_columns || sql_is_symbol(&words.token, '(');
        first = before;
        before = words.token;
    }
    return false;
}

static bool any_calls_in_definition(struct text script)
{
    struct sql_lexer lexer = {.text = script};
    struct sql_statement one;
    while (sql_next_statement(&lexer, &one)) {
        if (calls_in_definition(text_slice(script, one.start, one.end))) {
            return true;
        }
    }
    return false;
}

bool lock_may_be_let_go(struct text script)
{
    static const char *const words[] = {"select", "do",     "call",  "execute", "perform", "values", "with", "insert",
                                        "update", "delete", "merge", "discard", "table",   "copy",   NULL};
    static const char *const definitions[] = {"create", "alter", "drop", "comment", "grant", "revoke", NULL};
    struct sql_lexer lexer = {.text = script};
    struct sql_token before = {.kind = SQL_END};
    for (struct sql_token token = sql_next(&lexer); token.kind != SQL_END; token = sql_next(&lexer)) {
        const bool is_table = sql_is_word(&token, "table") && sql_is_any_word(&before, definitions);
        if (!is_table && sql_is_any_word(&token, words)) {
            return true;
        }
        before = token;
    }
    return any_calls_in_definition(script);
}
