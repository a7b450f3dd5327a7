/*
 * Looks for calls and COPYs in the statement, in the body of a DO and in the strings that its EXECUTE gets. What CREATE
 * FUNCTION defines is not run now, but its name is known from then on.
 */
#include "sql/escapes.h"

#include "sql/lexer.h"
#include "sql/plpgsql.h"
#include "sql/take.h"

#include <string.h>

#define DEEPEST 4 /* strings inside strings */

const char *const sql_escaping[] = {
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
    "pg_backup_start",
    "pg_backup_stop",
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
    "pg_logical_slot_get_binary_changes",
    "pg_logical_slot_get_changes",
    "pg_promote",
    "pg_reload_conf",
    "pg_replication_origin_advance",
    "pg_replication_slot_advance",
    "pg_rotate_logfile",
    "pg_start_backup",
    "pg_stat_reset",
    "pg_stat_reset_backend_stats",
    "pg_stat_reset_replication_slot",
    "pg_stat_reset_shared",
    "pg_stat_reset_single_function_counters",
    "pg_stat_reset_single_table_counters",
    "pg_stat_reset_slru",
    "pg_stat_reset_subscription_stats",
    "pg_stat_statements_reset",
    "pg_stop_backup",
    "pg_switch_wal",
    "pg_terminate_backend",
    "pg_wal_replay_pause",
    "pg_wal_replay_resume",
    "query_export_to_s3",
    NULL,
};

/* Is the token the name of one of these, quoted or not? */
static bool names_one_of(const struct sql_token *token, const char *const *list)
{
    while (*list != NULL && !sql_names(token, *list)) {
        list++;
    }
    return *list != NULL;
}

/* After one of these, a name is no call: INSERT INTO x (…), and in a definition CREATE INDEX i ON x (…). */
static bool names_relation(const struct sql_token *word, bool defines)
{
    static const char *const words[] = {"into", "table", "exists", "references", "view", "type", NULL};
    return sql_is_any_word(word, words) || (defines && sql_is_word(word, "on"));
}

/* Does a statement that begins like this run no query? CREATE TABLE … AS and CREATE MATERIALIZED VIEW do run one. */
static bool defines(const struct sql_token *first, const struct sql_token *second)
{
    static const char *const verbs[] = {"alter", "comment", "grant", "revoke", NULL};
    static const char *const queries[] = {"table",    "temp",         "temporary", "local",
                                          "unlogged", "materialized", "global",    NULL};
    return sql_is_any_word(first, verbs) || (sql_is_word(first, "create") && !sql_is_any_word(second, queries));
}

/* ---- COPY ---- */

/* Can a statement begin here? Also used inside a body. */
static bool begins_statement(const struct sql_token *before)
{
    static const char *const words[] = {"begin", "then", "else", "loop", "atomic", NULL};
    return before->kind == SQL_END || sql_is_symbol(before, ';') || sql_is_any_word(before, words);
}

/* COPY … TO 'file' or PROGRAM 'command'; TO STDOUT sends rows to us. FROM PROGRAM runs a command, too. `behind`: the
 * word comes after COPY. In a text that is put together from strings, one of the strings contains TO PROGRAM. */
static const char *look_at_copy(const struct sql_token *before, const struct sql_token *token,
                                const struct sql_token *next, bool behind)
{
    const bool is_to = sql_is_word(before, "to");
    if ((is_to || sql_is_word(before, "from")) && sql_is_word(token, "program") &&
        (next->kind == SQL_STRING || (behind && is_to))) {
        return "COPY with a PROGRAM";
    }
    return behind && is_to && token->kind == SQL_STRING ? "COPY to a file" : NULL;
}

/* ---- all of it ---- */

struct looking {
    struct arena *arena;
    const char *const *known;
    bool in_definition;
};

/* A call, or the name of a function in CREATE TRIGGER. */
static const char *look_at_name(const struct looking *looking, const struct sql_token *before,
                                const struct sql_token *token, const struct sql_token *next)
{
    const bool is_call = sql_is_symbol(next, '(') && !names_relation(before, looking->in_definition);
    const bool escapes = is_call && ((!sql_is_word(before, "function") && names_one_of(token, sql_escaping)) ||
                                     names_one_of(token, looking->known));
    return escapes ? arena_printf(looking->arena, "%s()", sql_identifier(looking->arena, token)) : NULL;
}

/* Also looks into the strings of the text, which may be meant for EXECUTE, unless `depth` is 0. */
static const char *look(const struct looking *outer, struct text text, int depth)
{
    struct looking looking = *outer;
    struct sql_lexer lexer = {.text = text};
    struct sql_token token = sql_next(&lexer);
    struct sql_token before = {.kind = SQL_END}; /* the last token before this name and its schema */
    bool is_copy = false;
    while (token.kind != SQL_END) {
        const struct sql_token next = sql_next(&lexer);
        looking.in_definition = begins_statement(&before) ? defines(&token, &next) : looking.in_definition;
        is_copy =
            (is_copy && !sql_is_symbol(&token, ';')) || (begins_statement(&before) && sql_is_word(&token, "copy"));
        const char *found = look_at_name(&looking, &before, &token, &next);
        found = found != NULL ? found : look_at_copy(&before, &token, &next, is_copy);
        const char *const inner =
            found == NULL && token.kind == SQL_STRING && depth > 0 ? sql_string(looking.arena, &token) : NULL;
        found = inner == NULL ? found : look(&looking, text_of(inner), depth - 1);
        if (found != NULL) {
            return found;
        }
        before = sql_is_symbol(&token, '.') || sql_is_symbol(&next, '.') ? before : token;
        token = next;
    }
    return NULL;
}

/* The name, without schema, of the function or procedure that a statement makes; NULL for others. CREATE TABLE … AS and
 * CREATE MATERIALIZED VIEW run their query. */
static const char *defined(struct arena *arena, struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    return sql_take_create_function(&reader) ? sql_take_name(arena, &reader, NULL) : NULL;
}

/* Checks a definition as if it were run. */
static void note_defined(const struct looking *looking, struct text statement, const char *name, struct words *known)
{
    if (known != NULL && !words_have(known, name) && look(looking, statement, DEEPEST) != NULL) {
        words_add(looking->arena, known, name);
    }
}

/* True if the statement only names functions and runs none. */
static bool only_names(struct text statement)
{
    static const char *const verbs[] = {"alter", "comment", "drop", "grant", "revoke", "security", NULL};
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token first = sql_next(&lexer);
    return sql_is_any_word(&first, verbs);
}

const char *sql_escapes(struct arena *arena, struct text statement, struct words *known)
{
    static const char *const none[] = {NULL};
    const struct looking looking = {.arena = arena,
                                    .known = known == NULL || only_names(statement) ? none : words_list(arena, known)};
    const char *const name = defined(arena, statement);
    struct sql_code code;
    if (name != NULL) {
        note_defined(&looking, statement, name, known);
        return NULL;
    }
    return sql_code(arena, statement, &code) && code.is_do ? look(&looking, code.body, DEEPEST)
                                                           : look(&looking, statement, 0);
}

const char *sql_escapes_of_body(struct arena *arena, struct text body, struct words *known)
{
    struct words copy = {0}; /* the list may live longer than the arena */
    words_add_all(arena, &copy, known);
    const struct looking looking = {.arena = arena, .known = words_list(arena, &copy)};
    return look(&looking, body, DEEPEST);
}
