/*
 * The ledger's row is started with the first step and finished with the last; between them truss.migration_steps stores
 * the progress.
 */
#include "migration/run/migrate.h"

#include "base/sqlstate.h"
#include "framework/core/script.h"
#include "migration/record/make.h"
#include "migration/run/alone.h"
#include "migration/run/lock.h"
#include "migration/run/observer.h"
#include "migration/run/send.h"
#include "migration/run/settled.h"
#include "pg/query.h"
#include "pg/session_settings.h"
#include "pg/values.h"
#include "sql/lasting.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

static void look_at(const struct attempt *attempt, uint32_t step, uint32_t steps)
{
    if (attempt->run->observer != NULL) {
        observer_at(attempt->run->observer, attempt->record.name, step, steps);
    }
}

/* ---- one transaction ---- */

static bool send(struct attempt *attempt, const struct transaction *transaction)
{
    struct query query = transaction_compose(attempt->run->arena, transaction);
    return query_send(attempt->run, &query, &attempt->failure);
}

/* What holds the locks takes a snapshot, after which SET TRANSACTION DEFERRABLE comes too late: then no guard. */
static const char *guard_of(const struct attempt *attempt, const struct step *step)
{
    struct sql_lexer lexer = {.text = text_of(step->modes == NULL ? "" : step->modes)};
    struct sql_token token = {.kind = SQL_END};
    do {
        token = sql_next(&lexer);
        if (sql_is_word(&token, "deferrable")) {
            return NULL;
        }
    } while (token.kind != SQL_END);
    return lock_guard(attempt->run, attempt->detection);
}

/* reads_alike: as in struct transaction. */
static struct query compose_whole(struct attempt *attempt, const char *reads_alike)
{
    static const struct step nothing = {.kind = STEP_TRANSACTION};
    const struct step *const step = attempt->plan.count == 0 ? &nothing : attempt_step(attempt, 0);
    struct transaction transaction = attempt_transaction(attempt, FRAME_WHOLE);
    transaction.settled = attempt->finds_settled ? attempt->run->settled.look : NULL;
    transaction.session = attempt->finds_settled ? NULL : &attempt->run->settings;
    transaction.stalls = step->stalls;
    transaction.locks = true;
    transaction.guard = attempt->finds_settled ? NULL : guard_of(attempt, step);
    transaction.modes = step->modes;
    transaction.carry = step->carry;
    transaction.content = attempt->content;
    transaction.start = step->start;
    transaction.end = step->end;
    transaction.records = true;
    transaction.part = LEDGER_RECORD;
    transaction.reads_alike = reads_alike;
    /* A script's own setting is respected. */
    attempt->commits_late =
        attempt->may_commit_late && text_find_nocase(attempt->content, "synchronous_commit") == SIZE_MAX;
    transaction.commits_late = attempt->commits_late;
    return transaction_compose(attempt->run->arena, &transaction);
}

static const char *reading_of_whole(const struct attempt *attempt)
{
    return attempt->plan.count == 0 ? NULL
                                    : reading_of_step(attempt->run->session, &attempt->plan, attempt->content, 0);
}

void migrate_compose(struct attempt *attempt)
{
    attempt->finds_settled = attempt->is_quiet && attempt->run->settled.is_used;
    if (reading_of_whole(attempt) == NULL) {
        attempt->composed = arena_alloc(attempt->run->arena, sizeof *attempt->composed);
        *attempt->composed = compose_whole(attempt, NULL);
    }
}

static bool send_whole(struct attempt *attempt, struct query *query)
{
    struct run *const run = attempt->run;
    query->parts = &attempt->plan.parts; /* it may have been composed for a copy of this attempt */
    query->meanwhile = attempt->meanwhile;
    run->settled.is_used = query->is_settled;
    const bool ok = query_send(run, query, &attempt->failure);
    run->settled.is_used = false;
    return ok;
}

static bool run_whole(struct attempt *attempt)
{
    if (attempt->composed == NULL) {
        attempt->finds_settled = attempt->is_quiet && settled_is(attempt->run);
    }
    struct query query =
        attempt->composed != NULL ? *attempt->composed : compose_whole(attempt, reading_of_whole(attempt));
    attempt->failure.step = attempt->failure.steps = 1;
    look_at(attempt, 1, 1);
    const bool ok = send_whole(attempt, &query);
    if (ok || !query.is_settled || !settled_was_wrong(attempt->run, &attempt->failure)) {
        return ok;
    }
    attempt->finds_settled = false;
    query = compose_whole(attempt, reading_of_whole(attempt));
    attempt->failure.step = attempt->failure.steps = 1;
    return send_whole(attempt, &query);
}

/* ---- step by step ---- */

/* Have earlier steps set a lock_timeout of the script's own? Then that one applies. */
static bool has_timeout(const char *settings)
{
    struct sql_lexer lexer = {.text = text_of(settings)};
    struct sql_statement statement;
    bool has = false;
    while (sql_next_statement(&lexer, &statement)) {
        const struct text one = text_slice(lexer.text, statement.start, statement.end);
        struct sql_reader words = sql_read(one);
        const bool resets = sql_is_word(&words.token, "reset") || sql_is_word(&words.token, "discard");
        const bool is_about = text_find_nocase(one, "lock_timeout") != SIZE_MAX;
        has = (has && !resets) || (is_about && !resets && text_find_nocase(one, "DEFAULT") == SIZE_MAX);
    }
    return has;
}

/* The session's present users (current and session), in SQL; NULL if the query failed. */
static const char *ask_who(const struct attempt *attempt)
{
    static const char sql[] = "SELECT pg_catalog.concat_ws(' ', pg_catalog.quote_ident(SESSION_USER), "
                              "pg_catalog.quote_ident(CURRENT_USER))";
    PG_RESULT(result) = pg_query(attempt->run->session, sql, 0, NULL, attempt->run->status);
    return result == NULL ? NULL : arena_strdup(attempt->run->arena, pg_field(result, 0, 0));
}

/* Has a step switched the role? By its words (SET ROLE), or invisibly in a function or composed text. */
static bool is_another(const struct attempt *attempt)
{
    const char *const now = ask_who(attempt);
    return now == NULL || attempt->who == NULL || strcmp(now, attempt->who) != 0;
}

static bool run_transaction(struct attempt *attempt, size_t i)
{
    const struct step *const step = attempt_step(attempt, i);
    struct transaction transaction = attempt_done(attempt, FRAME_WHOLE, i);
    const char *const settings = plan_settings(attempt->run->arena, &attempt->plan, i);
    transaction.stalls = step->stalls && !has_timeout(settings);
    transaction.locks = true;
    transaction.guard = guard_of(attempt, step);
    transaction.locks_late = i > 0 && (settings[0] != '\0' || is_another(attempt));
    transaction.modes = step->modes;
    transaction.carry = step->carry;
    transaction.content = attempt->content;
    transaction.start = step->start;
    transaction.end = step->end;
    return send(attempt, &transaction);
}

/* If a deferred constraint fails at the end of a step, what would satisfy it may come after the cut. */
static void explain_cut(struct attempt *attempt, size_t i)
{
    struct status *const status = &attempt->failure.status;
    if (attempt_step(attempt, i)->is_cut && attempt->failure.statement == NULL &&
        sqlstate_is_of_class(status->sqlstate, SQLSTATE_CLASS_INTEGRITY)) {
        status->hint =
            "A deferred constraint was checked here, at the end of this step, because what comes next cannot be "
            "in its transaction; nothing of the step has stayed. Move what belongs together to one side of it.";
    }
}

/* A CALL that its own tool sends outside a transaction turned out to end transactions: it was rolled back entirely. */
static bool must_be_unseen(const struct attempt *attempt, size_t i)
{
    return attempt_step(attempt, i)->may_commit &&
           sqlstate_is(attempt->failure.status.sqlstate, SQLSTATE_INVALID_TRANSACTION_TERMINATION);
}

static bool run_step(struct attempt *attempt, size_t i)
{
    const struct step *const step = attempt_step(attempt, i);
    const bool was_begun = i == attempt->done && attempt->steps.count > i;
    bool finished = false;
    attempt->is_untried = was_begun && !alone_resume(attempt, i, &finished);
    if (attempt->is_untried) {
        return false;
    }
    if (finished) {
        return true;
    }
    if (step->kind == STEP_ALONE) {
        return alone_run(attempt, i, was_begun);
    }
    if (step->kind == STEP_TRANSACTION && attempt->unseen != i + 1) {
        if (run_transaction(attempt, i)) {
            return true;
        }
        if (!must_be_unseen(attempt, i)) {
            explain_cut(attempt, i);
            return false;
        }
        attempt->unseen = i + 1;
    }
    return alone_run_unseen(attempt, i);
}

/* Can no other session continue after the first `done` steps? Says why. */
static bool is_bound(struct attempt *attempt, size_t done)
{
    struct status *const status = &attempt->failure.status;
    for (size_t i = 0; i < done; i++) {
        const struct step *const step = attempt_step(attempt, i);
        if (step->session_bound != NULL) {
            const char *const why = arena_printf(
                attempt->run->arena,
                "A new run cannot continue after the steps that are done: the next ones may need %s (line %u), which "
                "ends with this session.",
                step->session_bound,
                script_position(attempt->content, &attempt->plan.parts, step->session_bound_at, NULL).line);
            status->hint = status->hint == NULL ? why : arena_printf(attempt->run->arena, "%s\n%s", status->hint, why);
            return true;
        }
    }
    return false;
}

/* Cleans up after a failed step. After a lost connection that is left to the next session; and if the step was not
 * tried, an earlier run's row must stay, which keeps it from being begun again. */
static void settle_failure(struct attempt *attempt, size_t i)
{
    const struct step *const step = attempt_step(attempt, i);
    struct failure *const failure = &attempt->failure;
    const bool is_clean =
        (step->kind == STEP_TRANSACTION && attempt->unseen != i + 1) || step->leaves_nothing || attempt->left_nothing;
    failure->partially_applied = failure->connection_lost || attempt->is_untried || i > 0;
    failure->needs_person = attempt->is_untried ? step->kind != STEP_ALONE
                                                : failure->connection_lost &&
                                                      (is_bound(attempt, i) || (!is_clean && step->kind != STEP_ALONE));
    if (failure->connection_lost || attempt->is_untried || !attempt->is_started) {
        return;
    }
    if (!is_clean && !(step->kind == STEP_ALONE && alone_clean_up(attempt, i))) {
        failure->partially_applied = true;
    }
    failure->needs_person =
        failure->partially_applied && (is_bound(attempt, i) || (!is_clean && step->kind != STEP_ALONE));
    attempt_record_failure(attempt);
}

static void tell_step(const struct attempt *attempt, size_t i, enum run_event_kind kind, int64_t began)
{
    struct arena *const arena = attempt->run->arena;
    const struct step *const step = attempt_step(attempt, i);
    const uint32_t line = script_position(attempt->content, &attempt->plan.parts, step->start, NULL).line;
    const bool is_done = kind == RUN_EVENT_STEP_DONE;
    const struct run_event event = {
        .kind = kind,
        .migration = attempt->record.name,
        .step = (uint32_t)(i + 1),
        .steps = (uint32_t)attempt->plan.count,
        .duration_ms = is_done ? (uint32_t)(clock_ms() - began) : 0,
        .message = arena_printf(arena, "Step %zu of %zu (line %u%s%s) %s.", i + 1, attempt->plan.count, line,
                                step->reason == NULL ? "" : ", ", step->reason == NULL ? "" : step->reason,
                                is_done ? "is done" : "has begun"),
    };
    watch_tell(&attempt->run->watch, &event);
}

/* Sets the session up as it was after the finished steps. Creates our own tables before switching to a role of the
 * script's. */
static bool set_up_session(struct attempt *attempt)
{
    struct run *const run = attempt->run;
    struct transaction transaction = attempt_transaction(attempt, FRAME_NONE);
    transaction.session = &run->settings;
    const struct query query = transaction_compose(run->arena, &transaction);
    return (session_as_ourselves(run->session, run->status) && store_ensure(run->session, run->status) &&
            pg_exec(run->session, buffer_string(&query.sql), run->status) &&
            (attempt->who = ask_who(attempt)) != NULL &&
            pg_exec(run->session, plan_settings(run->arena, &attempt->plan, attempt->done), run->status)) ||
           attempt_fail(attempt);
}

/* A cancel between two steps: what is done stays. */
static bool is_cancelled(struct attempt *attempt, size_t i)
{
    if (!watch_cancelled(&attempt->run->watch) || attempt_is_last(attempt, i)) {
        return false;
    }
    status_fail(attempt->run->status, STATUS_CANCELLED, "The run was cancelled.");
    attempt_fail(attempt);
    attempt->failure.partially_applied = true;
    attempt->failure.needs_person = is_bound(attempt, i + 1);
    attempt_record_failure(attempt);
    return true;
}

/* Is the last of the rows that of step i, of this attempt? */
static bool is_last_row(const struct attempt *attempt, const struct step_records *rows, size_t i)
{
    const struct step_record *const last = rows->count == 0 ? NULL : &rows->items[rows->count - 1];
    return last != NULL && last->step == i + 1 && last->finished && strcmp(last->attempt, attempt->record.id) == 0;
}

/* Takes again what a step may have released, unless somebody has continued this migration meanwhile. */
static bool verify_locks(struct attempt *attempt, size_t i)
{
    struct run *const run = attempt->run;
    struct step_records rows = {.migration = attempt->record.name};
    bool lost;
    if (attempt_is_last(attempt, i) ||
        (lock_verify(run, attempt->detection, false, &lost) &&
         (!lost || (steps_read(run->session, &attempt->detection->ledger, &rows, run->status) &&
                    (is_last_row(attempt, &rows, i) ||
                     status_fail(run->status, STATUS_ABORTED,
                                 "The script released the lock that keeps two runs apart, and another run has gone on "
                                 "with this migration meanwhile. Look at the status, then run again.")))))) {
        return true;
    }
    attempt_fail(attempt);
    attempt->failure.partially_applied = true;
    return false;
}

/* Strings in what follows would be read otherwise than it was planned. The encoding is only for what is sent: we send
 * UTF-8, and set it so. */
static bool verify_reading(struct attempt *attempt, size_t i)
{
    struct run *const run = attempt->run;
    if (attempt_is_last(attempt, i) || !pg_session_reads_otherwise(run->session)) {
        return true;
    }
    if (!pg_session_encode_as_begun(run->session, run->status)) {
        return attempt_fail(attempt);
    }
    if (!pg_session_reads_otherwise(run->session) ||
        !sql_is_ambiguous(text_slice(attempt->content, attempt_step(attempt, i)->end, attempt->content.size))) {
        return true;
    }
    status_fail(run->status, STATUS_FAILED_PRECONDITION,
                "Step %zu has changed how the server reads what follows (standard_conforming_strings), in a way that "
                "its text does not show. The rest was not sent.",
                i + 1);
    attempt_fail(attempt);
    attempt->failure.partially_applied = attempt->failure.needs_person = true;
    attempt_record_failure(attempt);
    return false;
}

static bool run_steps(struct attempt *attempt)
{
    attempt->failure.steps = (uint32_t)attempt->plan.count;
    attempt->is_stepwise = true;
    if (!set_up_session(attempt)) {
        attempt->failure.partially_applied = attempt->is_started;
        return false;
    }
    for (size_t i = attempt->done; i < attempt->plan.count; i++) {
        const int64_t began = clock_ms();
        attempt->failure.step = (uint32_t)(i + 1);
        look_at(attempt, attempt->failure.step, attempt->failure.steps);
        tell_step(attempt, i, RUN_EVENT_STEP_STARTED, began);
        if (!run_step(attempt, i)) {
            settle_failure(attempt, i);
            return false;
        }
        attempt->is_started = true;
        tell_step(attempt, i, RUN_EVENT_STEP_DONE, began);
        if (!verify_reading(attempt, i) || is_cancelled(attempt, i) || !verify_locks(attempt, i)) {
            return false;
        }
    }
    return true;
}

bool migrate(struct attempt *attempt)
{
    const bool is_whole = attempt->plan.count == 0 || attempt->plan.one_transaction;
    attempt->failure = (struct failure){0};
    if (attempt->is_started || !is_whole) {
        return run_steps(attempt);
    }
    if (run_whole(attempt)) {
        return true;
    }
    if (attempt->plan.count == 0 || !must_be_unseen(attempt, 0)) {
        return false;
    }
    attempt->failure = (struct failure){0};
    attempt->commits_late = false;
    attempt->unseen = 1;
    return run_steps(attempt);
}
