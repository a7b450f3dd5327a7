/*
 * One transaction is one simple query: settings, BEGIN, the script, its ledger row, COMMIT. That costs less than half
 * of psql's time for a small migration, nothing of it runs where a syntax error is anywhere in it, and a crash at any
 * instant leaves both or neither. Where several transactions are needed, each is such a query, with the step's row.
 */
#include "migration/run/script.h"

#include "migration/record/store.h"
#include "migration/run/leftovers.h"
#include "migration/run/lock.h"
#include "migration/run/observer.h"
#include "pg/sqlstate.h"
#include "sql/classify.h"
#include "sql/split.h"

#include <string.h>

static bool fail_from_status(const struct script *script, struct failure *failure)
{
    return failure_take(failure, script->run->status);
}

/* ---- one transaction ---- */

static bool run_one_transaction(struct script *script, struct failure *failure)
{
    const struct step nothing = {.kind = STEP_TRANSACTION};
    const struct step *const step = script->plan.count == 0 ? &nothing : &script->plan.steps[0];
    struct query query = {.sql = {.arena = script->run->arena}};
    failure->step = failure->steps = 1;
    query_put_session(&query, script->run, script->detection);
    query_put_begin(&query, script->detection, step->stalls);
    query_put_script(&query, text_slice(script->content, step->start, step->end));
    query_put_ledger(&query, script->detection, &script->record, LEDGER_RECORD);
    query_put_commit(&query, script->detection);
    return query_send(script->run, script->record.name, script->content, step, &query, failure);
}

/* ---- step by step ---- */

static struct step_record record_of(const struct script *script, size_t i)
{
    return (struct step_record){
        .step = (uint32_t)(i + 1),
        .steps = (uint32_t)script->plan.count,
        .attempt = script->record.id,
        .checksum = step_checksum(script->run->arena, script->content, &script->plan.steps[i]),
    };
}

static bool is_last(const struct script *script, size_t i)
{
    return i + 1 == script->plan.count;
}

/* The row of the ledger is begun with the first step, where it has unfinished rows. */
static void put_start(struct script *script, struct query *query)
{
    const struct framework *const framework = script->detection->framework;
    if (!script->is_started && ledger_has(framework, LEDGER_START)) {
        struct buffer sql = {.arena = script->run->arena};
        ledger_put(&sql, framework, LEDGER_START, &script->detection->ledger, &script->record);
        query_put(query, buffer_string(&sql));
    }
}

/* What is written when step i is done: with the last one the ledger's row is finished, and the steps' rows go. */
static void put_done(struct script *script, struct query *query, size_t i)
{
    const struct step_record record = record_of(script, i);
    const struct ledger *const ledger = &script->detection->ledger;
    if (is_last(script, i)) {
        query_put_ledger(query, script->detection, &script->record, LEDGER_FINISH);
        steps_put_forget(&query->sql, ledger, script->record.name);
    } else {
        buffer_puts(&query->sql, "RESET SESSION AUTHORIZATION;RESET ROLE;");
        steps_put_finished(&query->sql, ledger, script->record.name, &record);
    }
}

/* Statements of ours, in a transaction of their own. */
static bool write_down(struct script *script, struct query *query, struct failure *failure)
{
    const char *const sql = arena_printf(script->run->arena, "BEGIN;%sCOMMIT;", buffer_string(&query->sql));
    if (pg_exec(script->run->session, sql, script->run->status)) {
        return true;
    }
    fail_from_status(script, failure);
    if (pg_session_in_transaction(script->run->session)) {
        struct status ignored = {.arena = script->run->arena};
        pg_exec(script->run->session, "ROLLBACK", &ignored);
    }
    return false;
}

static bool write_done(struct script *script, size_t i, struct failure *failure)
{
    struct query query = {.sql = {.arena = script->run->arena}};
    put_done(script, &query, i);
    return write_down(script, &query, failure);
}

static bool run_transaction(struct script *script, size_t i, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    struct query query = {.sql = {.arena = script->run->arena}};
    query_put_begin(&query, script->detection, step->stalls);
    put_start(script, &query);
    query_put_script(&query, text_slice(script->content, step->start, step->end));
    put_done(script, &query, i);
    query_put_commit(&query, script->detection);
    return query_send(script->run, script->record.name, script->content, step, &query, failure);
}

/* BEGIN …; COMMIT of the script's own: our row goes in front of its COMMIT. */
static bool run_own_transaction(struct script *script, size_t i, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    struct query query = {.sql = {.arena = script->run->arena}, .ladder = step->stalls ? LADDER_SESSION : LADDER_NONE};
    const struct step body = {.kind = STEP_OWN, .start = step->start, .end = step->commit_at};
    query_put_script(&query, text_slice(script->content, step->start, step->commit_at));
    if (!script->is_started) {
        ledger_put(&query.sql, script->detection->framework, LEDGER_START, &script->detection->ledger, &script->record);
    }
    put_done(script, &query, i);
    buffer_add(&query.sql, text_slice(script->content, step->commit_at, step->end));
    return query_send(script->run, script->record.name, script->content, &body, &query, failure);
}

/* A DO block that commits by itself cannot share a transaction with its row, but its last part can: as a block inside a
 * block of ours, which writes the row behind it. The body of a plpgsql block is a block. */
static bool wrap_do(struct script *script, size_t i, struct query *query)
{
    const struct step *const step = &script->plan.steps[i];
    struct text body;
    if (!sql_do_block(script->run->arena, text_slice(script->content, step->start, step->end), &body) ||
        text_find(body, "$truss_step$", 0) != SIZE_MAX) {
        return false;
    }
    buffer_puts(&query->sql, "DO $truss_step$ BEGIN\n");
    buffer_add(&query->sql, body);
    buffer_puts(&query->sql, "\n;\n");
    put_done(script, query, i);
    buffer_puts(&query->sql, "END $truss_step$");
    query->is_wrapped = true;
    return true;
}

/* Begins a step that stands outside of a transaction: from now on it may have left something. */
static bool begin_alone(struct script *script, size_t i, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    struct query query = {.sql = {.arena = script->run->arena}};
    struct step_record record = record_of(script, i);
    if (!leftovers_before(script->run, text_slice(script->content, step->start, step->end), &record.indexes_before)) {
        return fail_from_status(script, failure);
    }
    put_start(script, &query);
    steps_put_begun(&query.sql, &script->detection->ledger, script->record.name, &record);
    if (!write_down(script, &query, failure)) {
        return false;
    }
    script->is_started = true;
    script->before = record.indexes_before;
    return true;
}

/* A step that failed leaves nothing of its own: an INVALID index goes at once. True where it left nothing at all. */
static bool clean_up_alone(struct script *script, size_t i, const struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    const struct text statement = text_slice(script->content, step->start, step->end);
    struct run *const run = script->run;
    struct query query = {.sql = {.arena = run->arena}};
    bool finished;
    struct text body;
    if (!leftovers_remove(run, statement, script->record.name, script->before, &finished)) {
        return false;
    }
    const bool is_index = script->before != NULL;
    const bool refused = sqlstate_is_of_class(failure->status.sqlstate, SQLSTATE_CLASS_SYNTAX);
    if (!is_index && (!refused || sql_do_block(script->run->arena, statement, &body))) {
        return false;
    }
    steps_put_unbegun(&query.sql, &script->detection->ledger, script->record.name, (uint32_t)(i + 1));
    return pg_exec(run->session, buffer_string(&query.sql), run->status);
}

/* Who waits inside pg_advisory_lock has a snapshot, which an index that is built concurrently waits for: Prisma 6.19
 * waits so, and its backend goes on waiting when its client has given up. The unfinished row of this migration keeps
 * its tool from running anything (P3009): its lock can be let go until the index is there. */
static bool let_waiters_go(struct script *script, const struct failure *failure)
{
    const struct framework *const framework = script->detection->framework;
    const bool is_deadlock = sqlstate_is(failure->status.sqlstate, SQLSTATE_DEADLOCK_DETECTED);
    if (!is_deadlock || script->has_yielded || framework->hooks.advisory_locks == NULL ||
        !framework->ledger.failed_entry_blocks) {
        return true;
    }
    watch_note(&script->run->watch, script->record.name,
               arena_printf(script->run->arena,
                            "Letting the lock of %s go until the index is built: somebody waits for "
                            "it, and the index for him.",
                            framework->display_name));
    script->has_yielded = true;
    return lock_yield(script->run, script->detection);
}

/* What would stall others is tried again; an index that is built concurrently too, after what its failure left is
 * removed. */
static bool send_alone(struct script *script, size_t i, struct query *query, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    const struct text statement = text_slice(script->content, step->start, step->end);
    struct ladder ladder = ladder_start(script->run);
    bool finished = false;
    while (!finished && !query_send_once(script->run, script->content, step, query, &ladder, failure)) {
        if ((query->ladder == LADDER_NONE && script->before == NULL) ||
            !ladder_again(&ladder, script->run, script->record.name, failure)) {
            return false;
        }
        pg_session_set_deadline(script->run->session, script->run->deadline);
        if (!let_waiters_go(script, failure) ||
            !leftovers_remove(script->run, statement, script->record.name, script->before, &finished)) {
            return fail_from_status(script, failure);
        }
    }
    if (script->has_yielded && !lock_retake(script->run, script->detection)) {
        return fail_from_status(script, failure);
    }
    script->has_yielded = false;
    return true;
}

static bool run_alone(struct script *script, size_t i, bool was_begun, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    const struct text statement = text_slice(script->content, step->start, step->end);
    struct query query = {.sql = {.arena = script->run->arena}, .ladder = step->stalls ? LADDER_SESSION : LADDER_NONE};
    /* What stands alone must be alone in its query: several statements would be one implicit transaction. */
    if (!wrap_do(script, i, &query)) {
        buffer_add(&query.sql, statement);
    }
    if (!was_begun && !begin_alone(script, i, failure)) {
        return false;
    }
    if (send_alone(script, i, &query, failure)) {
        return write_done(script, i, failure); /* also where it was wrapped: a RETURN skips what is behind it */
    }
    return was_begun && leftovers_says_done(statement, failure->status.sqlstate) && write_done(script, i, failure);
}

/* A piece that commits where we cannot see: it is begun, run, and done. */
static bool run_unseen(struct script *script, size_t i, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    struct query query = {.sql = {.arena = script->run->arena}};
    if (!begin_alone(script, i, failure)) {
        return false;
    }
    query_put_script(&query, text_slice(script->content, step->start, step->end));
    if (!query_send(script->run, script->record.name, script->content, step, &query, failure)) {
        return false;
    }
    if (pg_session_in_transaction(script->run->session)) {
        struct status ignored = {.arena = script->run->arena};
        pg_exec(script->run->session, "ROLLBACK", &ignored);
        status_fail(script->run->status, STATUS_FAILED_PRECONDITION,
                    "The script left a transaction open; it was rolled back. End it with COMMIT in the script.");
        return failure_take(failure, script->run->status);
    }
    return write_done(script, i, failure);
}

/* An attempt was interrupted in the middle of step i: it is done all the same, or is begun anew, or nobody can tell. */
static bool resume_step(struct script *script, size_t i, bool *finished, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    *finished = false;
    if (step->kind == STEP_ALONE) {
        script->before = script->steps.items[i].indexes_before;
        if (!leftovers_remove(script->run, text_slice(script->content, step->start, step->end), script->record.name,
                              script->before, finished)) {
            return fail_from_status(script, failure);
        }
        return !*finished || write_done(script, i, failure);
    }
    const struct position where = text_position(script->content, step->start);
    status_fail(script->run->status, STATUS_FAILED_PRECONDITION,
                "An earlier run was interrupted in step %zu (line %u), which commits by itself: whether it did cannot "
                "be known. Look, then mark the migration as applied or as rolled back.",
                i + 1, where.line);
    failure_take(failure, script->run->status);
    failure->where = where;
    return false;
}

static bool run_step(struct script *script, size_t i, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    const bool was_begun = i == script->done && script->steps.count > i;
    bool finished = false;
    if (was_begun && !resume_step(script, i, &finished, failure)) {
        return false;
    }
    if (finished) {
        return true;
    }
    switch (step->kind) {
    case STEP_TRANSACTION:
        return run_transaction(script, i, failure);
    case STEP_ALONE:
        return run_alone(script, i, was_begun, failure);
    case STEP_OWN:
        break;
    }
    return step->commit_at == SIZE_MAX ? run_unseen(script, i, failure) : run_own_transaction(script, i, failure);
}

/* The log that stays in the ledger, in the form of Prisma's own. */
static const char *failure_log(struct arena *arena, const struct failure *failure)
{
    struct buffer log = {.arena = arena};
    if (failure->status.sqlstate != NULL) {
        buffer_printf(&log, "Database error code: %s\n\n", failure->status.sqlstate);
    }
    buffer_printf(&log, "Database error:\nERROR: %s\n", failure->status.message);
    if (failure->status.detail != NULL) {
        buffer_printf(&log, "\nDETAIL: %s\n", failure->status.detail);
    }
    if (failure->status.hint != NULL) {
        buffer_printf(&log, "\nHINT: %s\n", failure->status.hint);
    }
    if (failure->where.line > 0) {
        buffer_printf(&log, "\nPosition: line %u, column %u\n", failure->where.line, failure->where.column);
    }
    return buffer_string(&log);
}

void script_record_failure(struct script *script, const struct failure *failure)
{
    const struct framework *const framework = script->detection->framework;
    struct arena *const arena = script->run->arena;
    struct status ignored = {.arena = arena};
    struct query query = {.sql = {.arena = arena}};
    struct ledger_record logged = script->record;
    logged.logs = failure_log(arena, failure);
    buffer_puts(&query.sql, "BEGIN;");
    const enum ledger_part part = failure->partially_applied ? LEDGER_FAIL : LEDGER_FORGET;
    if (ledger_has(framework, part)) {
        query_put_ledger(&query, script->detection, &logged, part);
    }
    if (!failure->partially_applied) {
        steps_put_forget(&query.sql, &script->detection->ledger, logged.name);
    }
    buffer_puts(&query.sql, "COMMIT;");
    pg_exec(script->run->session, buffer_string(&query.sql), &ignored);
}

/* What a step that failed leaves behind. A lost connection leaves what the next one finds. */
static void settle_failure(struct script *script, size_t i, struct failure *failure)
{
    const struct step *const step = &script->plan.steps[i];
    const bool is_clean = step->kind == STEP_TRANSACTION || (step->kind == STEP_OWN && step->commit_at != SIZE_MAX);
    failure->partially_applied = failure->connection_lost || i > 0;
    if (failure->connection_lost || !script->is_started) {
        return;
    }
    if (!is_clean && !(step->kind == STEP_ALONE && clean_up_alone(script, i, failure))) {
        failure->partially_applied = true;
    }
    script_record_failure(script, failure);
}

/* Settings that finished steps have made, in the session that is gone. */
static void put_settings(const struct script *script, struct query *query)
{
    for (size_t i = 0; i < script->done; i++) {
        const struct text part = text_slice(script->content, script->plan.steps[i].start, script->plan.steps[i].end);
        struct sql_lexer lexer = {.text = part};
        struct sql_statement statement;
        while (sql_next_statement(&lexer, &statement)) {
            const struct text one = text_slice(part, statement.start, statement.end);
            if (sql_is_setting(one)) {
                buffer_add(&query->sql, one);
                buffer_puts(&query->sql, "\n;\n");
            }
        }
    }
}

static void tell_step(const struct script *script, size_t i, enum run_event_kind kind, int64_t began)
{
    const struct step *const step = &script->plan.steps[i];
    const uint32_t line = text_position(script->content, step->start).line;
    const char *const reason = step->reason == NULL ? "" : arena_printf(script->run->arena, ", %s", step->reason);
    watch_tell(&script->run->watch, &(struct run_event){
                                        .kind = kind,
                                        .migration = script->record.name,
                                        .step = (uint32_t)(i + 1),
                                        .steps = (uint32_t)script->plan.count,
                                        .duration_ms = kind == RUN_EVENT_STEP_DONE ? (uint32_t)(clock_ms() - began) : 0,
                                        .message = arena_printf(script->run->arena, "Step %zu of %zu (line %u%s) %s.",
                                                                i + 1, script->plan.count, line, reason,
                                                                kind == RUN_EVENT_STEP_DONE ? "is done" : "has begun"),
                                    });
}

static bool run_steps(struct script *script, struct failure *failure)
{
    struct query query = {.sql = {.arena = script->run->arena}};
    failure->steps = (uint32_t)script->plan.count;
    query_put_session(&query, script->run, script->detection);
    put_settings(script, &query);
    if (!store_ensure(script->run->session, script->run->status) ||
        !pg_exec(script->run->session, buffer_string(&query.sql), script->run->status)) {
        return fail_from_status(script, failure);
    }
    for (size_t i = script->done; i < script->plan.count; i++) {
        const int64_t began = clock_ms();
        failure->step = (uint32_t)(i + 1);
        if (script->run->observer != NULL) {
            observer_at(script->run->observer, script->record.name, failure->step, failure->steps);
        }
        tell_step(script, i, RUN_EVENT_STEP_STARTED, began);
        if (!run_step(script, i, failure)) {
            settle_failure(script, i, failure);
            return false;
        }
        script->is_started = true;
        tell_step(script, i, RUN_EVENT_STEP_DONE, began);
        if (watch_cancelled(&script->run->watch) && !is_last(script, i)) {
            status_fail(script->run->status, STATUS_CANCELLED, "The run was cancelled.");
            failure_take(failure, script->run->status);
            failure->partially_applied = true;
            script_record_failure(script, failure);
            return false;
        }
    }
    return true;
}

bool script_run(struct script *script, struct failure *failure)
{
    *failure = (struct failure){0};
    if (script->run->observer != NULL) {
        observer_at(script->run->observer, script->record.name, 1, 1);
    }
    return !script->is_started && (script->plan.count == 0 || script->plan.one_transaction)
               ? run_one_transaction(script, failure)
               : run_steps(script, failure);
}
