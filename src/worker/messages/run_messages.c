/*
 * Translates one to one between src/migration's names and the .proto's.
 */
#include "worker/messages/run_messages.h"

#include "worker/messages/messages.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

MESSAGE_SAME(RUN_EVENT_NONE, EVENT_KIND__EVENT_KIND_UNSPECIFIED);
MESSAGE_SAME(RUN_EVENT_RUN_STARTED, EVENT_KIND__EVENT_KIND_RUN_STARTED);
MESSAGE_SAME(RUN_EVENT_RUN_LOCK_WAIT, EVENT_KIND__EVENT_KIND_RUN_LOCK_WAIT);
MESSAGE_SAME(RUN_EVENT_MIGRATION_STARTED, EVENT_KIND__EVENT_KIND_MIGRATION_STARTED);
MESSAGE_SAME(RUN_EVENT_STEP_STARTED, EVENT_KIND__EVENT_KIND_STEP_STARTED);
MESSAGE_SAME(RUN_EVENT_LOCK_WAIT, EVENT_KIND__EVENT_KIND_LOCK_WAIT);
MESSAGE_SAME(RUN_EVENT_PROGRESS, EVENT_KIND__EVENT_KIND_PROGRESS);
MESSAGE_SAME(RUN_EVENT_STEP_DONE, EVENT_KIND__EVENT_KIND_STEP_DONE);
MESSAGE_SAME(RUN_EVENT_MIGRATION_DONE, EVENT_KIND__EVENT_KIND_MIGRATION_DONE);
MESSAGE_SAME(RUN_EVENT_FAILED, EVENT_KIND__EVENT_KIND_FAILED);
MESSAGE_SAME(RUN_EVENT_RUN_DONE, EVENT_KIND__EVENT_KIND_RUN_DONE);
MESSAGE_SAME(RUN_EVENT_NOTE, EVENT_KIND__EVENT_KIND_NOTE);
MESSAGE_SAME(RUN_EVENT_OUTPUT, EVENT_KIND__EVENT_KIND_OUTPUT);
MESSAGE_SAME(RUN_EVENT_NOTICE, EVENT_KIND__EVENT_KIND_NOTICE);

/* ---- requests ---- */

static enum run_order order_of(bool is_set, bool allowed)
{
    return !is_set ? RUN_ORDER_OF_FRAMEWORK : allowed ? RUN_ORDER_ANY : RUN_ORDER_STRICT;
}

/* The fields that select migrations are the same in the requests of a run and of a plan; a test compares the messages.
 * They are no message of their own, because a worker that did not know it would run everything. */
#define SELECTED_BY(message)                                                                                           \
    .names = (const char *const *)(message)->migrations, .name_count = (message)->n_migrations,                        \
    .target = (message)->target,                                                                                       \
    .in_one_transaction = (message)->transaction == TRUSS__MIGRATION__V1__TRANSACTION_MODE__TRANSACTION_MODE_ALL,      \
    .order = order_of((message)->_allow_out_of_order_case != 0, (message)->allow_out_of_order),                        \
    .ignore_history = (message)->ignore_history, .repair = (message)->repair

struct run_options run_options_of(const Truss__Migration__V1__RunRequest *message)
{
    return (struct run_options){
        SELECTED_BY(message),
        .dry_run = message->dry_run,
        .settings = {.lock_timeout_ms = message->lock_timeout_ms,
                     .lock_retry_ms = message->lock_retry_ms,
                     .statement_timeout_ms = message->statement_timeout_ms},
        .plan_hash = message->plan_hash,
        .durable_each = message->durable == TRUSS__MIGRATION__V1__DURABILITY__DURABILITY_EACH,
    };
}

struct run_options plan_options_of(const Truss__Migration__V1__PlanRequest *message)
{
    return (struct run_options){SELECTED_BY(message)};
}

/* ---- events ---- */

static const char *const words[] = {
    [RUN_EVENT_NONE] = "",
    [RUN_EVENT_RUN_STARTED] = "run_started",
    [RUN_EVENT_RUN_LOCK_WAIT] = "run_lock_wait",
    [RUN_EVENT_MIGRATION_STARTED] = "migration_started",
    [RUN_EVENT_STEP_STARTED] = "step_started",
    [RUN_EVENT_LOCK_WAIT] = "lock_wait",
    [RUN_EVENT_PROGRESS] = "progress",
    [RUN_EVENT_STEP_DONE] = "step_done",
    [RUN_EVENT_MIGRATION_DONE] = "migration_done",
    [RUN_EVENT_FAILED] = "failed",
    [RUN_EVENT_RUN_DONE] = "run_done",
    [RUN_EVENT_NOTE] = "note",
    [RUN_EVENT_OUTPUT] = "output",
    [RUN_EVENT_NOTICE] = "notice",
};

const char *event_word(enum run_event_kind kind)
{
    return words[kind];
}

static Truss__Migration__V1__Blocker **blocker_messages(struct arena *arena, const struct run_blocker *blockers,
                                                        size_t count)
{
    Truss__Migration__V1__Blocker **const messages = arena_array(arena, count, sizeof *messages);
    for (size_t i = 0; i < count; i++) {
        Truss__Migration__V1__Blocker *const message = NEW(arena, Blocker, blocker);
        message->pid = blockers[i].pid;
        message->application = message_string(blockers[i].application);
        message->user = message_string(blockers[i].user);
        message->state = message_string(blockers[i].state);
        message->query = message_string(blockers[i].query);
        message->transaction_ms = blockers[i].transaction_ms;
        message->query_ms = blockers[i].query_ms;
        messages[i] = message;
    }
    return messages;
}

static Truss__Migration__V1__Progress *progress_message(struct arena *arena, const struct run_progress *progress)
{
    Truss__Migration__V1__Progress *const message = NEW(arena, Progress, progress);
    message->phase = message_string(progress->phase);
    message->done = progress->done;
    message->total = progress->total;
    message->unit = message_string(progress->unit);
    message->percent = progress->total > 0 ? progress->done * 100 / progress->total : 0;
    return message;
}

static Truss__Migration__V1__Notice *notice_message(struct arena *arena, const struct run_notice *notice)
{
    Truss__Migration__V1__Notice *const message = NEW(arena, Notice, notice);
    message->severity = message_string(notice->severity);
    message->sqlstate = message_string(notice->sqlstate);
    message->message = message_string(notice->message);
    MESSAGE_SET_OPTIONAL(message, detail, TRUSS__MIGRATION__V1__NOTICE___DETAIL_DETAIL, notice->detail);
    MESSAGE_SET_OPTIONAL(message, hint, TRUSS__MIGRATION__V1__NOTICE___HINT_HINT, notice->hint);
    return message;
}

Truss__Migration__V1__Event *event_message(struct arena *arena, const struct run_event *event)
{
    Truss__Migration__V1__Event *const message = NEW(arena, Event, event);
    message->kind = (Truss__Migration__V1__EventKind)event->kind;
    message->message = message_string(event->message);
    if (event->migration != NULL) {
        message->_migration_case = TRUSS__MIGRATION__V1__EVENT___MIGRATION_MIGRATION;
        message->migration = message_string(event->migration);
    }
    message->step = event->step;
    message->steps = event->steps;
    message->number = event->number;
    message->count = event->count;
    message->duration_ms = event->duration_ms;
    message->attempt = event->attempt;
    message->n_blockers = event->blocker_count;
    message->blockers = blocker_messages(arena, event->blockers, event->blocker_count);
    message->progress = event->progress == NULL ? NULL : progress_message(arena, event->progress);
    message->notice = event->notice == NULL ? NULL : notice_message(arena, event->notice);
    message->next_try_ms = event->next_try_ms;
    message->gives_up_at = event->gives_up_at == 0 ? NULL : message_time(arena, event->gives_up_at);
    message_clean(arena, &message->base, MESSAGE_TEXT);
    return message;
}

static Truss__Migration__V1__FailedMigration *failed_message(struct arena *arena, const struct run_result *result)
{
    const struct failure *const failure = &result->failure;
    Truss__Migration__V1__FailedMigration *const failed = NEW(arena, FailedMigration, failed_migration);
    failed->name = message_string(result->failed_name);
    failed->error = message_string(failure->status.message);
    failed->line = failure->where.line;
    failed->column = failure->where.column;
    failed->position = failure->where.character;
    failed->partially_applied = failure->partially_applied;
    failed->needs_person = failure->needs_person;
    failed->step = failure->step;
    failed->steps = failure->steps;
    failed->n_blockers = failure->blocker_count;
    failed->blockers = blocker_messages(arena, failure->blockers, failure->blocker_count);
    MESSAGE_SET_OPTIONAL(failed, statement, TRUSS__MIGRATION__V1__FAILED_MIGRATION___STATEMENT_STATEMENT,
                         failure->statement);
    MESSAGE_SET_OPTIONAL(failed, sqlstate, TRUSS__MIGRATION__V1__FAILED_MIGRATION___SQLSTATE_SQLSTATE,
                         failure->status.sqlstate);
    MESSAGE_SET_OPTIONAL(failed, detail, TRUSS__MIGRATION__V1__FAILED_MIGRATION___DETAIL_DETAIL,
                         failure->status.detail);
    MESSAGE_SET_OPTIONAL(failed, hint, TRUSS__MIGRATION__V1__FAILED_MIGRATION___HINT_HINT, failure->status.hint);
    return failed;
}

static void set_applied(struct arena *arena, Truss__Migration__V1__RunResponse *reply, const struct run_result *result)
{
    reply->n_applied = result->applied_count;
    reply->applied = arena_array(arena, result->applied_count, sizeof *reply->applied);
    for (size_t i = 0; i < result->applied_count; i++) {
        Truss__Migration__V1__AppliedMigration *const applied = NEW(arena, AppliedMigration, applied_migration);
        applied->name = message_string(result->applied[i].name);
        applied->duration_ms = result->applied[i].duration_ms;
        applied->resumed_steps = result->applied[i].resumed_steps;
        MESSAGE_SET_OPTIONAL(applied, hash, TRUSS__MIGRATION__V1__APPLIED_MIGRATION___HASH_HASH,
                             result->applied[i].checksum);
        reply->applied[i] = applied;
    }
}

static void set_untried(struct arena *arena, Truss__Migration__V1__RunResponse *reply, const struct run_result *result)
{
    reply->n_not_tried = result->untried_count;
    reply->not_tried = arena_array(arena, result->untried_count, sizeof *reply->not_tried);
    for (size_t i = 0; i < result->untried_count; i++) {
        Truss__Migration__V1__UntriedStep *const untried = NEW(arena, UntriedStep, untried_step);
        untried->migration = message_string(result->untried[i].migration);
        untried->step = result->untried[i].step;
        untried->reason = message_string(result->untried[i].reason);
        reply->not_tried[i] = untried;
    }
}

Truss__Migration__V1__RunResponse *run_message(struct arena *arena, const struct run_result *result,
                                               const char *operation_id)
{
    Truss__Migration__V1__RunResponse *const reply = NEW(arena, RunResponse, run_response);
    reply->ok = result->ok;
    reply->summary = message_string(result->summary);
    reply->target = result->target == NULL ? NULL : message_target(arena, result->target);
    reply->dry_run = result->dry_run;
    reply->refused = !result->ok && !result->has_begun;
    reply->failed = result->failed_name == NULL ? NULL : failed_message(arena, result);
    set_applied(arena, reply, result);
    set_untried(arena, reply, result);
    MESSAGE_SET_OPTIONAL(reply, operation, TRUSS__MIGRATION__V1__RUN_RESPONSE___OPERATION_OPERATION, operation_id);
    reply->n_warnings = result->warning_count;
    reply->warnings = message_strings(arena, result->warnings, result->warning_count);
    message_clean(arena, &reply->base, MESSAGE_TEXT);
    return reply;
}
