/*
 * A migration of several transactions has a row for each finished step; the ledger's row is started with the first step
 * and finished with the last.
 */
#include "migration/run/attempt.h"

#include "migration/run/send.h"
#include "pg/own_query.h"
#include "sql/lasting.h"
#include "sql/lexer.h"

bool attempt_is_last(const struct attempt *attempt, size_t i)
{
    return i + 1 == attempt->plan.count;
}

const struct step *attempt_step(const struct attempt *attempt, size_t i)
{
    return &attempt->plan.steps[i];
}

struct text attempt_text(const struct attempt *attempt, size_t i)
{
    const struct step *const step = attempt_step(attempt, i);
    return text_slice(attempt->content, step->start, step->end);
}

bool attempt_fail(struct attempt *attempt)
{
    return failure_take(&attempt->failure, attempt->run->status);
}

struct transaction attempt_transaction(const struct attempt *attempt, enum transaction_frame frame)
{
    return (struct transaction){
        .frame = frame,
        .framework = attempt->detection->framework,
        .ledger = &attempt->detection->ledger,
        .lock_timeout_ms = attempt->run->settings.lock_timeout_ms,
        .server_version = attempt->run->settings.server_version,
        .record = &attempt->record,
        .parts = &attempt->plan.parts,
    };
}

/* Can it call something that changes a setting? */
static bool may_call(struct text text)
{
    return sql_has_word(text, "select") || sql_has_word(text, "do") || sql_has_word(text, "call");
}

const char *reading_of_step(const struct pg_session *session, const struct plan *plan, struct text content, size_t i)
{
    const struct step *const step = &plan->steps[i];
    const bool matters = plan->is_read_apart || i + 1 < plan->count;
    if (!matters || !sql_is_ambiguous(text_slice(content, step->start, content.size)) ||
        !may_call(text_slice(content, step->start, step->end))) {
        return NULL;
    }
    return pg_session_standard_strings(session) ? "on" : "off";
}

struct step_record *attempt_step_record(const struct attempt *attempt, size_t i)
{
    struct step_record *const record = arena_alloc(attempt->run->arena, sizeof *record);
    *record = (struct step_record){
        .step = (uint32_t)(i + 1),
        .steps = (uint32_t)attempt->plan.count,
        .attempt = attempt->record.id,
        .checksum = step_checksum(attempt->run->arena, attempt->content, attempt_step(attempt, i)),
    };
    return record;
}

struct transaction attempt_done(const struct attempt *attempt, enum transaction_frame frame, size_t i)
{
    struct transaction transaction = attempt_transaction(attempt, frame);
    const bool is_last = attempt_is_last(attempt, i);
    transaction.starts = !attempt->is_started;
    transaction.records = is_last;
    transaction.part = LEDGER_FINISH;
    transaction.step_mark = is_last ? STEPS_FORGOTTEN : STEP_FINISHED;
    transaction.step = attempt_step_record(attempt, i);
    transaction.reads_alike = reading_of_step(attempt->run->session, &attempt->plan, attempt->content, i);
    return transaction;
}

bool attempt_write(struct attempt *attempt, const struct transaction *transaction)
{
    const struct query query = transaction_compose(attempt->run->arena, transaction);
    return query_write(attempt->run, &query, &attempt->failure);
}

/* The error for the ledger's log column, in Prisma's format. */
static const char *failure_log(struct arena *arena, const struct failure *failure)
{
    struct buffer log = {.arena = arena};
    const struct status *const status = &failure->status;
    if (status->sqlstate != NULL) {
        buffer_printf(&log, "Database error code: %s\n\n", status->sqlstate);
    }
    buffer_printf(&log, "Database error:\nERROR: %s\n", status->message);
    if (status->detail != NULL) {
        buffer_printf(&log, "\nDETAIL: %s\n", status->detail);
    }
    if (status->hint != NULL) {
        buffer_printf(&log, "\nHINT: %s\n", status->hint);
    }
    if (failure->where.line > 0) {
        buffer_printf(&log, "\nPosition: line %u, column %u\n", failure->where.line, failure->where.column);
    }
    return buffer_string(&log);
}

void attempt_record_failure(struct attempt *attempt)
{
    struct arena *const arena = attempt->run->arena;
    struct ledger_record logged = attempt->record;
    struct transaction transaction = attempt_transaction(attempt, FRAME_WHOLE);
    struct status ignored = {.arena = arena};
    logged.logs = failure_log(arena, &attempt->failure);
    transaction.modes = OWN_MODES;
    transaction.record = &logged;
    transaction.records = true;
    transaction.part = attempt->failure.partially_applied ? LEDGER_FAIL : LEDGER_FORGET;
    transaction.step_mark = attempt->failure.partially_applied ? STEP_NOT_MARKED : STEPS_FORGOTTEN;
    const struct query query = transaction_compose(arena, &transaction);
    own_exec_words(attempt->run->session, buffer_string(&query.sql), &ignored);
}
