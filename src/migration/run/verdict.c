/*
 * Uses the run's own session if there is one, with our own role and the connection's settings.
 */
#include "migration/run/verdict.h"

#include "base/log.h"
#include "migration/record/last_failure.h"
#include "migration/record/note_applied.h"
#include "migration/run/send.h"

#include <string.h>
#include <unistd.h>

#define WRITE_MS 5000 /* the time for writing what is already known */

/* Was anything tried? Not with a file that cannot run, or an early cancel. */
static bool is_attempt(const struct execution *execution)
{
    const struct run_result *const result = execution->result;
    const struct catalog_item *const unfit = execution->preparation->unfit;
    const bool never_begun = failure_is_cancelled(&result->failure) && result->failure.steps == 0;
    return result->failed_name != NULL && !result->failed_around && !result->failed_unknown && !never_begun &&
           (unfit == NULL || strcmp(unfit->name, result->failed_name) != 0);
}

static const char *who(struct arena *arena, const struct pg_session *session)
{
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    return arena_printf(arena, "%s@%s", pg_session_user(session), host);
}

/* Of what was planned, and so of what was sent. */
static const char *hash_of(const struct preparation *preparation, const char *name)
{
    for (size_t i = 0; i < preparation->count; i++) {
        if (strcmp(preparation->items[i].item->name, name) == 0) {
            return preparation->items[i].content_hash;
        }
    }
    return NULL;
}

static bool write_failure(const struct execution *execution, struct pg_session *session, struct status *status)
{
    const struct failure *const failure = &execution->result->failure;
    const struct failed_attempt attempt = {
        .by = who(status->arena, session),
        .message = failure->status.message,
        .sqlstate = failure->status.sqlstate,
        .detail = failure->status.detail,
        .hint = failure->status.hint,
        .statement = failure->statement,
        .line = failure->where.line,
        .column = failure->where.column,
        .partially_applied = failure->partially_applied,
        .content_hash = hash_of(execution->preparation, execution->result->failed_name),
    };
    return failure_write(session, &execution->preparation->catalog.detection.ledger, execution->result->failed_name,
                         &attempt, status);
}

/* Applied migrations have no failure any more, and were applied by whoever requested this run. */
static bool note_applied(const struct execution *execution, struct pg_session *session, struct status *status)
{
    const struct run_result *const result = execution->result;
    const struct ledger *const ledger = &execution->preparation->catalog.detection.ledger;
    const char **const names = arena_array(status->arena, result->applied_count, sizeof *names);
    uint32_t *const ms = arena_array(status->arena, result->applied_count, sizeof *ms);
    for (size_t i = 0; i < result->applied_count; i++) {
        names[i] = result->applied[i].name;
        ms[i] = result->applied[i].duration_ms;
    }
    const struct applied_names applied = {
        .ledger = ledger,
        .items = names,
        .ms = ms,
        .count = result->applied_count,
        .run_ms = (uint32_t)(clock_ms() - execution->began),
    };
    bool keeps = false; /* stores anything at all */
    return result->applied_count == 0 ||
           (applied_by_write(execution->run->request, session, &applied, &keeps, status) &&
            (!keeps || failures_forget(session, ledger, names, result->applied_count, status)));
}

/* The run's session, or another one if that was lost: what was applied is written all the same. NULL: there is none. */
static struct pg_session *session_of(struct run *run)
{
    struct status *const kept = run->status;
    struct status ignored = {.arena = run->request->arena};
    if (run->session != NULL && pg_session_is_lost(run->session)) {
        const int64_t deadline = run->deadline;
        pg_session_free(run->session);
        run->session = NULL;
        run->status = &ignored;
        run->deadline = deadline_in(WRITE_MS);
        run_connect(run);
        run->status = kept;
        run->deadline = deadline;
    }
    return run->session;
}

static void log_unwritten(bool is_written, const struct status *status)
{
    char error[LOG_QUOTED_SIZE];
    if (!is_written) {
        log_warn("what a run did cannot be written down", "error=%s", log_quoted(status->message, error));
    }
}

void verdict_write(const struct execution *execution)
{
    struct run *const run = execution->run;
    struct status status = {.arena = run->request->arena};
    const bool failed = is_attempt(execution);
    if (execution->options->dry_run || (!failed && execution->result->applied_count == 0)) {
        return;
    }
    struct pg_session *const session = session_of(run);
    if (session == NULL) {
        return;
    }
    pg_session_set_deadline(session, deadline_in(WRITE_MS));
    /* A failure first: it makes the tables of a database that has none, and then also who applied what is kept. */
    const bool may = session_as_ourselves(session, &status);
    log_unwritten(may && (!failed || write_failure(execution, session, &status)), &status);
    if (may) {
        struct status of_applied = {.arena = run->request->arena};
        log_unwritten(note_applied(execution, session, &of_applied), &of_applied);
    }
}
