#include "migration/plan/check/rights.h"

#include "sql/lexer.h"

bool rights_change(struct text statement)
{
    static const char *const verbs[] = {"grant", "revoke", "reassign", NULL};
    static const char *const what[] = {"owner", "role", "user", "group", "default", NULL};
    struct sql_reader reader = sql_read(statement);
    if (sql_is_any_word(&reader.token, verbs)) {
        return true;
    }
    if (!sql_is_word(&reader.token, "alter") && !sql_is_word(&reader.token, "create")) {
        return false;
    }
    while (reader.token.kind != SQL_END) {
        if (sql_is_any_word(&reader.token, what)) {
            return true;
        }
        sql_advance(&reader);
    }
    return false;
}
