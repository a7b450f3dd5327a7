/*
 * Approvals: a waiting request is approved by its hash. For a plan that nobody has tried to run, the plan is made
 * again, and approved if it has the given hash.
 */
#include "worker/service/service_approval.h"

#include "migration/look/detect.h"
#include "migration/plan/plan.h"
#include "worker/messages/approval_messages.h"
#include "worker/messages/messages.h"
#include "worker/messages/run_messages.h"

#include <string.h>

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Migration__V1__##Type, truss__migration__v1__##type)

bool approval_of_plan(const struct service_context *context, struct pg_session *session,
                      const struct preparation *preparation, Truss__Migration__V1__Approval **approval,
                      struct status *status)
{
    struct approval one = {.hash = preparation->hash, .requested_by = "", .approved_by = "", .comment = ""};
    bool found;
    *approval = NULL;
    if (!context->approval.is_required || (preparation->count == 0 && preparation->catalog.files.around_count == 0)) {
        return true;
    }
    one.state = APPROVAL_WAITING;
    one.revoked_by = "";
    one.requested_at = one.approved_at = one.expires_at = one.revoked_at = NO_TIME;
    if (!approvals_find(session, preparation->hash, &one, &found, status)) {
        return false;
    }
    one.what = found ? one.what : prepare_words(status->arena, preparation);
    *approval = approval_message(status->arena, &one);
    return true;
}

/* ---- approving ---- */

static bool check_wish(const struct service_context *context, const Truss__Migration__V1__ApproveRequest *message,
                       struct status *status)
{
    if (!context->approval.is_required) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "Nothing needs an approval here: this worker was started without --require-approval.");
    }
    if (strlen(message->plan_hash) != SHA256_HEX_SIZE - 1 ||
        strspn(message->plan_hash, "0123456789abcdef") != SHA256_HEX_SIZE - 1) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "What is approved is a hash of 64 hexadecimal digits, as `truss plan` and the refusal of a "
                           "run show it.");
    }
    return strlen(message->comment) <= APPROVAL_COMMENT_LIMIT ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "A comment has at most %d bytes.", APPROVAL_COMMENT_LIMIT);
}

/* A request that names migrations means exactly these, not others that wait with the same hash. */
static bool names_some(const Truss__Migration__V1__ApproveRequest *message)
{
    return message->plan != NULL && (message->plan->n_migrations > 0 || message->plan->target[0] != '\0');
}

/* If it is not waiting, or migrations are named: the plan that the request describes must have this hash. */
static bool find_plan(const struct request *request, struct pg_session *session,
                      const Truss__Migration__V1__ApproveRequest *message, const char **what)
{
    static const Truss__Migration__V1__PlanRequest all = TRUSS__MIGRATION__V1__PLAN_REQUEST__INIT;
    const struct run_options options = plan_options_of(message->plan == NULL ? &all : message->plan);
    struct detection detection;
    struct preparation preparation;
    if (!detect(request, session, &detection) || !prepare(request, session, &detection, &options, &preparation)) {
        return false;
    }
    *what = prepare_words(request->arena, &preparation);
    return strcmp(preparation.hash, message->plan_hash) == 0 ||
           status_fail_because(request->status, STATUS_NOT_FOUND, REASON_PLAN_CHANGED,
                               "%s has the hash %s now: the files or the tracking table have changed; or the plan was "
                               "made with a selection or options, which must be given here too.",
                               names_some(message)
                                   ? "This hash is not of what is named here, whose plan"
                                   : "Nothing with this hash waits for approval, and the plan of what is pending",
                               preparation.hash);
}

static bool give(const struct request *request, const struct service_context *context, const struct approval *wish,
                 struct pg_session *session)
{
    bool given;
    return approvals_give(session, wish, context->approval.for_ms, &given, request->status) &&
           (given ||
            status_fail_because(request->status, STATUS_FAILED_PRECONDITION, REASON_NEEDS_APPROVAL,
                                "\"%s\" has asked for this, and cannot approve it: that is for another person.",
                                wish->approved_by));
}

static ProtobufCMessage *found_message(const struct request *request, struct pg_session *session, const char *hash)
{
    struct approval one;
    bool found;
    return approvals_find(session, hash, &one, &found, request->status) && found
               ? &approval_message(request->arena, &one)->base
               : NULL;
}

ProtobufCMessage *handle_approve(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const Truss__Migration__V1__ApproveRequest *const message = (const Truss__Migration__V1__ApproveRequest *)input;
    struct request request = service_request_for(context, call, message->plan == NULL ? "" : message->plan->framework);
    struct approval wish = {
        .hash = message->plan_hash, .approved_by = call->principal->name, .comment = message->comment};
    ProtobufCMessage *reply = NULL;
    struct approval before = {0};
    bool found;
    request.allow_other_database = message->plan != NULL && message->plan->allow_other_database;
    if (!check_wish(context, message, call->status)) {
        return NULL;
    }
    struct pg_session *const session = request_connect(&request);
    if (session != NULL && approvals_find(session, message->plan_hash, &before, &found, call->status)) {
        wish.what = before.what;
        if (((found && !names_some(message)) || find_plan(&request, session, message, &wish.what)) &&
            give(&request, context, &wish, session)) {
            reply = found_message(&request, session, message->plan_hash);
        }
    }
    request_release(&request, session);
    return reply;
}

/* ---- the others ---- */

ProtobufCMessage *handle_list_approvals(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const struct request request = service_request(context, call);
    const uint32_t limit = ((const Truss__Migration__V1__ListApprovalsRequest *)input)->limit;
    struct approval *rows = NULL;
    size_t count = 0;
    struct pg_session *const session = request_connect(&request);
    const bool ok = session != NULL && approvals_list(session, limit, &rows, &count, call->status);
    request_release(&request, session);
    if (!ok) {
        return NULL;
    }
    Truss__Migration__V1__ListApprovalsResponse *const reply =
        NEW(call->arena, ListApprovalsResponse, list_approvals_response);
    reply->approvals = arena_array(call->arena, count + 1, sizeof *reply->approvals);
    for (; reply->n_approvals < count; reply->n_approvals++) {
        reply->approvals[reply->n_approvals] = approval_message(call->arena, &rows[reply->n_approvals]);
    }
    reply->required = context->approval.is_required;
    reply->target = service_target(&request);
    return &reply->base;
}

ProtobufCMessage *handle_revoke_approval(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct service_context *const context = data;
    const struct request request = service_request(context, call);
    const char *const hash = ((const Truss__Migration__V1__RevokeApprovalRequest *)input)->plan_hash;
    ProtobufCMessage *reply = NULL;
    bool found = false;
    struct pg_session *const session = request_connect(&request);
    if (session != NULL && approvals_revoke(session, hash, call->principal->name, &found, call->status)) {
        if (found) {
            reply = found_message(&request, session, hash);
        } else {
            status_fail(call->status, STATUS_NOT_FOUND,
                        "There is no approval with this hash that could be taken back.");
        }
    }
    request_release(&request, session);
    return reply;
}
