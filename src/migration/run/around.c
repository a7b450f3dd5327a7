#include "migration/run/around.h"

#include "base/log.h"
#include "base/words.h"
#include "migration/record/transaction.h"
#include "migration/run/leftovers.h"
#include "migration/run/lock.h"
#include "migration/run/lock_script.h"
#include "migration/run/send.h"
#include "pg/exec.h"

#include <string.h>

#define CLEAN_MS 5000 /* to look for what a failed statement left, also at the run's deadline */

static const struct migration_files *files_of(const struct execution *execution)
{
    return &execution->preparation->catalog.files;
}

/* Sends a step of a callback, in the frame for its kind; the first one resets the session. */
static bool send_step(const struct execution *execution, const struct loaded *loaded, const struct plan *plan, size_t i,
                      struct failure *failure)
{
    static const enum transaction_frame frames[] = {
        [STEP_TRANSACTION] = FRAME_WHOLE, [STEP_ALONE] = FRAME_NONE, [STEP_OWN] = FRAME_OWN};
    struct run *const run = execution->run;
    const struct detection *const detection = &execution->preparation->catalog.detection;
    const struct step *const step = &plan->steps[i];
    const struct transaction transaction = {
        .frame = frames[step->kind],
        .framework = detection->framework,
        .ledger = &detection->ledger,
        .lock_timeout_ms = run->settings.lock_timeout_ms,
        .server_version = run->settings.server_version,
        .stalls = step->stalls && (step->kind == STEP_TRANSACTION ||
                                   !query_is_block(text_slice(loaded->script.sql, step->start, step->end))),
        .modes = step->modes,
        .carry = step->kind == STEP_TRANSACTION ? step->carry : NULL,
        .content = loaded->script.sql,
        .parts = &loaded->script.parts,
        .start = step->start,
        .end = step->end,
    };
    struct query query = transaction_compose(run->arena, &transaction);
    return query_send(run, &query, failure);
}

static bool set_up(const struct execution *execution, struct failure *failure)
{
    struct run *const run = execution->run;
    const struct detection *const detection = &execution->preparation->catalog.detection;
    const struct transaction transaction = {.frame = FRAME_NONE,
                                            .framework = detection->framework,
                                            .ledger = &detection->ledger,
                                            .session = &run->settings};
    const struct query query = transaction_compose(run->arena, &transaction);
    return pg_exec(run->session, buffer_string(&query.sql), run->status) || failure_take(failure, run->status);
}

/* What is sent must be what was planned, and perhaps approved. */
static bool is_as_planned(const struct execution *execution, const struct migration_file *file,
                          const struct loaded *loaded)
{
    const struct run *const run = execution->run;
    const struct migration_files *const files = files_of(execution);
    for (size_t i = 0; i < files->around_count; i++) {
        const char *const planned = execution->preparation->around[i];
        if (&files->around[i].file == file && planned != NULL) {
            return strcmp(planned, loaded_hash(run->arena, loaded)) == 0 ||
                   status_fail(run->status, STATUS_FAILED_PRECONDITION,
                               "The file was changed while the run was going on; run again.");
        }
    }
    return true;
}

/* An INVALID index that a statement outside of a transaction left when it failed: IF NOT EXISTS would pass over it the
 * next time. *failure stays; what could not be removed is added to it. */
static void remove_leftovers(struct run *run, const struct interrupted *of, struct failure *failure)
{
    struct status status = {.arena = run->arena};
    struct status *const kept = run->status;
    enum leftovers what = LEFTOVERS_GONE;
    if (of->before == NULL || failure->connection_lost) {
        return;
    }
    run->status = &status;
    pg_session_set_deadline(run->session, deadline_in(CLEAN_MS));
    const bool ok = leftovers_remove(run, of, &what) && what != LEFTOVERS_BUSY;
    pg_session_set_deadline(run->session, run->deadline);
    run->status = kept;
    if (!ok) {
        failure->status.hint =
            "It may have left an INVALID index, which could not be removed: look for it, and drop it.";
    }
}

static struct text text_of_step(const struct loaded *loaded, const struct step *step)
{
    return text_slice(loaded->script.sql, step->start, step->end);
}

/* Sends a step; of one that fails outside of a transaction nothing is left. */
static bool send_cleanly(const struct execution *execution, const struct loaded *loaded, const struct plan *plan,
                         size_t i, struct failure *failure)
{
    struct run *const run = execution->run;
    const struct step *const step = &plan->steps[i];
    struct interrupted of = {.statement = text_of_step(loaded, step)};
    if (step->kind == STEP_ALONE && !leftovers_before(run, of.statement, &of.before)) {
        return failure_take(failure, run->status);
    }
    const bool ok = send_step(execution, loaded, plan, i, failure);
    if (!ok && step->kind == STEP_ALONE) {
        remove_leftovers(run, &of, failure);
    }
    return ok;
}

static bool send_all(const struct execution *execution, const struct migration_file *file, struct failure *failure)
{
    struct run *const run = execution->run;
    const struct detection *const detection = &execution->preparation->catalog.detection;
    const struct migration_place place = {&run->request->site->project, &detection->folder, file};
    struct loaded loaded;
    struct plan plan;
    if (!migration_load(run->arena, &place, &loaded, run->status) || !is_as_planned(execution, file, &loaded)) {
        return failure_take(failure, run->status);
    }
    const struct plan_options options = prepare_options(run->session, detection->framework, &loaded.script);
    if (!plan_build(run->arena, loaded.script.sql, &options, &plan, run->status)) {
        return failure_take(failure, run->status);
    }
    run->may_lack_locks = run->may_lack_locks || lock_may_be_let_go(loaded.script.sql);
    failure->steps = (uint32_t)plan.count;
    bool ok = set_up(execution, failure);
    for (size_t i = 0; ok && i < plan.count; i++) {
        failure->step = (uint32_t)(i + 1);
        ok = send_cleanly(execution, &loaded, &plan, i, failure);
    }
    if (!ok && failure->step > 1 && failure->status.hint == NULL) {
        failure->status.hint = "What it did before this statement stays: it is not one transaction.";
    }
    failure->step = failure->steps = 0; /* the steps of a migration are something else */
    return ok;
}

/* Runs one callback; *failure is kept in the request's memory. */
static bool run_one(const struct execution *execution, const struct migration_file *file, struct failure *failure)
{
    struct run *const run = execution->run;
    struct arena *const arena = run->request->arena;
    struct status status;
    struct failure own = {0};
    watch_note(&run->watch, NULL, arena_printf(arena, "Running the callback %s.", file->filename));
    run_enter(run, &status);
    own.status.arena = run->arena;
    const bool ok = send_all(execution, file, &own);
    *failure = failure_keep(arena, &own);
    run_leave(run);
    if (ok) {
        log_info("callback done", "callback=\"%s\"", file->name);
    }
    return ok;
}

const char *around_summary(const struct execution *execution)
{
    const struct run_result *const result = execution->result;
    struct arena *const arena = execution->run->request->arena;
    const char *const own =
        result->failure.connection_lost
            ? arena_printf(arena,
                           "The connection was lost in the callback %s: whether what it did was committed is not known",
                           result->failed_name)
            : arena_printf(arena, "The callback %s failed", result->failed_name);
    if (execution->run->late.is_unknown) {
        return arena_printf(arena, "%s; whether all migrations before it stayed is not known: ask for the status.",
                            own);
    }
    if (result->applied_count == 0) {
        return arena_printf(arena, "%s; no migration was run.", own);
    }
    return arena_printf(arena, "%s; %s applied.", own, result_before(arena, result->applied_count));
}

bool around_run(const struct execution *execution, enum around_when when)
{
    const struct migration_files *const files = files_of(execution);
    struct run_result *const result = execution->result;
    for (size_t i = 0; i < files->around_count; i++) {
        if (files->around[i].when == when && !run_one(execution, &files->around[i].file, &result->failure)) {
            result->ok = false;
            result->failed_name = files->around[i].file.filename;
            result->failed_around = true;
            result->summary = around_summary(execution);
            return false;
        }
    }
    return true;
}

bool around_versioned(const struct execution *execution, bool has_repeatables)
{
    struct run *const run = execution->run;
    if (run->is_past_versioned) {
        return true;
    }
    run->is_past_versioned = true;
    return around_run(execution, AROUND_AFTER_VERSIONED) &&
           (!has_repeatables || around_run(execution, AROUND_BEFORE_REPEATABLES));
}

void around_failed(const struct execution *execution)
{
    const struct migration_files *const files = files_of(execution);
    struct arena *const arena = execution->run->request->arena;
    const bool is_lost = execution->result->failure.connection_lost || execution->run->session == NULL;
    for (size_t i = 0; i < files->around_count; i++) {
        const struct around_script *const one = &files->around[i];
        struct failure failure = {.status = {.message = "the connection was lost"}};
        if (one->when == AROUND_AFTER_ERROR && (is_lost || !run_one(execution, &one->file, &failure))) {
            result_add_warning(arena, execution->result,
                               arena_printf(arena, "The callback %s, for a run that failed, %s: %s", one->file.filename,
                                            is_lost ? "was not run" : "failed as well", failure.status.message));
        }
    }
}

void around_untried(const struct execution *execution)
{
    const struct migration_files *const files = files_of(execution);
    for (size_t i = 0; i < files->around_count; i++) {
        const struct around_script *const one = &files->around[i];
        if (one->when == AROUND_BEFORE_EACH || one->when == AROUND_AFTER_EACH || one->when == AROUND_BEFORE_RUN) {
            continue;
        }
        const struct run_untried untried = {
            .migration = one->file.filename,
            .step = 1,
            .reason = "a callback, which surrounds the run in its own transaction",
        };
        result_add_untried(execution->run->request->arena, execution->result, &untried);
    }
}
