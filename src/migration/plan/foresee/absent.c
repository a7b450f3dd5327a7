/*
 * Judges by the statement's first words.
 */
#include "migration/plan/foresee/absent.h"

#include "sql/lexer.h"

#include <string.h>

/* PostgreSQL names some indexes and sequences by itself, and constraints create their own: these are not tracked. */
static bool may_be_unseen(struct text statement)
{
    static const char *const followed[] = {"table", "into", "from", "update", "index", "truncate", "view"};
    struct sql_reader words = sql_read(statement);
    if (sql_is_word(&words.token, "update") || sql_is_word(&words.token, "truncate")) {
        return false;
    }
    const bool makes = sql_is_word(&words.token, "create");
    const bool chooses = sql_is_word(&words.token, "with") || sql_is_word(&words.token, "select");
    sql_advance(&words);
    sql_take(&words, "unique");
    for (size_t i = 0; i < sizeof followed / sizeof followed[0]; i++) {
        if (sql_is_word(&words.token, followed[i])) {
            return strcmp(followed[i], "index") == 0 && !makes;
        }
    }
    return !chooses;
}

static bool says_if_exists(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    for (size_t i = 0; i < 6 && words.token.kind == SQL_WORD && !sql_is_word(&words.token, "if"); i++) {
        sql_advance(&words);
    }
    return sql_is_word(&words.token, "if");
}

bool absent_is_certain(struct text statement, bool is_decided)
{
    return !may_be_unseen(statement) && (is_decided || !says_if_exists(statement));
}
