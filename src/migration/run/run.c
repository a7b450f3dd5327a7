/*
 * A run has a session of its own, which holds its locks and goes with it. What a migration changed of the session's
 * settings is reset before the next one.
 */
#include "migration/run/run.h"

#include "base/log.h"
#include "base/uuid.h"
#include "migration/record/make.h"
#include "migration/run/current.h"
#include "migration/run/lock.h"
#include "migration/run/observer.h"
#include "migration/run/recovery.h"
#include "migration/run/script.h"
#include "migration/run/tool.h"
#include "migration/run/whole.h"

#include <string.h>

/* ---- one migration ---- */

/* How it went with one. */
enum going { GOING_WELL, GOING_FAILED, GOING_ANEW };

/* Everything of one migration; its memory is released before the next. */
struct attempt {
    struct run *run;
    struct status status;
    struct script script;
    struct failure failure;
};

static bool load(struct attempt *attempt, const struct catalog *catalog, const struct prepared *prepared)
{
    struct run *const run = attempt->run;
    char *const id = arena_alloc(run->arena, UUID_SIZE);
    struct script *const script = &attempt->script;
    struct loaded loaded;
    if (!prepared_read(run->arena, run->request->site, &catalog->detection, prepared, &loaded, run->status)) {
        return false;
    }
    uuid_v4(id);
    script->run = run;
    script->detection = &catalog->detection;
    script->content = loaded.script.sql;
    script->plan = prepared->plan;
    script->is_started = prepared->attempt != NULL;
    script->steps = prepared->steps;
    script->done = prepared->done;
    script->record = prepared_record(run->arena, catalog, prepared, &loaded);
    script->record.id = prepared->attempt != NULL ? prepared->attempt : id;
    return true;
}

/* After a lost connection. Where the migration was not committed the run is to begin anew, once: what lost the
 * connection may have been the migration itself. Never where somebody ended our session. With the connection the locks
 * were lost, so that another run may have gone on meanwhile: everything is read again. */
static enum going recover(struct attempt *attempt, const struct catalog *catalog, const char *lost_before)
{
    struct run *const run = attempt->run;
    struct script *const script = &attempt->script;
    struct failure *const failure = &attempt->failure;
    struct truth truth;
    log_warn("connection lost", "migration=\"%s\"", script->record.name);
    watch_note(&run->watch, script->record.name, "The connection was lost; the ledger is asked what was committed.");
    if (!recovery_find_out(run, catalog, &script->record, &truth)) {
        failure->status.message =
            arena_printf(run->arena,
                         "%s Whether it was committed could not be found out: ask for the status when the "
                         "database is back.",
                         failure->status.message);
        return GOING_FAILED;
    }
    if (truth.recorded) {
        return GOING_WELL;
    }
    failure->partially_applied = truth.started;
    failure->status.message =
        arena_printf(run->arena, "%s; %s", failure->status.message,
                     truth.started ? "the ledger has it as unfinished." : "the ledger says that it was not committed.");
    const bool was_lost_before = lost_before != NULL && strcmp(lost_before, script->record.name) == 0;
    if (was_lost_before || failure->terminated || deadline_passed(run->deadline) || watch_cancelled(&run->watch)) {
        if (truth.started) {
            script_record_failure(script, failure);
        }
        return GOING_FAILED;
    }
    watch_note(&run->watch, script->record.name, "It was not finished; the run goes on from what the ledger has.");
    return GOING_ANEW;
}

/* Keeps what is wrong with a migration's file. */
static void fail_with(struct run *run, struct run_result *result, const char *name, const struct status *status)
{
    struct failure failure = {0};
    failure_take(&failure, status);
    failure.where.character = status->position;
    result->failed_name = name;
    result->failure = failure_keep(run->request->arena, &failure);
}

static void tell_migration(const struct run *run, enum run_event_kind kind, const struct prepared *prepared,
                           size_t number, size_t count, int64_t began)
{
    const uint32_t took = (uint32_t)(clock_ms() - began);
    const char *const name = prepared->item->name;
    watch_tell(&run->watch,
               &(struct run_event){
                   .kind = kind,
                   .migration = name,
                   .number = (uint32_t)number,
                   .count = (uint32_t)count,
                   .steps = (uint32_t)prepared->plan.count,
                   .duration_ms = kind == RUN_EVENT_MIGRATION_DONE ? took : 0,
                   .message = kind == RUN_EVENT_MIGRATION_DONE
                                  ? arena_printf(run->arena, "Applied \"%s\" in %u ms.", name, took)
                              : prepared->done > 0
                                  ? arena_printf(run->arena, "Going on with \"%s\" behind its step %zu of %zu.", name,
                                                 prepared->done, prepared->plan.count)
                                  : arena_printf(run->arena, "Running \"%s\".", name),
               });
}

static void add_applied(struct attempt *attempt, const struct prepared *prepared, int64_t began,
                        struct run_result *result)
{
    struct arena *const arena = attempt->run->request->arena;
    result->applied =
        arena_grow(arena, result->applied, result->applied_count, &result->applied_capacity, sizeof *result->applied);
    result->applied[result->applied_count++] = (struct run_applied){
        .name = prepared->item->name,
        .checksum = arena_strdup(arena, attempt->script.record.checksum),
        .duration_ms = (uint32_t)(clock_ms() - began),
        .resumed_steps = (uint32_t)prepared->done,
    };
    log_info("migration applied", "migration=\"%s\" ms=%lld", prepared->item->name, (long long)(clock_ms() - began));
}

/* Runs one. *reconnected: the run's session is another one afterwards. */
static enum going run_one(struct run *run, const struct preparation *preparation, size_t i, const char *lost_before,
                          bool *reconnected, struct run_result *result)
{
    const struct prepared *const prepared = &preparation->items[i];
    struct attempt attempt = {.run = run};
    const int64_t began = clock_ms();
    enum going going = GOING_WELL;
    run_enter(run, &attempt.status);
    tell_migration(run, RUN_EVENT_MIGRATION_STARTED, prepared, i + 1, preparation->count, began);
    if (!load(&attempt, &preparation->catalog, prepared)) {
        fail_with(run, result, prepared->item->name, &attempt.status);
        going = GOING_FAILED;
    } else if (!script_run(&attempt.script, &attempt.failure)) {
        *reconnected = attempt.failure.connection_lost;
        going = *reconnected ? recover(&attempt, &preparation->catalog, lost_before) : GOING_FAILED;
        result->failed_name = going == GOING_FAILED ? prepared->item->name : NULL;
        result->failure = failure_keep(run->request->arena, &attempt.failure);
    }
    if (going == GOING_WELL) {
        add_applied(&attempt, prepared, began, result);
        tell_migration(run, RUN_EVENT_MIGRATION_DONE, prepared, i + 1, preparation->count, began);
    }
    run_leave(run);
    return going;
}

/* ---- all of them ---- */

static const char *failure_summary(struct arena *arena, const struct run_result *result)
{
    const char *const own = result->failure.partially_applied
                                ? "failed — its earlier steps stay, because it could not be one transaction; a new run "
                                  "goes on behind them"
                                : "failed — it was rolled back";
    if (result->applied_count == 0) {
        return arena_printf(arena, "Migration \"%s\" %s; no other migration was run.", result->failed_name, own);
    }
    return arena_printf(arena, "Migration \"%s\" %s; the %zu migration(s) before it stay applied.", result->failed_name,
                        own, result->applied_count);
}

static void tell_failed(const struct run *run, const struct run_result *result)
{
    const struct failure *const failure = &result->failure;
    char error[LOG_QUOTED_SIZE];
    log_warn("migration failed", "migration=\"%s\" error=%s", result->failed_name,
             log_quoted(failure->status.message, error));
    watch_tell(&run->watch, &(struct run_event){
                                .kind = RUN_EVENT_FAILED,
                                .migration = result->failed_name,
                                .step = failure->step,
                                .steps = failure->steps,
                                .blockers = failure->blockers,
                                .blocker_count = failure->blocker_count,
                                .message = failure->status.message,
                            });
}

/* A wish to end that comes between two migrations is a failure of the next one, which was not begun. */
static bool is_cancelled(const struct run *run, const struct preparation *preparation, size_t i,
                         struct run_result *result)
{
    if (!watch_cancelled(&run->watch)) {
        return false;
    }
    result->failed_name = preparation->items[i].item->name;
    result->failure = (struct failure){.status = {.arena = run->arena}};
    status_fail(&result->failure.status, STATUS_CANCELLED, "The run was cancelled before this migration.");
    return true;
}

/* Reads and plans again what is left to do. */
static bool prepare_again(struct run *run, const struct run_options *options, struct preparation *preparation,
                          const char *name, struct run_result *result)
{
    struct run_options rest = *options;
    rest.plan_hash = NULL; /* it was the plan when the run began */
    if (!prepare(run->request, run->session, &rest, preparation)) {
        fail_with(run, result, name, run->status);
        return false;
    }
    if (preparation->unfit != NULL) {
        fail_with(run, result, preparation->unfit->name, &preparation->problem);
        return false;
    }
    return true;
}

static bool run_list(struct run *run, const struct run_options *options, struct preparation *preparation,
                     struct run_result *result)
{
    const char *lost = NULL; /* the migration that lost the connection last */
    for (size_t i = 0; i < preparation->count; i++) {
        bool reconnected = false;
        const char *const name = preparation->items[i].item->name;
        if (is_cancelled(run, preparation, i, result) ||
            run_one(run, preparation, i, lost, &reconnected, result) == GOING_FAILED) {
            return false;
        }
        if (reconnected) {
            lost = name;
            if (!prepare_again(run, options, preparation, name, result)) {
                return false;
            }
            i = SIZE_MAX; /* from the first of those that are left */
        }
    }
    return true;
}

static void run_each(struct run *run, const struct run_options *options, struct preparation *preparation,
                     struct run_result *result)
{
    result->ok = run_list(run, options, preparation, result);
    if (!result->ok) {
        result->summary = failure_summary(run->arena, result);
        return;
    }
    result->failure = (struct failure){0};
    result->summary = result->applied_count == 0
                          ? "No pending migrations to run."
                          : arena_printf(run->arena, "Applied %zu migration(s) successfully.", result->applied_count);
}

static void tell_run(const struct run *run, enum run_event_kind kind, const char *message, size_t count, int64_t began)
{
    watch_tell(&run->watch, &(struct run_event){
                                .kind = kind,
                                .count = (uint32_t)count,
                                .duration_ms = kind == RUN_EVENT_RUN_DONE ? (uint32_t)(clock_ms() - began) : 0,
                                .message = message,
                            });
}

/* The last that may refuse, and the first that writes. */
static bool make_ready(struct run *run, const struct run_options *options, struct preparation *preparation)
{
    const char *const obstacle = options->in_one_transaction ? prepare_obstacle(run->arena, preparation) : NULL;
    if (obstacle != NULL) {
        return status_fail(run->status, STATUS_FAILED_PRECONDITION,
                           "These migrations cannot share one transaction: %s. Nothing was run; run them each in its "
                           "own.",
                           obstacle);
    }
    return ledger_check_baseline(run->request, run->session, &preparation->catalog.detection) &&
           ledger_ensure(run->request, run->session, &preparation->catalog.detection);
}

static bool run_prepared(struct run *run, const struct run_options *options, struct preparation *preparation,
                         struct run_result *result)
{
    const int64_t began = clock_ms();
    bool began_well = true;
    result->applied = arena_array(run->arena, preparation->count, sizeof *result->applied);
    result->applied_capacity = preparation->count;
    result->dry_run = options->dry_run;
    tell_run(run, RUN_EVENT_RUN_STARTED,
             arena_printf(run->arena, "%s %zu migration(s) of %s.", options->dry_run ? "Trying" : "Running",
                          preparation->count, preparation->catalog.detection.framework->display_name),
             preparation->count, began);
    if (preparation->count == 0) {
        result->ok = true;
        result->summary = "No pending migrations to run.";
    } else if (preparation->unfit != NULL) {
        fail_with(run, result, preparation->unfit->name, &preparation->problem);
        result->summary =
            arena_printf(run->arena, "Migration \"%s\" cannot run — nothing was run.", result->failed_name);
    } else if (preparation->delegate) {
        began_well = delegate_run(run, options, preparation, result);
    } else if (options->dry_run) {
        began_well = batch_try(run, preparation, result);
    } else if (!make_ready(run, options, preparation)) {
        return false;
    } else if (options->in_one_transaction) {
        batch_run(run, preparation, result);
    } else {
        run_each(run, options, preparation, result);
    }
    if (began_well && result->failed_name != NULL) {
        tell_failed(run, result);
    }
    if (began_well) {
        tell_run(run, RUN_EVENT_RUN_DONE, result->summary, result->applied_count, began);
    }
    return began_well;
}

/* Our own lock, and the framework's where its tool is not to be started: that takes it itself. */
static bool run_locked(struct run *run, const struct run_options *options, struct run_result *result)
{
    struct preparation preparation;
    struct detection detection;
    if (!detect(run->request, run->session, &detection)) {
        return false;
    }
    const bool has_one = detection.framework != NULL && detection.problem == NULL;
    const bool may_delegate = has_one && run->request->site->allow_delegate && delegate_of(&detection) != NULL;
    /* Without a framework there is nothing to lock; preparing says so. */
    if (has_one && !(may_delegate ? lock_take_ours(run, &detection) : lock_take(run, &detection))) {
        return false;
    }
    if (!prepare(run->request, run->session, options, &preparation)) {
        return false;
    }
    if (may_delegate && !preparation.delegate &&
        (!lock_retake(run, &detection) || !prepare(run->request, run->session, options, &preparation))) {
        return false;
    }
    return run_prepared(run, options, &preparation, result);
}

bool run_migrations(const struct request *request, const struct watch *watch, const struct run_options *options,
                    struct run_result *result)
{
    struct run run = run_of(request);
    *result = (struct run_result){0};
    if (!prepare_settings(request->site, options, &run.settings, request->status) || !run_connect(&run)) {
        return false;
    }
    run_watch(&run, watch);
    const bool ok = run_locked(&run, options, result);
    run_close(&run);
    return ok;
}
