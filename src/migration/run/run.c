/*
 * The life of a run: its settings and session; the framework; the locks; the ledger read under them, and every script
 * planned; one of the executors; the report of the result. What a migration changed in the session's settings is reset
 * before the next one.
 */
#include "migration/run/run.h"

#include "migration/look/changed.h"
#include "migration/look/permission.h"
#include "migration/look/target.h"
#include "migration/plan/marks.h"

#include "base/log.h"
#include "base/words.h"
#include "migration/run/around.h"
#include "migration/run/executor.h"
#include "migration/run/lock.h"
#include "migration/run/verdict.h"
#include "migration/tool/start.h"
#include "pg/exec.h"
#include "pg/session_settings.h"

/* ---- events ---- */

static void tell(const struct execution *execution, enum run_event_kind kind, const char *message)
{
    const bool is_done = kind == RUN_EVENT_RUN_DONE;
    const struct run_event event = {
        .kind = kind,
        .count = (uint32_t)(is_done ? execution->result->applied_count : execution->preparation->count),
        .duration_ms = is_done ? (uint32_t)(clock_ms() - execution->began) : 0,
        .message = message,
    };
    watch_tell(&execution->run->watch, &event);
}

static void tell_failed(const struct execution *execution)
{
    const struct run_result *const result = execution->result;
    const struct failure *const failure = &result->failure;
    char error[LOG_QUOTED_SIZE];
    log_warn("migration failed", "migration=\"%s\" error=%s", result->failed_name,
             log_quoted(failure->status.message, error));
    const struct run_event event = {
        .kind = RUN_EVENT_FAILED,
        .migration = result->failed_name,
        .step = failure->step,
        .steps = failure->steps,
        .blockers = failure->blockers,
        .blocker_count = failure->blocker_count,
        .message = failure->status.message,
    };
    watch_tell(&execution->run->watch, &event);
}

/* ---- executing ---- */

static const struct executor *executor_for(const struct execution *execution)
{
    return execution->preparation->delegate         ? &run_tool
           : execution->options->dry_run            ? &run_trial
           : execution->options->in_one_transaction ? &run_whole
                                                    : &run_each;
}

static void keep_unfit(const struct execution *execution, const char *summary)
{
    struct run_result *const result = execution->result;
    prepare_failure(execution->preparation, &result->failure);
    result->ok = false;
    result->failed_name = execution->preparation->unfit->name;
    result->summary = summary;
}

/* Flaws that the scripts would pass over stop them, or are repaired before the first one. */
static bool mend(const struct execution *execution)
{
    struct run *const run = execution->run;
    const struct flaws *const flaws = &execution->preparation->flaws;
    const bool repairs = execution->options->repair && !execution->options->dry_run;
    for (size_t i = 0; i < flaws->count; i++) {
        if (!repairs || flaws->items[i].repair == NULL) {
            status_fail(run->status, STATUS_FAILED_PRECONDITION, "%s Nothing was run.",
                        flaws_refusal(run->arena, flaws));
            run->status->migration = flaws->items[i].migration;
            return false;
        }
    }
    if (flaws->count > 0 && !pg_session_use_jit(run->session, true, run->status)) {
        return false;
    }
    for (size_t i = 0; i < flaws->count; i++) {
        const struct flaw *const one = &flaws->items[i];
        execution->result->has_begun = true;
        if (!pg_exec(run->session, one->repair, run->status)) {
            run->status->migration = one->migration;
            return false;
        }
        watch_note(&run->watch, one->migration, arena_printf(run->arena, "Repaired: %s (%s).", one->what, one->repair));
    }
    return true;
}

/* Callbacks; a dry run tries none, and a tool runs its own. */
static bool has_around(const struct execution *execution)
{
    return !execution->preparation->delegate && !execution->options->dry_run &&
           execution->preparation->catalog.files.around_count > 0;
}

/* After successful migrations. */
static void finish_around(const struct execution *execution)
{
    if (around_versioned(execution, false) &&
        (execution->result->applied_count == 0 || around_run(execution, AROUND_AFTER_APPLIED))) {
        around_run(execution, AROUND_AFTER_RUN);
    }
}

/* Runs the executor between the callbacks. For the framework's tool, too, callbacks after the run are outside of what
 * triggers its error callback. */
static bool run_between(const struct execution *execution, const struct executor *executor)
{
    if (!has_around(execution)) {
        return executor->run(execution);
    }
    if (!around_run(execution, AROUND_BEFORE_RUN)) {
        return true;
    }
    if (!executor->run(execution)) {
        return false;
    }
    if (execution->result->ok) {
        finish_around(execution);
    } else {
        around_failed(execution);
    }
    return true;
}

/* Flyway has callbacks even if there is nothing to run. */
static void run_nothing(const struct execution *execution)
{
    struct run_result *const result = execution->result;
    result->ok = true;
    result->summary = "No pending migrations to run.";
    if (!execution->options->dry_run) {
        run_tool_settled(execution);
    }
    if (has_around(execution) && around_run(execution, AROUND_BEFORE_RUN)) {
        finish_around(execution);
    }
}

/* Is there a migration that the framework's tool runs in each run, also if no row lacks? Then it is not true that there
 * is nothing to run. */
static bool check_each_time(const struct execution *execution)
{
    const struct run *const run = execution->run;
    const struct catalog *const catalog = &execution->preparation->catalog;
    if (catalog->files.runs_each_time == NULL || execution->options->name_count > 0) {
        return true;
    }
    return status_fail_because(
        run->status, STATUS_FAILED_PRECONDITION, REASON_NEEDS_DELEGATE,
        "No other migration is pending, but \"%s\" runs in each run of %s, and only that can run it: %s.",
        catalog->files.runs_each_time, catalog->detection.framework->display_name,
        tool_run_command(run->arena, run->request->site, &catalog->detection));
}

/* Runs what can be run, then reports what could not. */
static bool execute_items(const struct execution *execution)
{
    const struct preparation *const preparation = execution->preparation;
    struct run_result *const result = execution->result;
    const struct executor *const executor = executor_for(execution);
    if (!execution->options->dry_run && !run_may_commit(execution->run)) {
        return false;
    }
    if (!mend(execution) || !executor->begin(execution)) {
        return false;
    }
    result->has_begun = true;
    if (!run_between(execution, executor)) {
        return false;
    }
    if (result->ok && preparation->unfit != NULL) {
        keep_unfit(execution,
                   arena_printf(execution->run->arena, "Migration \"%s\" cannot run; the %s before it %s applied.",
                                preparation->unfit->name,
                                words_counted(execution->run->arena, result->applied_count, "migration", "migrations"),
                                result->dry_run              ? "could be"
                                : result->applied_count == 1 ? "is"
                                                             : "are"));
    }
    return true;
}

/* Returns false if nothing could be begun. */
static bool execute(const struct execution *execution)
{
    const struct preparation *const preparation = execution->preparation;
    if (prepare_may_begin(preparation, execution->options)) {
        if (preparation->count > 0) {
            return execute_items(execution);
        }
        if (!check_each_time(execution) || !mend(execution)) { /* mended for the callbacks */
            return false;
        }
        run_nothing(execution);
        return true;
    }
    if (status_is_because(&preparation->problem, REASON_MIGRATION_TOO_LARGE)) {
        *execution->run->status = preparation->problem;
        return false;
    }
    keep_unfit(execution, arena_printf(execution->run->arena, "Migration \"%s\" cannot run — nothing was run.",
                                       preparation->unfit->name));
    return true;
}

/* Four eyes, under the locks: exactly this plan must be approved. Nothing is asked if nothing would be sent. */
static bool may_run(const struct execution *execution)
{
    const struct preparation *const preparation = execution->preparation;
    const struct run *const run = execution->run;
    const struct act act = {
        .hash = preparation->hash,
        .what = prepare_words(run->arena, preparation),
        .is_trial = execution->options->dry_run,
    };
    const bool sends =
        prepare_may_begin(preparation, execution->options) && (preparation->count > 0 || has_around(execution));
    return !sends || request_may(run->request, run->session, &act);
}

/* Files that are not as they were, and did not stop the run; a file that names another database. */
static void warn_changed(const struct execution *execution)
{
    struct arena *const arena = execution->run->request->arena;
    const struct catalog *const catalog = &execution->preparation->catalog;
    const struct words changed = changed_sentences(arena, catalog);
    if (catalog->aside != NULL) {
        watch_note(&execution->run->watch, NULL, catalog->aside);
        result_add_warning(arena, execution->result, catalog->aside);
    }
    for (size_t i = 0; i < changed.count; i++) {
        result_add_warning(arena, execution->result, changed.items[i]);
    }
}

/* What is there and differs from what a script would make, which then makes nothing. */
static void warn_passing(const struct execution *execution)
{
    const struct run *const run = execution->run;
    const struct words *const others = &execution->preparation->flaws.others;
    for (size_t i = 0; i < others->count; i++) {
        watch_note(&run->watch, NULL, others->items[i]);
        result_add_warning(run->request->arena, execution->result, others->items[i]);
    }
    if (execution->preparation->marked.count > 0) {
        result_add_warning(run->request->arena, execution->result,
                           marks_warning(run->request->arena, execution->preparation));
    }
}

static bool run_prepared(const struct execution *execution)
{
    const struct preparation *const preparation = execution->preparation;
    execution->result->dry_run = execution->options->dry_run;
    const char *const name = preparation->catalog.detection.framework->display_name;
    tell(execution, RUN_EVENT_RUN_STARTED,
         preparation->count == 0
             ? arena_printf(execution->run->arena, "No migration of %s is pending.", name)
             : arena_printf(execution->run->arena, "%s %s of %s.", execution->options->dry_run ? "Trying" : "Running",
                            words_counted(execution->run->arena, preparation->count, "migration", "migrations"), name));
    warn_changed(execution);
    warn_passing(execution);
    if (!execute(execution)) {
        return false;
    }
    if (execution->result->failed_name != NULL) {
        tell_failed(execution);
    }
    verdict_write(execution);
    const struct run_notices *const notices = &execution->run->notices;
    for (size_t i = 0; i < notices->warning_count; i++) {
        result_add_warning(execution->run->request->arena, execution->result, notices->warnings[i]);
    }
    tell(execution, RUN_EVENT_RUN_DONE, execution->result->summary);
    return true;
}

/* ---- before ---- */

/* Leaves the reading transaction open; the code that locks ends it. */
static bool find_framework(const struct run *run, const struct run_task *task, struct detection *detection)
{
    if (task->detection != NULL) {
        *detection = *task->detection;
        return true;
    }
    return detect_open(run->request, run->session, detection);
}

/* Takes the locks, then reads and plans. If the framework's own tool may be started, its lock is left to it until it is
 * known that no migration is a program. */
static bool lock_and_prepare(struct run *run, const struct run_options *options, const struct detection *detection,
                             struct preparation *preparation)
{
    const struct request *const request = run->request;
    const bool is_known = detection->framework != NULL && detection->problem == NULL;
    const bool has_tool = is_known && tool_of(request->site, detection).delegate != NULL;
    const bool may_use_tool = has_tool && request->site->allow_delegate;
    /* Without a framework there is nothing to lock; preparing reports it. */
    if (!is_known) {
        reading_end(run->session);
    } else if (!(may_use_tool ? lock_take_ours(run, detection) : lock_take(run, detection))) {
        return false;
    }
    if (has_tool && !lock_wait_for_tool(run, tool_session_name(run->arena, &detection->ledger))) {
        return false;
    }
    if (!prepare(request, run->session, detection, options, preparation)) {
        return false;
    }
    return !may_use_tool || preparation->delegate ||
           (lock_retake(run, detection) && prepare(request, run->session, detection, options, preparation));
}

/* All queries before the first script. */
static bool find_and_prepare(struct run *run, const struct run_task *task, struct detection *detection,
                             struct preparation *preparation)
{
    return find_framework(run, task, detection) && lock_and_prepare(run, task->options, detection, preparation);
}

bool run_migrations(const struct request *request, const struct run_task *task, struct run_result *result)
{
    struct run run = run_of(request);
    struct detection detection;
    struct preparation preparation;
    const struct execution execution = {
        .run = &run,
        .options = task->options,
        .preparation = &preparation,
        .result = result,
        .began = clock_ms(),
    };
    *result = (struct run_result){0};
    if (!prepare_settings(request->site, task->options, &run.settings, request->status) || !run_connect(&run)) {
        return false;
    }
    run_watch(&run, task->watch);
    struct target *const target = arena_alloc(request->arena, sizeof *target);
    *target = target_of(request->arena, request->site, run.session);
    result->target = target;
    bool ok = find_and_prepare(&run, task, &detection, &preparation);
    if (ok) {
        *target = target_with(request, run.session, detection.framework);
        ok = may_run(&execution) && run_prepared(&execution);
    }
    run_close(&run);
    return ok;
}
