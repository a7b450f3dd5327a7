/*
 * Fields are borrowed from the reply; only lists are new.
 */
#include "bridge/views.h"

#include "truss/bridge/v1/bridge.pb-c.h"
#include "truss/health/v1/health.pb-c.h"

ProtobufCMessage *view_status(struct arena *arena, const ProtobufCMessage *reply)
{
    const Truss__Migration__V1__GetStatusResponse *const status =
        (const Truss__Migration__V1__GetStatusResponse *)reply;
    Truss__Bridge__V1__StatusView *const view = arena_alloc(arena, sizeof *view);
    truss__bridge__v1__status_view__init(view);
    view->n_migrations = status->n_migrations;
    view->migrations = arena_array(arena, status->n_migrations, sizeof *view->migrations);
    for (size_t i = 0; i < status->n_migrations; i++) {
        const Truss__Migration__V1__Migration *const migration = status->migrations[i];
        Truss__Bridge__V1__StatusItem *const item = arena_alloc(arena, sizeof *item);
        truss__bridge__v1__status_item__init(item);
        item->name = migration->name;
        item->status = migration->state;
        if (migration->_applied_at_case == TRUSS__MIGRATION__V1__MIGRATION___APPLIED_AT_APPLIED_AT) {
            item->applied_at = migration->applied_at;
        }
        item->detail_state = migration->detail_state;
        if (migration->_note_case != 0) {
            item->_note_case = TRUSS__BRIDGE__V1__STATUS_ITEM___NOTE_NOTE;
            item->note = migration->note;
        }
        view->migrations[i] = item;
    }
    if (status->_problem_case != 0) {
        view->_problem_case = TRUSS__BRIDGE__V1__STATUS_VIEW___PROBLEM_PROBLEM;
        view->problem = status->problem;
    }
    view->n_warnings = status->n_warnings;
    view->warnings = status->warnings;
    if (status->_edits_unseen_case != 0) {
        view->_edits_unseen_case = TRUSS__BRIDGE__V1__STATUS_VIEW___EDITS_UNSEEN_EDITS_UNSEEN;
        view->edits_unseen = status->edits_unseen;
    }
    if (status->summary != NULL) {
        view->_applied_count_case = TRUSS__BRIDGE__V1__STATUS_VIEW___APPLIED_COUNT_APPLIED_COUNT;
        view->applied_count = status->summary->applied + status->summary->modified;
        view->_pending_count_case = TRUSS__BRIDGE__V1__STATUS_VIEW___PENDING_COUNT_PENDING_COUNT;
        view->pending_count = status->summary->pending;
    }
    return &view->base;
}

ProtobufCMessage *view_up(struct arena *arena, const ProtobufCMessage *reply)
{
    const Truss__Migration__V1__RunResponse *const run = (const Truss__Migration__V1__RunResponse *)reply;
    Truss__Bridge__V1__UpView *const view = arena_alloc(arena, sizeof *view);
    truss__bridge__v1__up_view__init(view);
    view->ok = run->ok;
    view->summary = run->summary;
    view->failed = run->failed;
    if (run->failed != NULL) {
        view->_error_case = TRUSS__BRIDGE__V1__UP_VIEW___ERROR_ERROR;
        view->error = run->failed->error;
    }
    view->n_warnings = run->n_warnings;
    view->warnings = run->warnings;
    view->n_applied_now = run->n_applied;
    view->applied_now = arena_array(arena, run->n_applied, sizeof *view->applied_now);
    for (size_t i = 0; i < run->n_applied; i++) {
        view->applied_now[i] = run->applied[i]->name;
    }
    return &view->base;
}

const ProtobufCMessage *view_up_question(struct arena *arena, const ProtobufCMessage *input)
{
    Truss__Migration__V1__GetStatusRequest *const question = arena_alloc(arena, sizeof *question);
    truss__migration__v1__get_status_request__init(question);
    question->framework = ((const Truss__Migration__V1__RunRequest *)input)->framework;
    question->limit = 1; /* the summary counts all */
    return &question->base;
}

void view_up_count(ProtobufCMessage *view, const ProtobufCMessage *status)
{
    const Truss__Migration__V1__Summary *const summary =
        ((const Truss__Migration__V1__GetStatusResponse *)status)->summary;
    Truss__Bridge__V1__UpView *const up = (Truss__Bridge__V1__UpView *)view;
    if (summary != NULL) {
        up->_pending_count_case = TRUSS__BRIDGE__V1__UP_VIEW___PENDING_COUNT_PENDING_COUNT;
        up->pending_count = summary->pending;
    }
}

ProtobufCMessage *view_ready(struct arena *arena, const ProtobufCMessage *reply)
{
    const Truss__Health__V1__CheckResponse *const check = (const Truss__Health__V1__CheckResponse *)reply;
    Truss__Bridge__V1__HealthView *const view = arena_alloc(arena, sizeof *view);
    truss__bridge__v1__health_view__init(view);
    view->ok = check->status == TRUSS__HEALTH__V1__CHECK_RESPONSE__SERVING_STATUS__SERVING_STATUS_SERVING;
    view->reason = check->reason;
    view->version = check->version;
    return &view->base;
}
