/*
 * Runs one migration after the other, each recorded as the framework does. Frees the memory of each before the next.
 */
#include "base/log.h"
#include "base/words.h"
#include "migration/record/make.h"
#include "migration/run/ahead.h"
#include "migration/run/around.h"
#include "migration/run/durable.h"
#include "migration/run/executor.h"
#include "migration/run/lock.h"
#include "migration/run/migrate.h"
#include "migration/run/settled.h"

#include <string.h>

/* The outcome of one migration. */
enum going { GOING_WELL, GOING_FAILED, GOING_ANEW };

static enum going fail_unknown(const struct execution *execution, struct failure *failure)
{
    struct arena *const arena = execution->run->arena;
    const char *const error = failure->status.message;
    const size_t late = durable_forget_all(execution);
    const char *const before = late == 0 ? ""
                                         : arena_printf(arena, ", or the %s before it,",
                                                        words_counted(arena, late, "migration", "migrations"));
    failure->is_unknown = true;
    failure->status.message = arena_printf(arena,
                                           "%s%s Whether it%s was committed could not be found out: ask for the "
                                           "status when the database is back.",
                                           error, text_ends_with(text_of(error), ".") ? "" : ".", before);
    return GOING_FAILED;
}

/* After a lost connection. If the migration was not committed, the run begins anew, once, because the migration itself
 * may have lost the connection; never if somebody terminated our session. The locks were lost with the connection, and
 * another run may have worked meanwhile: everything is read again. */
static enum going recover(const struct execution *execution, struct attempt *attempt, bool was_lost_before)
{
    struct run *const run = attempt->run;
    struct failure *const failure = &attempt->failure;
    const char *const name = attempt->record.name;
    const char *const error = failure->status.message;
    const struct catalog *const catalog = &execution->preparation->catalog;
    const struct written written = {&attempt->record, &catalog->entries, attempt->is_stepwise};
    const bool needs_person = failure->needs_person;
    struct truth truth;
    log_warn("connection lost", "migration=\"%s\"", name);
    watch_note(&run->watch, name, "The connection was lost; the tracking table is asked what was committed.");
    if (!recovery_find_out(run, catalog, &written, &truth)) {
        return fail_unknown(execution, failure);
    }
    durable_forget_lost(execution, &truth.entries);
    if (truth.recorded) {
        return GOING_WELL;
    }
    if (truth.is_table_gone) {
        failure->status.message = arena_printf(run->arena,
                                               "%s; the server that answers now has no tracking table: a standby has "
                                               "taken the place of the other one, and had received nothing of this "
                                               "run. Run again.",
                                               error);
        return GOING_FAILED;
    }
    failure->partially_applied = truth.started;
    failure->needs_person = truth.started && needs_person;
    failure->status.message = arena_printf(run->arena, "%s; %s", error,
                                           truth.started ? "it is unfinished, and what it had committed before stays."
                                                         : "the tracking table says that it was not committed.");
    if (was_lost_before || failure->terminated || deadline_passed(run->deadline) || watch_cancelled(&run->watch)) {
        if (truth.started) {
            attempt_record_failure(attempt);
        }
        return GOING_FAILED;
    }
    watch_note(&run->watch, name, "It was not finished; the run goes on from what the tracking table has.");
    return GOING_ANEW;
}

/* ---- events ---- */

/* took: milliseconds, of one that is done */
static void tell(const struct execution *execution, size_t i, enum run_event_kind kind, uint32_t took)
{
    const struct run *const run = execution->run;
    const struct prepared *const prepared = &execution->preparation->items[i];
    const char *const name = prepared->item->name;
    const bool is_done = kind == RUN_EVENT_MIGRATION_DONE;
    const struct run_event event = {
        .kind = kind,
        .migration = name,
        .number = (uint32_t)(i + 1),
        .count = (uint32_t)execution->preparation->count,
        .steps = (uint32_t)prepared->plan.count,
        .duration_ms = took,
        .message = is_done              ? arena_printf(run->arena, "Applied \"%s\" in %u ms.", name, took)
                   : prepared->done > 0 ? arena_printf(run->arena, "Continuing \"%s\" after its step %zu of %zu.", name,
                                                       prepared->done, prepared->plan.count)
                                        : arena_printf(run->arena, "Running \"%s\".", name),
    };
    watch_tell(&run->watch, &event);
}

static void keep_failure(const struct execution *execution, const char *name, const struct failure *failure)
{
    execution->result->failed_name = name;
    execution->result->failure = failure_keep(execution->run->request->arena, failure);
}

static void add_applied(const struct execution *execution, const struct prepared *prepared,
                        const struct attempt *attempt, uint32_t took)
{
    struct arena *const arena = execution->run->request->arena;
    const struct run_applied applied = {
        .name = prepared->item->name,
        .checksum = arena_strdup(arena, attempt->record.checksum),
        .duration_ms = took,
        .resumed_steps = (uint32_t)prepared->done,
    };
    result_add_applied(arena, execution->result, &applied);
    log_info("migration applied", "migration=\"%s\" ms=%u", applied.name, applied.duration_ms);
}

/* ---- the list ---- */

/* The next migration, to be made ready while the server works. */
struct next {
    struct ahead *ahead;
    const struct execution *execution;
    size_t i;
};

static void make_ready(void *data)
{
    const struct next *const next = data;
    ahead_prepare(next->ahead, next->execution, next->i);
}

/* Runs one migration. was_lost_before: the last attempt lost the connection. With GOING_ANEW, and with GOING_WELL and
 * *reconnected, the run has a new session. */
static enum going run_one(const struct execution *execution, size_t i, struct ahead *ahead, bool was_lost_before,
                          bool *reconnected)
{
    struct run *const run = execution->run;
    struct preparation *const preparation = execution->preparation;
    const struct prepared *const prepared = &preparation->items[i];
    const int64_t began = clock_ms();
    struct next next = {ahead, execution, i + 1};
    struct attempt attempt;
    struct status status;
    enum going going = GOING_WELL;
    const bool is_ready = ahead_take(ahead, execution, i, &attempt, &status);
    if (!is_ready) {
        run_enter(run, &status);
    }
    tell(execution, i, RUN_EVENT_MIGRATION_STARTED, 0);
    const bool is_loaded = is_ready || attempt_load(&attempt, execution, i);
    attempt.meanwhile = (struct pg_meanwhile){next.i < preparation->count ? make_ready : NULL, &next};
    run->may_lack_locks = run->may_lack_locks || attempt.may_let_go;
    if (!is_loaded) {
        attempt_fail(&attempt);
        going = GOING_FAILED;
    } else if (!migrate(&attempt)) {
        *reconnected = attempt.failure.connection_lost;
        going = *reconnected ? recover(execution, &attempt, was_lost_before) : GOING_FAILED;
    }
    if (going == GOING_FAILED) {
        keep_failure(execution, prepared->item->name, &attempt.failure);
    } else if (going == GOING_WELL) {
        const struct written written = {.record = &attempt.record, .before = &preparation->catalog.entries};
        durable_committed(run, &written, attempt.commits_late);
        settle(&attempt, preparation->count - next.i);
        const uint32_t took = result_took(began);
        add_applied(execution, prepared, &attempt, took);
        tell(execution, i, RUN_EVENT_MIGRATION_DONE, took);
    }
    run_leave(run);
    return going;
}

/* A cancel between two migrations becomes a failure of the next one, which was not begun. */
static bool is_cancelled(const struct execution *execution, const char *name)
{
    struct run *const run = execution->run;
    struct failure failure = {.status = {.arena = run->arena}};
    if (!watch_cancelled(&run->watch)) {
        return false;
    }
    status_fail(&failure.status, STATUS_CANCELLED, "The run was cancelled before this migration.");
    keep_failure(execution, name, &failure);
    return true;
}

static bool has_same_around(const struct preparation *now, const struct preparation *before)
{
    bool is_same = now->catalog.files.around_count == before->catalog.files.around_count;
    for (size_t i = 0; is_same && i < now->catalog.files.around_count; i++) {
        is_same = text_equal(text_of(now->around[i]), text_of(before->around[i]));
    }
    return is_same;
}

/* An approved plan approves its files: none may have changed or been added since the run began. */
static bool is_as_before(const struct preparation *now, const struct preparation *past, struct status *status)
{
    const struct prepared *const before = past->items;
    const size_t count = past->count;
    if (!has_same_around(now, past)) {
        return status_fail_because(
            status, STATUS_ABORTED, REASON_PLAN_CHANGED,
            "The callbacks are not as they were when the plan was approved; the rest was not run.");
    }
    for (size_t i = 0; i < now->count; i++) {
        const struct prepared *const one = &now->items[i];
        size_t k = 0;
        while (k < count && strcmp(before[k].item->name, one->item->name) != 0) {
            k++;
        }
        if (k == count || one->content_hash == NULL || before[k].content_hash == NULL ||
            strcmp(before[k].content_hash, one->content_hash) != 0) {
            return status_fail_because(
                status, STATUS_ABORTED, REASON_PLAN_CHANGED,
                "The file of \"%s\" is not as it was when the plan was approved; the rest was not "
                "run.",
                one->item->name);
        }
    }
    return true;
}

/* Reads and plans again what is left, `name` first. */
static bool prepare_again(const struct execution *execution, const char *name)
{
    struct run *const run = execution->run;
    struct preparation *const preparation = execution->preparation;
    const struct detection detection = preparation->catalog.detection;
    struct run_options rest = *execution->options;
    struct failure failure = {0};
    const struct preparation before = *preparation;
    const bool is_approved = rest.plan_hash != NULL || run->request->permission != NULL;
    rest.plan_hash = NULL; /* it was checked when the run began */
    if (!prepare(run->request, run->session, &detection, &rest, preparation) ||
        (is_approved && !is_as_before(preparation, &before, run->status))) {
        failure_take(&failure, run->status);
        keep_failure(execution, name, &failure);
        return false;
    }
    if (!prepare_may_begin(preparation, &rest) && preparation->count > 0) {
        prepare_failure(preparation, &failure);
        keep_failure(execution, preparation->unfit->name, &failure);
        return false;
    }
    return true;
}

/* After a script that may have released the locks. *anew: it had, and the rest was prepared again. */
static bool verify_locks(const struct execution *execution, const char *name, bool *anew)
{
    struct run *const run = execution->run;
    struct failure failure = {0};
    *anew = false;
    if (!run->may_lack_locks) {
        return true;
    }
    if (!lock_verify(run, &execution->preparation->catalog.detection, true, anew)) {
        failure_take(&failure, run->status);
        keep_failure(execution, name, &failure);
        return false;
    }
    run->may_lack_locks = false;
    return !*anew || prepare_again(execution, name);
}

static bool run_each_one(const struct execution *execution, struct ahead *ahead)
{
    const char *lost = NULL; /* the migration that last lost the connection */
    size_t i = 0;
    while (i < execution->preparation->count) {
        const char *const name = execution->preparation->items[i].item->name;
        const bool was_lost_before = lost != NULL && strcmp(lost, name) == 0;
        bool anew;
        if (!verify_locks(execution, name, &anew)) {
            return false;
        }
        if (anew) {
            i = 0; /* the first one of the rest */
            continue;
        }
        const bool is_repeatable = execution->preparation->items[i].item->file->repeatable;
        if (is_repeatable && !around_versioned(execution, true)) {
            return false;
        }
        const enum going going =
            is_cancelled(execution, name) ? GOING_FAILED : run_one(execution, i, ahead, was_lost_before, &anew);
        if (going == GOING_FAILED) {
            return false;
        }
        i += going == GOING_WELL ? 1 : 0;
        if (anew && i < execution->preparation->count) {
            lost = name;
            if (!prepare_again(execution, execution->preparation->items[i].item->name)) {
                return false;
            }
            i = 0;
        }
    }
    return true;
}

static bool run_list(const struct execution *execution)
{
    struct ahead ahead = {0};
    const bool ok = run_each_one(execution, &ahead);
    ahead_drop(&ahead);
    return ok;
}

/* The connection is lost, and it could not be found out what was committed: of this one and perhaps of earlier ones. */
static const char *unknown_summary(struct arena *arena, const struct run_result *result)
{
    const char *const before =
        result->applied_count == 0
            ? ""
            : arena_printf(arena, "; the %s applied",
                           result->applied_count == 1
                               ? "first migration in order stays"
                               : arena_printf(arena, "%zu migrations first in order stay", result->applied_count));
    return arena_printf(arena,
                        "Migration \"%s\" failed — the connection was lost, and whether it was committed is not known: "
                        "ask for the status%s.",
                        result->failed_name, before);
}

static const char *failure_summary(const struct run *run, const struct run_result *result)
{
    struct arena *const arena = run->request->arena;
    if (result->failure.is_unknown) {
        return unknown_summary(arena, result);
    }
    const char *const own = !result->failure.partially_applied ? "failed — it was rolled back"
                            : result->failure.needs_person
                                ? "failed — what it committed stays, and a new run does not continue after it: a "
                                  "person has to look"
                            : result->failure.step > 1
                                ? "failed — its earlier steps stay, because it could not be one transaction; a new run "
                                  "continues after them"
                                : "failed — what it committed stays, because it could not be one transaction";
    if (run->late.is_unknown) {
        return arena_printf(arena,
                            "Migration \"%s\" %s; whether all before it stayed is not known: ask for the status.",
                            result->failed_name, own);
    }
    if (result->applied_count == 0) {
        return arena_printf(arena, "Migration \"%s\" %s; no other migration was run.", result->failed_name, own);
    }
    return arena_printf(arena, "Migration \"%s\" %s; %s applied.", result->failed_name, own,
                        result_before(arena, result->applied_count));
}

static bool begin(const struct execution *execution)
{
    struct run *const run = execution->run;
    return ledger_make_ready(run->request, run->session, &execution->preparation->catalog.detection);
}

static bool run_all(const struct execution *execution)
{
    struct arena *const arena = execution->run->request->arena;
    struct run_result *const result = execution->result;
    result->ok = run_list(execution);
    durable_make(execution);
    result->summary = result->failed_around        ? around_summary(execution)
                      : !result->ok                ? failure_summary(execution->run, result)
                      : result->applied_count == 0 ? "No pending migrations to run."
                                                   : result_applied(arena, result->applied_count);
    return true;
}

const struct executor run_each = {.begin = begin, .run = run_all};
