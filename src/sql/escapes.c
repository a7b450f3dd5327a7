/*
 * Calls are looked for in the statement, in the body of a DO and in the strings that its EXECUTE is given; what CREATE
 * FUNCTION only defines is not run.
 */
#include "sql/escapes.h"

#include "sql/lexer.h"
#include "sql/plpgsql.h"

#define DEEPEST 4 /* strings in strings */

static const char *const functions[] = {
    "dblink",
    "dblink_exec",
    "dblink_open",
    "dblink_send_query",
    "http",
    "http_delete",
    "http_get",
    "http_patch",
    "http_post",
    "http_put",
    "lo_export",
    "pg_background_launch",
    "pg_cancel_backend",
    "pg_copy_logical_replication_slot",
    "pg_copy_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_create_restore_point",
    "pg_drop_replication_slot",
    "pg_file_rename",
    "pg_file_unlink",
    "pg_file_write",
    "pg_logical_emit_message",
    "pg_promote",
    "pg_reload_conf",
    "pg_replication_slot_advance",
    "pg_rotate_logfile",
    "pg_stat_reset",
    "pg_stat_reset_shared",
    "pg_stat_reset_single_table_counters",
    "pg_switch_wal",
    "pg_terminate_backend",
};

/* The function of the list that this word is; NULL: none. */
static const char *function_of(const struct sql_token *token)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (sql_is_word(token, functions[i])) {
            return functions[i];
        }
    }
    return NULL;
}

/* A name behind one of these is no call: INSERT INTO x (…), COMMENT ON FUNCTION x(…). */
static bool names(const struct sql_token *word)
{
    static const char *const words[] = {"into", "table", "exists", "references", "function",
                                        "view", "type",  "on",     NULL};
    return sql_is_any_word(word, words);
}

/* With the strings in it, which EXECUTE may be given, where `depth` is not 0. */
static const char *look(struct arena *arena, struct text text, int depth)
{
    struct sql_lexer lexer = {.text = text};
    struct sql_token token = sql_next(&lexer);
    struct sql_token before = {.kind = SQL_END}; /* the last one that is not of a name with its schema */
    while (token.kind != SQL_END) {
        const struct sql_token next = sql_next(&lexer);
        const char *const function = sql_is_symbol(&next, '(') && !names(&before) ? function_of(&token) : NULL;
        if (function != NULL) {
            return arena_printf(arena, "%s()", function);
        }
        const char *const inner = token.kind == SQL_STRING && depth > 0 ? sql_string(arena, &token) : NULL;
        const char *const found = inner == NULL ? NULL : look(arena, text_of(inner), depth - 1);
        if (found != NULL) {
            return found;
        }
        before = sql_is_symbol(&token, '.') || sql_is_symbol(&next, '.') ? before : token;
        token = next;
    }
    return NULL;
}

/* COPY … TO 'file' or PROGRAM 'command'; TO STDOUT sends rows to us. FROM PROGRAM runs a command, too. */
static const char *look_at_copy(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    bool behind_to = false;
    if (!sql_take(&reader, "copy")) {
        return NULL;
    }
    for (; reader.token.kind != SQL_END; sql_advance(&reader)) {
        if (sql_is_word(&reader.token, "program")) {
            return "COPY with a PROGRAM";
        }
        if (behind_to && reader.token.kind == SQL_STRING) {
            return "COPY to a file";
        }
        behind_to = sql_is_word(&reader.token, "to");
    }
    return NULL;
}

const char *sql_escapes(struct arena *arena, struct text statement)
{
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token first = sql_next(&lexer);
    const char *const copy = look_at_copy(statement);
    /* What is only defined: but CREATE TABLE … AS and CREATE MATERIALIZED VIEW run their query. */
    const struct sql_token second = sql_next(&lexer);
    const struct sql_token fourth = (sql_next(&lexer), sql_next(&lexer));
    const bool defines =
        sql_is_word(&first, "create") && (sql_is_word(&second, "function") || sql_is_word(&second, "procedure") ||
                                          sql_is_word(&fourth, "function") || sql_is_word(&fourth, "procedure"));
    struct sql_code code;
    if (copy != NULL || defines) {
        return copy;
    }
    return sql_code(arena, statement, &code) && code.is_do ? look(arena, code.body, DEEPEST)
                                                           : look(arena, statement, 0);
}
