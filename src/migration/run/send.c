/*
 * The place of an error is computed from what precedes the script: a number of statements and of characters.
 */
#include "migration/run/send.h"

#include "base/memory.h"
#include "base/sqlstate.h"
#include "framework/core/script.h"
#include "framework/core/script_data.h"
#include "migration/plan/cut/cut.h"
#include "migration/record/row.h"
#include "migration/run/lock.h"
#include "migration/run/notices.h"
#include "migration/run/observer.h"
#include "pg/exec.h"
#include "pg/listeners.h"
#include "pg/search.h"
#include "pg/session_settings.h"
#include "pg/table_guard.h"
#include "sql/split.h"

#include <stdlib.h>

#define CLEAN_UP_MS 5000
#define PIECE       ((size_t)1024 * 1024) /* of a large script, at least; a piece ends with a statement */

/* The line of our block in which an error occurred: the context's last "line N" is the outermost block's, ours. */
static size_t line_of_block(const char *context)
{
    static const char word[] = " line ";
    const struct text text = text_of(context == NULL ? "" : context);
    size_t last = SIZE_MAX;
    for (size_t at = text_find(text, word, 0); at != SIZE_MAX; at = text_find(text, word, at + 1)) {
        last = at;
    }
    return last == SIZE_MAX ? 0 : strtoul(text.data + last + sizeof word - 1, NULL, 10);
}

static size_t count_statements(struct text sql)
{
    struct sql_lexer lexer = {.text = sql};
    struct sql_statement one;
    size_t count = 0;
    while (sql_next_statement(&lexer, &one)) {
        count++;
    }
    return count;
}

/* Is it one of our rows, and not the following COMMIT, which checks the script's constraints? */
static bool is_row(const struct query *query, size_t statement)
{
    const struct text sql = {query->sql.data, query->sql.size};
    const size_t scripts = count_statements(text_slice(query->content, query->start, query->end));
    const size_t ours = count_statements(text_slice(sql, query->rows_at, sql.size));
    return !query->in_pieces && statement >= scripts && statement - scripts + 1 < ours;
}

/* A failure of our rows after the script is caused by the script, but by none of its statements. */
static void explain_rows(struct run *run, const struct query *query, bool is_row, struct failure *failure)
{
    const struct status *const status = run->status;
    const struct ledger *const ledger = query->ledger;
    const bool is_gone = sqlstate_is(status->sqlstate, SQLSTATE_UNDEFINED_TABLE) ||
                         sqlstate_is(status->sqlstate, SQLSTATE_INVALID_SCHEMA_NAME);
    const struct text message = text_of(status->message);
    failure->where = (struct position){0};
    failure->status.detail = status->detail;
    if (text_find(message, NOT_READ_ALIKE, 0) != SIZE_MAX) {
        failure->status.message = NOT_READ_ALIKE;
        failure->status.sqlstate = SQLSTATE_NOT_IN_PREREQUISITE_STATE;
        return;
    }
    if (ledger == NULL || text_starts_with(message, "The tracking table ") ||
        text_starts_with(message, "The script ") || (!is_row && text_find(message, ledger->table, 0) == SIZE_MAX)) {
        return; /* the message is complete, or about something else */
    }
    failure->status.message =
        is_gone ? row_gone_message(run->arena, ledger)
                : arena_printf(run->arena,
                               "The row of this migration could not be written to the tracking table \"%s\".\"%s\": %s",
                               ledger->schema, ledger->table, status->message);
}

/* The number of the row in a context like "COPY t, line 7, column id: …": the name may contain anything, and the words
 * are in the server's language. 0: it says none. */
static uint32_t row_of_context(const char *context)
{
    struct text rest = text_of(context == NULL ? "" : context);
    uint32_t row = 0;
    for (struct text line; row == 0 && text_next_line(&rest, &line);) {
        const size_t end = text_find(line, ":", 0);
        const struct text said = text_slice(line, 0, end == SIZE_MAX ? line.size : end);
        for (size_t at = text_find(said, ", ", 0); row == 0 && text_starts_with(line, "COPY ") && at != SIZE_MAX;
             at = text_find(said, ", ", at + 1)) {
            const size_t blank = text_find(said, " ", at + 2);
            row = blank == SIZE_MAX ? 0 : (uint32_t)strtoul(said.data + blank, NULL, 10);
        }
    }
    return row;
}

/* The failing statement is a COPY: its place is that of the row that it stopped at, if the server says which. */
static void find_row(const struct query *query, const struct pg_failure *at, struct failure *failure)
{
    const struct script_data *const data =
        at->copy == 0 ? NULL : script_data_at(query->parts, query->start, query->end, at->copy);
    const uint32_t row = data == NULL ? 0 : row_of_context(at->context);
    if (row == 0) {
        return;
    }
    struct text rest = data->data;
    struct text line;
    struct position where = script_position(query->content, query->parts, data->start, NULL);
    for (uint32_t i = 1; i < row && text_next_line(&rest, &line); i++) {
        where.line++;
    }
    where.character += (uint32_t)text_characters(text_slice(data->data, 0, data->data.size - rest.size));
    failure->where = where;
}

/* Describes the error in terms of the file. */
static void describe(struct run *run, const struct query *query, const struct pg_failure *at, struct failure *failure)
{
    failure_take(failure, run->status);
    if (failure->status.detail == NULL) {
        failure->status.detail = at->context;
    }
    if (run->observer != NULL && is_for_a_lock(run->status->sqlstate)) {
        failure->blocker_count = observer_blockers(run->observer, &failure->blockers);
    }
    const size_t characters = text_characters(text_slice(query->content, query->start, query->end));
    const size_t given = query->is_wrapped ? 0 : at->position;
    const size_t position = given > query->characters_before ? given - query->characters_before : 0;
    const bool is_of_rows =
        query->is_wrapped ? line_of_block(at->context) > query->wrapped_lines : position > characters;
    /* A syntax error comes before any result, so only its position counts. */
    const bool is_ours = position == 0 && (given > 0 || at->statement < query->statements_before);
    if (is_of_rows || is_ours) {
        explain_rows(run, query, is_of_rows, failure);
        return;
    }
    const struct complaint complaint = {
        .script = query->content,
        .start = query->start,
        .end = query->end,
        .position = position,
        .statement = at->statement - query->statements_before,
        .parts = query->parts,
    };
    const char *name = NULL;
    failure->done = at->statement > query->statements_before ? complaint.statement : 0;
    failure->statement = plan_failing_statement(run->arena, &complaint, &failure->where, &name);
    find_row(query, at, failure);
    if (name != NULL) {
        failure->status.message =
            arena_printf(run->arena, "%s, line %u: %s", name, failure->where.line, failure->status.message);
        failure->where = (struct position){0}; /* it is in no line of the migration */
    }
    if (failure->statement == NULL) {
        explain_rows(run, query, is_row(query, complaint.statement), failure);
    }
}

bool session_as_ourselves(struct pg_session *session, struct status *status)
{
    return pg_session_pin_behind(session, transaction_reset, status);
}

void run_roll_back(struct run *run)
{
    /* Cleaning up is done even if the request's time is over. */
    pg_session_set_deadline(run->session, deadline_in(CLEAN_UP_MS));
    pg_session_roll_back(run->session);
    memory_hurry(false);
}

/* The ledger is no longer a plain table: queries why, after the transaction. */
static void explain_guard(struct run *run, const struct query *query)
{
    if (query->is_settled && sqlstate_is(run->status->sqlstate, SQLSTATE_NO_SUCH_STATEMENT)) {
        status_fail(run->status, STATUS_FAILED_PRECONDITION, PG_SESSION_POOLED); /* it is another session */
    }
    lock_guard_explain(run->status);
    if (pg_guard_failed(run->status) && query->ledger != NULL) {
        run_roll_back(run);
        row_explain_guard(run->session, query->ledger, run->status);
    }
}

/* An error that an event trigger's function has raised does not say what runs that function. After the transaction. */
static void name_listeners(struct run *run, const char *context, struct failure *failure)
{
    const bool asks = context != NULL && !failure->connection_lost;
    const char *const names = asks ? listeners_named(run->arena, run->session, context) : NULL;
    const char *const hint = failure->status.hint;
    if (names != NULL) {
        failure->status.hint = arena_printf(run->arena, "%s%sIt was raised in an event trigger of the database: %s.",
                                            hint == NULL ? "" : hint, hint == NULL ? "" : " ", names);
    }
}

/* A session is also lost if we close it for lack of memory for an answer. */
static void note_loss(const struct run *run, struct failure *failure)
{
    failure->connection_lost = failure->connection_lost || pg_session_is_lost(run->session);
}

static bool set_session_timeout(struct run *run, const struct ladder *ladder, struct failure *failure)
{
    const char *const sql = arena_printf(run->arena,
                                         "SELECT pg_catalog.set_config('truss.lock_timeout', "
                                         "pg_catalog.current_setting('lock_timeout'), false);SET lock_timeout = %u",
                                         ladder->timeout_ms);
    return pg_exec(run->session, sql, run->status) || failure_take(failure, run->status);
}

/* The data for the COPYs in the part of the script that is sent. */
static struct pg_copy_data data_of(struct arena *arena, const struct query *query)
{
    const struct script_parts *const parts = query->parts;
    struct text *const items = arena_array(arena, parts->data_count, sizeof *items);
    struct pg_copy_data data = {.items = items};
    for (size_t i = 0; i < parts->data_count; i++) {
        if (parts->data[i].statement >= query->start && parts->data[i].statement < query->end) {
            items[data.count++] = parts->data[i].data;
        }
    }
    return data;
}

/* ---- a large script, piece by piece ---- */

/* The end of the piece that begins at `start`: after the statement that makes it long enough. */
static size_t piece_end(const struct query *query, struct sql_lexer *lexer, size_t start)
{
    struct sql_statement statement;
    while (sql_next_statement(lexer, &statement)) {
        if (statement.start >= start + PIECE) {
            lexer->offset = statement.start;
            return statement.start;
        }
    }
    return query->end;
}

/* A piece as a C string for libpq. The last one of a file is not copied: it may be most of the file. */
static const char *piece_string(struct arena *arena, const struct query *piece)
{
    const char *const start = piece->content.data + piece->start;
    return piece->end == piece->content.size && start[piece->end - piece->start] == '\0'
               ? start
               : arena_strndup(arena, start, piece->end - piece->start);
}

/* As pg_script; a failure is in terms of *part, the query for that piece alone. */
static bool send_pieces(struct run *run, const struct query *query, struct query *part, struct pg_failure *at)
{
    struct sql_lexer lexer = {
        .text = text_slice(query->content, 0, query->end),
        .offset = query->start,
        .backslashes = !pg_session_standard_strings(run->session),
    };
    bool ok = true;
    part->statements_before = part->characters_before = 0;
    for (size_t start = query->start; ok && start < query->end; start = part->end) {
        part->start = start;
        part->end = piece_end(query, &lexer, start);
        struct arena *const piece = arena_new(0);
        const struct pg_script_with with = {.data = data_of(piece, part)};
        ok = pg_script_with(run->session, piece_string(piece, part), &with, at, run->status);
        arena_free(piece);
    }
    return ok;
}

static bool send_script(struct run *run, const struct query *query, struct query *part, struct pg_failure *at)
{
    *part = *query;
    if (!query->in_pieces) {
        const struct pg_script_with with = {query->meanwhile, data_of(run->arena, query)};
        return pg_script_with(run->session, buffer_string(&query->sql), &with, at, run->status);
    }
    if (query->sql.size > 0 && !pg_script(run->session, buffer_string(&query->sql), at, run->status)) {
        return false;
    }
    if (!send_pieces(run, query, part, at)) {
        return false;
    }
    *part = *query;
    part->start = part->end;
    part->statements_before = SIZE_MAX; /* everything from here on is ours */
    return query->behind.size == 0 || pg_script(run->session, buffer_string(&query->behind), at, run->status);
}

static bool send_once(struct run *run, struct query *query, const struct ladder *ladder, struct failure *failure)
{
    struct pg_failure at = {0};
    struct query part;
    if (query->resets && pg_session_reads_otherwise(run->session) &&
        !pg_exec(run->session, transaction_reset, run->status)) {
        return failure_take(failure, run->status);
    }
    if (query->ladder == LADDER_LOCAL) {
        query_set_timeout(query, ladder->timeout_ms);
    } else if (query->ladder == LADDER_SESSION && !set_session_timeout(run, ladder, failure)) {
        return false;
    }
    if (run->observer != NULL) {
        observer_forget(run->observer);
        observer_attach(run->observer, run->session);
    }
    pg_session_set_deadline(run->session, run->deadline);
    struct hearing hearing = {
        .run = run, .migration = query->migration, .step = failure->step, .steps = failure->steps};
    notices_begin(&hearing);
    const bool ok = send_script(run, query, &part, &at);
    query->meanwhile = (struct pg_meanwhile){0};
    notices_end(&hearing);
    /* Further statements are short, and sent even when the run is to end. */
    observer_guard(run->observer, run->session);
    if (ok && query->is_settled) {
        run->settled.at = pg_session_sent(run->session);
    }
    if (!ok) {
        explain_guard(run, query);
        describe(run, &part, &at, failure);
        note_loss(run, failure);
        run_roll_back(run);
        name_listeners(run, at.context, failure);
    }
    if (query->ladder == LADDER_SESSION && !failure->connection_lost) {
        struct status ignored = {.arena = run->arena};
        /* Restores the script's own timeout. */
        pg_exec(run->session,
                "SELECT pg_catalog.set_config('lock_timeout', pg_catalog.current_setting('truss.lock_timeout'), false)",
                &ignored);
    }
    return ok;
}

bool query_send_once(struct run *run, struct query *query, const struct ladder *ladder, struct failure *failure)
{
    memory_hurry(true); /* others may wait for what the script locks */
    const bool ok = send_once(run, query, ladder, failure);
    memory_hurry(pg_session_in_transaction(run->session));
    return ok;
}

/* ---- repeated attempts ---- */

static bool begins_with(struct text statement, const char *const *verbs)
{
    struct sql_lexer lexer = {.text = statement};
    const struct sql_token verb = sql_next(&lexer);
    return sql_is_any_word(&verb, verbs);
}

bool query_is_block(struct text statement)
{
    static const char *const blocks[] = {"call", "do", NULL};
    return begins_with(statement, blocks);
}

bool query_may_have_committed(const struct query *query, const struct failure *failure)
{
    static const char *const ends[] = {"commit", "end", "prepare", "call", "do", NULL};
    const struct text part = text_slice(query->content, query->start, query->end);
    struct sql_lexer lexer = {.text = part};
    struct sql_statement one;
    if (failure->connection_lost || failure->statement == NULL) {
        return true;
    }
    for (size_t k = 0; k <= failure->done && sql_next_statement(&lexer, &one); k++) {
        const struct text statement = text_slice(part, one.start, one.end);
        if (k < failure->done ? begins_with(statement, ends) : query_is_block(statement)) {
            return true;
        }
    }
    return false;
}

bool query_send(struct run *run, struct query *query, struct failure *failure)
{
    struct ladder ladder = ladder_start(run);
    while (!query_send_once(run, query, &ladder, failure)) {
        if (query->ladder == LADDER_NONE ||
            (query->ladder == LADDER_SESSION && query_may_have_committed(query, failure)) ||
            !ladder_again(&ladder, run, query->migration, failure)) {
            return false;
        }
    }
    return true;
}

bool query_write(struct run *run, const struct query *query, struct failure *failure)
{
    if (pg_session_encode_as_begun(run->session, run->status) &&
        pg_exec(run->session, buffer_string(&query->sql), run->status)) {
        return true;
    }
    explain_guard(run, query);
    failure_take(failure, run->status);
    note_loss(run, failure);
    run_roll_back(run);
    return false;
}
