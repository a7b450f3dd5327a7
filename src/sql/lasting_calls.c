/*
 * The functions that a statement calls, and whether it reads the clock.
 */
#include "sql/lasting_reader.h"

static const struct {
    const char *name;
    enum sql_lasting_kind kind;
    const char *what;
} functions[] = {
    {"pg_advisory_xact_lock", SQL_ENDS, "pg_advisory_xact_lock()"},
    {"pg_advisory_xact_lock_shared", SQL_ENDS, "pg_advisory_xact_lock_shared()"},
    {"pg_try_advisory_xact_lock", SQL_ENDS, "pg_try_advisory_xact_lock()"},
    {"pg_try_advisory_xact_lock_shared", SQL_ENDS, "pg_try_advisory_xact_lock_shared()"},
    {"pg_export_snapshot", SQL_ENDS, "pg_export_snapshot()"},
    {"lo_open", SQL_ENDS, "an open large object"},
    {"setseed", SQL_OF_SESSION, "a seed for random()"},
    {"pg_advisory_lock", SQL_OF_SESSION, "an advisory lock"},
    {"pg_advisory_lock_shared", SQL_OF_SESSION, "an advisory lock"},
    {"pg_try_advisory_lock", SQL_OF_SESSION, "an advisory lock"},
    {"pg_try_advisory_lock_shared", SQL_OF_SESSION, "an advisory lock"},
};

static const char *const clocks[] = {"current_timestamp", "localtimestamp", "current_time", "localtime", NULL};
static const char *const clock_functions[] = {"now", "transaction_timestamp", "txid_current", "pg_current_xact_id",
                                              NULL};

static void look_at_call(const struct looking *looking, const struct sql_token *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (sql_is_word(name, functions[i].name)) {
            lasting_add_what(looking, functions[i].kind, functions[i].what);
        }
    }
}

/* SELECT … FOR UPDATE holds rows, INTO TEMP makes a table; both are recognized by two adjacent words. */
static void look_at_pair(const struct looking *looking, const struct sql_token *first, const struct sql_token *second)
{
    static const char *const modes[] = {"update", "no", "share", "key", NULL};
    static const char *const temporary[] = {"temp", "temporary", NULL};
    if (sql_is_word(first, "for") && !looking->in_body && sql_is_any_word(second, modes)) {
        lasting_add_what(looking, SQL_ENDS, "SELECT … FOR UPDATE or SHARE");
    } else if (sql_is_word(first, "into") && sql_is_any_word(second, temporary)) {
        lasting_add_what(looking, SQL_OF_SESSION, "a temporary table");
    }
}

static bool is_clock(const struct sql_token *token, bool is_call)
{
    return sql_is_any_word(token, clocks) || (is_call && sql_is_any_word(token, clock_functions));
}

/* Tokens that may stand between calls of set_config if these are all of a SELECT: a comma, a schema, a column name. */
static bool is_between(const struct sql_token *token, const struct sql_token *next)
{
    static const char *const words[] = {"set_config", "pg_catalog", "as", NULL};
    return sql_is_any_word(token, words) || sql_is_symbol(token, ',') || sql_is_symbol(token, '.') ||
           (token->kind == SQL_WORD && sql_is_symbol(next, ',')) || next->kind == SQL_END;
}

void lasting_of_calls(const struct looking *looking, bool changes_rows)
{
    struct sql_reader reader = sql_read(looking->statement);
    bool is_list = sql_take(&reader, "select") || sql_take(&reader, "perform");
    bool behind_where = false;
    bool reads = false;
    bool chooses = false;
    while (reader.token.kind != SQL_END) {
        const struct sql_token token = reader.token;
        sql_advance(&reader);
        if (token.kind != SQL_WORD) {
            is_list = is_list && is_between(&token, &reader.token);
            continue;
        }
        const bool is_call = sql_is_symbol(&reader.token, '(');
        const bool clock = is_clock(&token, is_call);
        look_at_pair(looking, &token, &reader.token);
        behind_where = behind_where || sql_is_word(&token, "where");
        reads = reads || clock;
        chooses = chooses || (clock && behind_where && changes_rows);
        if (is_call && sql_is_word(&token, "set_config")) {
            sql_advance(&reader);
            lasting_of_set_config(looking, &reader, is_list);
        } else if (is_call) {
            look_at_call(looking, &token);
        }
        is_list = is_list && is_between(&token, &reader.token);
    }
    if (chooses) {
        lasting_add_what(looking, SQL_CHOOSES_BY_CLOCK, "now()");
    }
    if (reads) {
        lasting_add_what(looking, SQL_READS_CLOCK, "now()");
    }
}
