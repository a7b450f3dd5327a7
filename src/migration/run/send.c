/*
 * The rungs stay close together: a reader that queues behind our ALTER waits as long as the longest of them, and two
 * rungs of 50 and 80 ms keep that below 100. The pauses between grow instead, so that a table that is busy for long is
 * not knocked at all the time.
 */
#include "migration/run/send.h"

#include "migration/run/observer.h"
#include "pg/sqlstate.h"
#include "sql/split.h"

#include <stdio.h>
#include <string.h>

#define CLEAN_UP_MS      5000
#define IDLE_MS          60000 /* idle_in_transaction_session_timeout: a worker that stopped must not hold locks */
#define TIMEOUT_WIDTH    8     /* characters of its number */
#define FIRST_PAUSE_MS   50
#define LONGEST_PAUSE_MS 500
#define TELL_EACH_MS     1000

/* ---- building ---- */

void query_put(struct query *query, const char *sql)
{
    struct sql_lexer lexer = {.text = text_of(sql)};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        query->statements_before++;
    }
    buffer_puts(&query->sql, sql);
}

void query_put_session(struct query *query, const struct run *run, const struct detection *detection)
{
    struct buffer sql = {.arena = query->sql.arena};
    buffer_puts(&sql, "RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL;");
    ledger_put(&sql, detection->framework, LEDGER_SESSION, &detection->ledger, NULL);
    buffer_printf(&sql, "SET idle_in_transaction_session_timeout = %d;", IDLE_MS);
    if (run->settings.statement_timeout_ms > 0) {
        buffer_printf(&sql, "SET statement_timeout = %u;", run->settings.statement_timeout_ms);
    }
    query_put(query, buffer_string(&sql));
}

void query_put_timeout(struct query *query)
{
    static const char sql[] = "SET LOCAL lock_timeout = ";
    query->timeout_at = query->sql.size + strlen(sql);
    query->ladder = LADDER_LOCAL;
    query_put(query, arena_printf(query->sql.arena, "%s%*u;", sql, TIMEOUT_WIDTH, 0u));
}

void query_put_begin(struct query *query, const struct detection *detection, bool stalls)
{
    query_put(query, "BEGIN;");
    if (stalls || ledger_has(detection->framework, LEDGER_LOCK)) {
        query_put_timeout(query);
    }
    query_put_lock(query, detection);
}

void query_put_lock(struct query *query, const struct detection *detection)
{
    struct buffer sql = {.arena = query->sql.arena};
    if (ledger_has(detection->framework, LEDGER_LOCK)) {
        ledger_put(&sql, detection->framework, LEDGER_LOCK, &detection->ledger, NULL);
        query_put(query, buffer_string(&sql));
    }
}

void query_put_commit(struct query *query, const struct detection *detection)
{
    if (ledger_has(detection->framework, LEDGER_UNLOCK)) {
        buffer_puts(&query->sql, "RESET SESSION AUTHORIZATION;RESET ROLE;");
        ledger_put(&query->sql, detection->framework, LEDGER_UNLOCK, &detection->ledger, NULL);
    }
    buffer_puts(&query->sql, "COMMIT;");
}

void query_put_script(struct query *query, struct text part)
{
    query->characters_before = text_characters(buffer_text(&query->sql));
    buffer_reserve(&query->sql, part.size + 1024);
    buffer_add(&query->sql, part);
    /* On a line of its own: the script may end in a comment. */
    buffer_puts(&query->sql, "\n;\n");
}

void query_put_ledger(struct query *query, const struct detection *detection, const struct ledger_record *record,
                      enum ledger_part part)
{
    buffer_puts(&query->sql, "RESET SESSION AUTHORIZATION;RESET ROLE;");
    ledger_put(&query->sql, detection->framework, part, &detection->ledger, record);
}

/* ---- the ladder ---- */

struct ladder ladder_start(const struct run *run)
{
    return (struct ladder){
        .began = clock_ms(),
        .timeout_ms = run->settings.lock_timeout_ms,
        .pause_ms = FIRST_PAUSE_MS,
        .attempt = 1,
    };
}

/* Nothing of it stays, and the next moment may be better: no lock in time, a deadlock, a serialization failure. */
static bool is_for_a_lock(const char *sqlstate)
{
    return sqlstate_is(sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE) || sqlstate_is(sqlstate, SQLSTATE_DEADLOCK_DETECTED) ||
           sqlstate_is(sqlstate, SQLSTATE_SERIALIZATION_FAILURE);
}

/* The server chose us: there was no waiting for a lock that a limit of ours ended. */
static bool is_deadlock(const struct failure *failure)
{
    return !sqlstate_is(failure->status.sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE);
}

static void tell_wait(const struct run *run, const struct ladder *ladder, const char *migration,
                      const struct failure *failure)
{
    const uint32_t waited = (uint32_t)(clock_ms() - ladder->began);
    const char *const who =
        failure->blocker_count == 0 ? "somebody" : blockers_text(run->arena, failure->blockers, failure->blocker_count);
    watch_tell(&run->watch,
               &(struct run_event){
                   .kind = RUN_EVENT_LOCK_WAIT,
                   .migration = migration,
                   .step = failure->step,
                   .steps = failure->steps,
                   .duration_ms = waited,
                   .attempt = ladder->attempt,
                   .blockers = failure->blockers,
                   .blocker_count = failure->blocker_count,
                   .message = is_deadlock(failure)
                                  ? arena_printf(run->arena, "A deadlock, try %u, with %s", ladder->attempt, who)
                                  : arena_printf(run->arena, "No lock within %u ms, try %u; it is held by %s",
                                                 ladder->timeout_ms, ladder->attempt, who),
               });
}

/* The last word on a lock that could not be had. */
static void give_up(const struct run *run, const struct ladder *ladder, struct failure *failure)
{
    const char *const who = failure->blocker_count == 0
                                ? ""
                                : arena_printf(run->arena, "; it was held by %s",
                                               blockers_text(run->arena, failure->blockers, failure->blocker_count));
    const char *const how = is_deadlock(failure) ? ""
                                                 : arena_printf(run->arena,
                                                                ", at most %u ms at a time so that nobody had to queue "
                                                                "behind it",
                                                                ladder->timeout_ms);
    failure->status.message = arena_printf(run->arena, "%s: tried %u times in %.1f s%s%s", failure->status.message,
                                           ladder->attempt, (double)(clock_ms() - ladder->began) / 1000, how, who);
    if (failure->status.hint == NULL || is_deadlock(failure)) {
        failure->status.hint =
            "Let the session that holds the lock end, and run again; lock_retry_ms gives it more time.";
    }
    failure->blockers = blockers_copy(run->arena, failure->blockers, failure->blocker_count);
}

static void end_by_wish(const struct run *run, struct failure *failure)
{
    if (watch_cancelled(&run->watch)) {
        status_fail(&failure->status, STATUS_CANCELLED, "The run was cancelled while it waited for a lock.");
    } else {
        status_fail(&failure->status, STATUS_DEADLINE_EXCEEDED,
                    "The time for this request was over while it waited for a lock.");
    }
}

bool ladder_again(struct ladder *ladder, struct run *run, const char *migration, struct failure *failure)
{
    if (!is_for_a_lock(failure->status.sqlstate)) {
        return false;
    }
    const int64_t now = clock_ms();
    if (now - ladder->began >= run->settings.lock_retry_ms) {
        give_up(run, ladder, failure);
        return false;
    }
    /* Each try is a line at first, then one a second is. */
    if (ladder->attempt == 1 ||
        (now - ladder->began) / TELL_EACH_MS != (now - ladder->pause_ms - ladder->began) / TELL_EACH_MS) {
        tell_wait(run, ladder, migration, failure);
    }
    if (!watch_pause(&run->watch, run->deadline, ladder->pause_ms)) {
        end_by_wish(run, failure);
        return false;
    }
    const uint32_t highest = run->settings.lock_timeout_ms * 8 / 5;
    ladder->timeout_ms = ladder->timeout_ms * 5 / 4 > highest ? highest : ladder->timeout_ms * 5 / 4;
    ladder->pause_ms = ladder->pause_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : ladder->pause_ms * 2;
    ladder->attempt++;
    return true;
}

/* ---- sending ---- */

/* What to do about an error of which PostgreSQL says nothing more. */
static const char *hint_for(const struct status *status)
{
    const bool commits = sqlstate_is(status->sqlstate, SQLSTATE_INVALID_TRANSACTION_TERMINATION);
    return status->hint == NULL && commits ? "What commits by itself cannot be inside a transaction. Call it from a DO "
                                             "block with a COMMIT of its own, "
                                             "DO $$ BEGIN CALL …; COMMIT; END $$, which is run outside of one."
                                           : status->hint;
}

/* What the server said, in terms of the file. */
static void describe(struct run *run, struct text content, const struct step *step, const struct query *query,
                     const struct pg_failure *at, struct failure *failure)
{
    failure_take(failure, run->status);
    failure->status.hint = hint_for(run->status);
    if (failure->status.detail == NULL) {
        failure->status.detail = at->context;
    }
    if (run->observer != NULL && is_for_a_lock(run->status->sqlstate)) {
        failure->blocker_count = observer_blockers(run->observer, &failure->blockers);
    }
    const size_t characters = text_characters(text_slice(content, step->start, step->end));
    const size_t given = query->is_wrapped ? 0 : at->position;
    const size_t position = given > query->characters_before ? given - query->characters_before : 0;
    /* A syntax error comes before any result: its position alone tells. */
    const bool is_ours = position == 0 ? given > 0 || at->statement < query->statements_before : position > characters;
    if (is_ours) {
        return;
    }
    failure->statement = plan_failing_statement(run->arena, content, step->start, step->end, position,
                                                at->statement - query->statements_before, &failure->where);
    if (failure->statement == NULL) {
        failure->where = (struct position){0};
    }
}

static void roll_back(struct run *run)
{
    struct status ignored = {.arena = run->arena};
    /* What must be said to the server now is said also where the request's own time is over. */
    pg_session_set_deadline(run->session, deadline_in(CLEAN_UP_MS));
    if (pg_session_in_transaction(run->session)) {
        pg_exec(run->session, "ROLLBACK", &ignored);
    }
}

static bool set_session_timeout(struct run *run, const struct ladder *ladder, struct failure *failure)
{
    const char *const sql = arena_printf(run->arena, "SET lock_timeout = %u", ladder->timeout_ms);
    return pg_exec(run->session, sql, run->status) || failure_take(failure, run->status);
}

bool query_send_once(struct run *run, struct text content, const struct step *step, struct query *query,
                     const struct ladder *ladder, struct failure *failure)
{
    struct pg_failure at = {0};
    if (query->ladder == LADDER_LOCAL) {
        char number[TIMEOUT_WIDTH + 1];
        snprintf(number, sizeof number, "%*u", TIMEOUT_WIDTH, ladder->timeout_ms);
        memcpy(query->sql.data + query->timeout_at, number, TIMEOUT_WIDTH);
    } else if (query->ladder == LADDER_SESSION && !set_session_timeout(run, ladder, failure)) {
        return false;
    }
    if (run->observer != NULL) {
        observer_forget(run->observer);
        observer_attach(run->observer, run->session);
    }
    pg_session_set_deadline(run->session, run->deadline);
    const bool ok = pg_script(run->session, buffer_string(&query->sql), &at, run->status);
    /* What is said to the server besides is short, and said also when the run is to end. */
    pg_session_on_tick(run->session, NULL, NULL);
    if (!ok) {
        describe(run, content, step, query, &at, failure);
        roll_back(run);
    }
    if (query->ladder == LADDER_SESSION && !failure->connection_lost) {
        struct status ignored = {.arena = run->arena};
        pg_exec(run->session, "RESET lock_timeout", &ignored);
    }
    return ok;
}

bool query_send(struct run *run, const char *migration, struct text content, const struct step *step,
                struct query *query, struct failure *failure)
{
    struct ladder ladder = ladder_start(run);
    while (!query_send_once(run, content, step, query, &ladder, failure)) {
        if (query->ladder == LADDER_NONE || !ladder_again(&ladder, run, migration, failure)) {
            return false;
        }
    }
    return true;
}
