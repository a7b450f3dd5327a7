#include "sql/control.h"

#include "sql/lexer.h"

bool sql_chains(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    while (reader.token.kind != SQL_END) {
        if (sql_take(&reader, "and")) {
            return sql_is_word(&reader.token, "chain");
        }
        sql_advance(&reader);
    }
    return false;
}

bool sql_lasts_as_transaction(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    if (sql_take(&reader, "lock")) {
        return true;
    }
    if (!sql_take(&reader, "declare")) {
        return false;
    }
    while (reader.token.kind != SQL_END && !sql_is_word(&reader.token, "for")) {
        if (sql_take(&reader, "with")) {
            return !sql_is_word(&reader.token, "hold");
        }
        sql_advance(&reader);
    }
    return true;
}

bool sql_leaves_nothing(struct text statement)
{
    static const char *const verbs[] = {"vacuum", "reindex", "cluster", "discard", "checkpoint", "refresh", NULL};
    const struct sql_reader reader = sql_read(statement);
    return sql_is_any_word(&reader.token, verbs);
}
