/*
 * The worker's own site, but for its database: that is the branch's.
 */
#include "worker/service/service_rehearsal.h"

#include "migration/run/run.h"
#include "worker/messages/branch_messages.h"
#include "worker/messages/messages.h"
#include "worker/messages/run_messages.h"
#include "worker/witness.h"

#include <string.h>

typedef Truss__Branch__V1__RehearseBranchRequest Wish;
typedef Truss__Branch__V1__RehearseBranchResponse Reply;

/* Of a schema alone everything would be pending. */
static bool has_rows(const struct rpc_call *call, const struct branch_row *row)
{
    return strcmp(row->kind, "schema") != 0 ||
           status_fail(call->status, STATUS_FAILED_PRECONDITION,
                       "The branch \"%s\" has no rows, of the tracking table neither: what is pending is not known "
                       "there. Rehearse in a branch of the whole database (source \"parent\", \"golden\" or "
                       "\"dump\").",
                       row->label);
}

static bool run_pending(const struct request *request, const Wish *wish, struct run_result *result)
{
    Truss__Migration__V1__RunRequest message = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    message.target = wish->target;
    message.framework = wish->framework;
    const struct run_options options = run_options_of(&message);
    return run_migrations(request, &(struct run_task){.options = &options}, result);
}

static const char *summary_of(struct arena *arena, const struct run_result *first, const struct run_result *second)
{
    if (!first->ok) {
        return first->summary;
    }
    if (!second->ok || second->applied_count > 0) {
        return arena_printf(arena,
                            "%zu migration(s) were applied in the branch, but a second run was not without work: %s",
                            first->applied_count, second->summary);
    }
    return first->applied_count == 0
               ? "Nothing is pending in the branch."
               : arena_printf(arena, "%zu migration(s) were applied in the branch; a second run finds nothing to do.",
                              first->applied_count);
}

/* Runs twice. False where it could not begin. */
static bool rehearse(const struct request *request, const Wish *wish, Reply *reply)
{
    struct run_result first;
    struct run_result second = {.ok = false};
    if (!run_pending(request, wish, &first) || (first.ok && !run_pending(request, wish, &second))) {
        return false;
    }
    reply->run = run_message(request->arena, &first, NULL);
    reply->idempotent = first.ok && second.ok && second.applied_count == 0;
    reply->ok = reply->idempotent;
    reply->summary = message_string(summary_of(request->arena, &first, &second));
    return true;
}

/* The branch in the place of the worker's database. */
static bool rehearse_there(const struct site *own, struct rpc_call *call, const Wish *wish,
                           const struct branch_row *row, Reply *reply)
{
    const struct conninfo conninfo = conninfo_beside(call->arena, own->conninfo, row->branch);
    struct site site = *own;
    site.conninfo = &conninfo;
    site.pool = pg_pool_new(&conninfo, 1);
    site.meters = NULL;
    const struct request request = {
        .site = &site,
        .framework = wish->framework[0] != '\0' ? wish->framework : own->framework,
        .request_id = rpc_request_metadata(call->request, "request-id"),
        .allow_other_database = true, /* the branch is none that a project names */
        .arena = call->arena,
        .deadline = call->deadline,
        .status = call->status,
        .actor = witness_actor(call->arena, call),
    };
    const bool ok = rehearse(&request, wish, reply);
    pg_pool_free(site.pool);
    return ok;
}

ProtobufCMessage *handle_rehearse(const struct site *site, const struct branch_call *means, struct rpc_call *call,
                                  int64_t id, const Wish *wish)
{
    Reply *const reply = MESSAGE_NEW(call->arena, Truss__Branch__V1__RehearseBranchResponse,
                                     truss__branch__v1__rehearse_branch_response);
    struct branch_row row;
    struct branch_differences differences;
    if (!branch_get(means, id, &row) || !has_rows(call, &row) || !rehearse_there(site, call, wish, &row, reply) ||
        !branch_diff(means, id, &row, &differences)) {
        return NULL;
    }
    const Truss__Branch__V1__DiffBranchResponse *const diff = branch_diff_message(call->arena, &row, &differences);
    reply->branch = branch_message(call->arena, &row);
    reply->n_differences = diff->n_differences;
    reply->differences = diff->differences;
    reply->truncated = diff->truncated;
    return &reply->base;
}
