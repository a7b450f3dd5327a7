/*
 * A transaction is one simple query: settings, BEGIN, the script, its ledger row, COMMIT. For a small migration that
 * takes less than half of psql's time, a syntax error anywhere prevents all of it, and a crash at any time leaves both
 * or neither.
 */
#include "migration/record/transaction.h"

#include "framework/core/ledger.h"
#include "migration/record/progress.h"
#include "migration/record/row.h"
#include "pg/table_guard.h"
#include "pg/values.h"
#include "sql/lasting.h"
#include "sql/split.h"

#include <stdio.h>
#include <string.h>

#define IDLE_MS 60000 /* idle_in_transaction_session_timeout: a stopped worker must not keep locks */
/* Nor must a worker that the network lost: the server's default (2 hours) would keep the run's locks that long. */
#define KEEPALIVE               "SET tcp_keepalives_idle = 10;SET tcp_keepalives_interval = 5;SET tcp_keepalives_count = 3;"
#define LARGE                   ((size_t)8 * 1024 * 1024) /* bytes of a script from which on it is sent in pieces if possible */
#define IDLE_LIMIT_SINCE        140000                    /* idle_session_timeout */
#define TRANSACTION_LIMIT_SINCE 170000                    /* transaction_timeout */
#define TIMEOUT_WIDTH           8                         /* characters of its number */
#define BEHIND_CLOSING          4096                      /* bytes that surely end a transaction */
#define RESET_ROLE              "RESET SESSION AUTHORIZATION;RESET ROLE;"

/* Removes what an earlier migration may have left in the session besides settings, like DISCARD ALL, but not advisory
 * locks. In a separate transaction, together with the settings of the framework's own connection, because these take a
 * snapshot, after which SET TRANSACTION would come too late. */
#define FORGET "BEGIN;CLOSE ALL;DEALLOCATE ALL;UNLISTEN *;DISCARD TEMP;DISCARD SEQUENCES;"

const char transaction_reset[] = RESET_ROLE "RESET ALL;";

/* Lasts to the end of the transaction, whatever role the script has set; that is in force again afterwards. A login may
 * have a role from the beginning (ALTER ROLE … SET role), without which it may have no rights at all. */
#define AS_OURSELVES "SET LOCAL SESSION AUTHORIZATION DEFAULT;SET LOCAL role TO DEFAULT;"

/* Inside a block: ends, before our rows, a read-only mode that the script may have set, and a transaction that keeps
 * one snapshot: a check of the tracking table with that would not see what was added since. */
#define BLOCK_FOR_ROWS                                                                                                 \
    "IF pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'on' OR "                           \
    "pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN COMMIT; SET "   \
    "TRANSACTION READ WRITE, ISOLATION LEVEL READ COMMITTED; END IF;"

const char *session_limits(struct arena *arena, const struct run_settings *settings)
{
    struct buffer sql = {.arena = arena};
    buffer_printf(&sql, KEEPALIVE "SET idle_in_transaction_session_timeout = %d;%s", IDLE_MS,
                  settings->server_version >= IDLE_LIMIT_SINCE ? "SET idle_session_timeout = 0;" : "");
    if (settings->application != NULL) {
        buffer_puts(&sql, "SET application_name = ");
        pg_quote_literal(&sql, text_of(settings->application));
        buffer_putc(&sql, ';');
    }
    return buffer_string(&sql);
}

/* SQL that lifts the time limit of the transaction until its end. The script has had the time that its role and
 * database allow, from its BEGIN on; our own part must not end the session and so the run's locks. */
static const char *unlimited(const struct transaction *transaction)
{
    return transaction->server_version >= TRANSACTION_LIMIT_SINCE ? "SET LOCAL transaction_timeout = 0;" : "";
}

/* Appends statements of ours before the script. */
static void put(struct query *query, const char *sql)
{
    struct sql_lexer lexer = {.text = text_of(sql)};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        query->statements_before++;
    }
    buffer_puts(&query->sql, sql);
}

static void put_part(struct query *query, const struct transaction *transaction, enum ledger_part part)
{
    struct buffer sql = {.arena = query->sql.arena};
    row_put(&sql, transaction->framework, part, transaction->ledger, transaction->record);
    put(query, buffer_string(&sql));
}

/* ---- before the script ---- */

/* Resets what an earlier migration may have changed, then sets the run's limits. */
static void put_session(struct query *query, const struct transaction *transaction)
{
    if (transaction->session == NULL) {
        return;
    }
    const bool is_inside = transaction->frame == FRAME_INSIDE;
    query->resets = true;
    put(query, transaction_reset);
    put(query, is_inside ? "" : FORGET);
    put_part(query, transaction, LEDGER_SESSION);
    put(query, is_inside ? "" : "COMMIT;");
    put(query, session_limits(query->sql.arena, transaction->session));
    if (transaction->session->statement_timeout_ms > 0) {
        put(query,
            arena_printf(query->sql.arena, "SET statement_timeout = %u;", transaction->session->statement_timeout_ms));
    }
}

static bool begins(const struct transaction *transaction)
{
    return transaction->frame == FRAME_WHOLE || transaction->frame == FRAME_BEGIN;
}

static bool ends(const struct transaction *transaction)
{
    return transaction->frame == FRAME_WHOLE || transaction->frame == FRAME_COMMIT;
}

/* A lock_timeout until the end of the transaction; the ladder changes its number. */
static void put_local_timeout(struct query *query, struct buffer *sql, uint32_t ms)
{
    static const char set[] = "SET LOCAL lock_timeout = ";
    query->ladder = LADDER_LOCAL;
    query->timeout_behind = sql == &query->behind;
    query->timeout_at = sql->size + strlen(set);
    buffer_printf(sql, "%s%*u;", set, TIMEOUT_WIDTH, ms);
}

static void put_timeout(struct query *query, const struct transaction *transaction)
{
    const bool has_lock = transaction->locks && begins(transaction) && !transaction->locks_late &&
                          ledger_has(transaction->framework, LEDGER_LOCK);
    if (!transaction->stalls && !has_lock) {
        return;
    }
    if (transaction->frame == FRAME_OWN || transaction->frame == FRAME_NONE) {
        query->ladder = LADDER_SESSION;
        return;
    }
    put_local_timeout(query, &query->sql, transaction->lock_timeout_ms);
    query->statements_before++;
}

static void put_under_lock(struct query *query, const struct transaction *transaction)
{
    struct buffer sql = {.arena = query->sql.arena};
    row_put_under_lock(&sql, transaction->ledger, false);
    put(query, buffer_string(&sql));
}

static bool writes_rows(const struct transaction *transaction)
{
    return transaction->starts || transaction->records || transaction->locks ||
           transaction->step_mark != STEP_NOT_MARKED || transaction->frame == FRAME_BEGIN;
}

/* If a transaction keeps one snapshot, later checks see only what is as old as that: so the lock is taken at its
 * beginning, before the snapshot. The modes may say so. */
static void put_early_lock(struct query *query, const struct transaction *transaction)
{
    const struct ledger *const ledger = transaction->ledger;
    struct buffer sql = {.arena = query->sql.arena};
    const bool keeps_snapshot =
        ledger->keeps_snapshot || (transaction->content.data != NULL && transaction->modes != NULL);
    if (!keeps_snapshot || transaction->locks_late || ledger->oid == NULL || !writes_rows(transaction)) {
        return;
    }
    struct buffer name = {.arena = query->sql.arena};
    ledger_put_name(&name, &(struct ledger){.schema = ledger->schema, .table = ledger->table});
    pg_put_guard_lock(&sql, buffer_string(&name));
    if (ledger->beside != NULL) {
        pg_put_guard_lock(&sql, ledger->beside);
    }
    if (transaction->step_mark != STEP_NOT_MARKED) {
        progress_put_lock(&sql, ledger);
    }
    put(query, buffer_string(&sql));
}

/* Our own statements between BEGIN and the script. */
static void put_front(struct query *query, const struct transaction *transaction)
{
    put_timeout(query, transaction);
    if (!begins(transaction)) {
        return;
    }
    put_early_lock(query, transaction);
    if (transaction->guard != NULL) {
        put(query, transaction->guard);
    }
    if (transaction->locks && !transaction->locks_late) {
        put_part(query, transaction, LEDGER_LOCK);
    }
    if (transaction->starts) {
        put_under_lock(query, transaction);
        put_part(query, transaction, LEDGER_START);
    }
}

/* Are there statements of ours before the script, in a session whose settings are still those it began with? */
static bool begins_with_ours(const struct query *query, const struct transaction *transaction)
{
    return transaction->starts || ((query->resets || query->is_settled) && transaction->locks);
}

/* The script's time limit starts after our own statements. */
static void put_begin(struct query *query, const struct transaction *transaction)
{
    const bool has_script = transaction->content.data != NULL;
    const bool lifts = begins(transaction) && transaction->server_version >= TRANSACTION_LIMIT_SINCE &&
                       (!has_script || begins_with_ours(query, transaction));
    if (begins(transaction)) {
        put(query,
            transaction->modes == NULL ? "BEGIN;" : arena_printf(query->sql.arena, "BEGIN %s;", transaction->modes));
    }
    put(query, lifts ? unlimited(transaction) : "");
    put_front(query, transaction);
    put(query, lifts && has_script ? "SET LOCAL transaction_timeout TO DEFAULT;" : "");
    if (transaction->carry != NULL) {
        put(query, transaction->carry);
    }
}

/* ---- the script ---- */

/* Does this token change how the server parses later text? In a single message that would only take effect after the
 * script. pg_dump's preamble sets what is already in force. */
static bool changes_reading(struct text script, const struct sql_token *token, const struct sql_token *before)
{
    static const char *const harmless[] = {"standard_conforming_strings = on;", "client_encoding = 'UTF8';"};
    const struct text rest = text_slice(script, token->offset, script.size);
    if (sql_reading_setting(token) != NULL) {
        return !text_starts_with(rest, harmless[0]) && !text_starts_with(rest, harmless[1]);
    }
    return sql_is_word(token, "reset") || sql_is_word(token, "discard") ||
           (sql_is_word(token, "names") && sql_is_word(before, "set"));
}

/* Pieces mean the same as the whole inside a transaction of ours, if no statement changes how the next is parsed. */
static bool can_be_in_pieces(const struct transaction *transaction, struct text script)
{
    const bool is_ours = transaction->frame == FRAME_WHOLE || transaction->frame == FRAME_INSIDE;
    struct sql_lexer lexer = {.text = script};
    struct sql_token before = {0};
    if (script.size < LARGE || !is_ours || transaction->body.data != NULL || transaction->opening != NULL) {
        return false;
    }
    for (struct sql_token token; (token = sql_next(&lexer)).kind != SQL_END; before = token) {
        if (changes_reading(script, &token, &before)) {
            return false;
        }
    }
    return true;
}

static void put_script(struct query *query, const struct transaction *transaction)
{
    const struct text part = text_slice(transaction->content, transaction->start, transaction->end);
    const struct text sent = query->is_wrapped ? transaction->body : part;
    if (transaction->opening != NULL) {
        buffer_puts(&query->sql, transaction->opening);
    }
    query->characters_before = text_characters(buffer_text(&query->sql));
    if (transaction->content.data == NULL) {
        return;
    }
    query->in_pieces = can_be_in_pieces(transaction, part);
    if (query->in_pieces) {
        return;
    }
    buffer_reserve(&query->sql, sent.size + 1024);
    buffer_add(&query->sql, sent);
    /* What stands alone must be alone in its query: several statements would be one implicit transaction. */
    if (transaction->frame != FRAME_NONE || transaction->step_mark != STEP_NOT_MARKED) {
        buffer_puts(&query->sql, "\n;\n"); /* on a separate line: the script may end in a comment */
    }
}

/* ---- after the script ---- */

/* For a transaction that marks a step; only such a one may lack a record. */
static void put_step(struct buffer *sql, const struct transaction *transaction)
{
    const char *const name = transaction->record->name;
    const struct ledger *const ledger = transaction->ledger;
    switch (transaction->step_mark) {
    case STEP_NOT_MARKED:
        break;
    case STEP_BEGUN:
        progress_put_begun(sql, ledger, name, transaction->step);
        break;
    case STEP_FINISHED:
        progress_put_finished(sql, ledger, name, transaction->step);
        break;
    case STEP_UNBEGUN:
        progress_put_unbegun(sql, ledger, name, transaction->step->step);
        break;
    case STEPS_FORGOTTEN:
        progress_put_forget(sql, ledger, name);
        break;
    }
}

static struct buffer *behind_script(struct query *query)
{
    return query->in_pieces ? &query->behind : &query->sql;
}

/* A message in place of a number is an error that shows it: no block, which a session may not be allowed. */
static void put_reading(struct buffer *sql, const struct transaction *transaction, bool in_block)
{
    if (transaction->reads_alike != NULL) {
        buffer_printf(sql,
                      "%s CASE WHEN pg_catalog.current_setting('standard_conforming_strings') "
                      "OPERATOR(pg_catalog.<>) '%s' OR pg_catalog.current_setting('client_encoding') "
                      "OPERATOR(pg_catalog.<>) 'UTF8' THEN pg_catalog.concat('%s')::pg_catalog.int4 END;",
                      in_block ? "PERFORM" : "SELECT", transaction->reads_alike, NOT_READ_ALIKE);
    }
}

static void put_rows(struct query *query, const struct transaction *transaction)
{
    struct buffer *const sql = behind_script(query);
    put_reading(sql, transaction, query->is_wrapped);
    const bool starts_late = transaction->starts && !begins(transaction);
    const bool writes = starts_late || transaction->records || transaction->step_mark != STEP_NOT_MARKED;
    if (writes && query->is_wrapped) {
        buffer_puts(sql, BLOCK_FOR_ROWS);
    }
    if (writes) {
        buffer_printf(sql, "%s%s", query->is_settled ? "" : AS_OURSELVES, unlimited(transaction));
    }
    const bool is_behind = transaction->step_mark == STEP_FINISHED || transaction->step_mark == STEPS_FORGOTTEN;
    if (writes && (is_behind || (transaction->content.data != NULL && !transaction->ledger->takes_rows))) {
        row_put_guard(sql, transaction->ledger);
    }
    if (begins(transaction) && transaction->locks && transaction->locks_late) {
        /* before the script it would replace one that an earlier step has set */
        if (query->ladder == LADDER_NONE && ledger_has(transaction->framework, LEDGER_LOCK)) {
            put_local_timeout(query, sql, transaction->lock_timeout_ms);
        }
        ledger_put(sql, transaction->framework, LEDGER_LOCK, transaction->ledger, NULL);
    }
    if (query->is_settled) {
        row_put_settled(sql, transaction->ledger, transaction->settled);
    } else if (starts_late || transaction->records) {
        row_put_under_lock(sql, transaction->ledger, query->is_wrapped);
    }
    if (starts_late) {
        row_put(sql, transaction->framework, LEDGER_START, transaction->ledger, transaction->record);
    }
    if (transaction->records) {
        row_put(sql, transaction->framework, transaction->part, transaction->ledger, transaction->record);
    }
    if (transaction->step_mark != STEP_NOT_MARKED) {
        put_step(sql, transaction);
    }
}

/* An idle timeout of the script's would end the session, and with it the run's locks, between two messages. Set before
 * our COMMIT: an error after it would be reported for a committed migration. */
static void put_limits(struct query *query, const struct transaction *transaction)
{
    static const char session[] = "idle_session_timeout";
    static const char inside[] = "idle_in_transaction_session_timeout";
    struct buffer *const sql = behind_script(query);
    if (transaction->server_version >= IDLE_LIMIT_SINCE &&
        text_find_nocase(transaction->content, session) != SIZE_MAX) {
        buffer_printf(sql, "SET %s = 0;", session);
    }
    if (text_find_nocase(transaction->content, inside) != SIZE_MAX) {
        buffer_printf(sql, "SET %s = %d;", inside, IDLE_MS);
    }
}

static void put_commit(struct query *query, const struct transaction *transaction)
{
    struct buffer *const sql = behind_script(query);
    if (!ends(transaction)) {
        return;
    }
    if (transaction->locks && ledger_has(transaction->framework, LEDGER_UNLOCK)) {
        buffer_puts(sql, AS_OURSELVES);
        ledger_put(sql, transaction->framework, LEDGER_UNLOCK, transaction->ledger, NULL);
    }
    /* It only matters at the COMMIT, so the script's own setting is not affected. */
    buffer_puts(sql, transaction->commits_late ? "SET LOCAL synchronous_commit = off;COMMIT;" : "COMMIT;");
}

static void put_end(struct query *query, const struct transaction *transaction)
{
    if (query->is_wrapped || transaction->frame != FRAME_NONE) {
        put_limits(query, transaction);
    }
    if (transaction->frame == FRAME_INSIDE) {
        buffer_puts(behind_script(query), unlimited(transaction)); /* RESET ALL starts it again for the next script */
    }
    if (transaction->closing.size > 0) {
        buffer_reserve(behind_script(query), transaction->closing.size + BEHIND_CLOSING);
        buffer_add(behind_script(query), transaction->closing);
    }
    put_commit(query, transaction);
}

struct query transaction_compose(struct arena *arena, const struct transaction *transaction)
{
    static const struct script_parts one_file = {.count = 0};
    struct query query = {
        .sql = {.arena = arena},
        .behind = {.arena = arena},
        .migration = transaction->record == NULL ? NULL : transaction->record->name,
        .ledger = transaction->ledger,
        .content = transaction->content,
        .parts = transaction->parts == NULL ? &one_file : transaction->parts,
        .start = transaction->start,
        .end = transaction->end,
        .is_wrapped = transaction->body.data != NULL,
        .is_settled = transaction->settled != NULL,
    };
    query.wrapped_lines = query.is_wrapped ? text_position(transaction->body, transaction->body.size).line + 1 : 0;
    put_session(&query, transaction);
    put_begin(&query, transaction);
    put_script(&query, transaction);
    query.rows_at = behind_script(&query)->size;
    put_rows(&query, transaction);
    put_end(&query, transaction);
    return query;
}

void query_set_timeout(struct query *query, uint32_t ms)
{
    char number[TIMEOUT_WIDTH + 1];
    snprintf(number, sizeof number, "%*u", TIMEOUT_WIDTH, ms);
    memcpy((query->timeout_behind ? query->behind : query->sql).data + query->timeout_at, number, TIMEOUT_WIDTH);
}

struct ledger_record record_of(struct arena *arena, const struct catalog *catalog, const struct catalog_item *item,
                               const struct loaded *loaded)
{
    const struct folder *const folder = &catalog->detection.folder;
    const struct migration_file *const file = item->file;
    const bool has_checksum = file->checksum == NULL && framework_has_checksum(folder->framework);
    return (struct ledger_record){
        .name = item->name,
        .key = item->key,
        .checksum = has_checksum ? framework_checksum(arena, folder, file, loaded->content) : file->checksum,
        .folder = folder,
        .file = file,
        .before = catalog_before(catalog, item),
        .batch = catalog->entries.last_batch + 1,
        .script = loaded->script.sql,
    };
}
