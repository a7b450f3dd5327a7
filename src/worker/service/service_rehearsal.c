/*
 * Uses the worker's own site with the branch's database.
 */
#include "worker/service/service_rehearsal.h"

#include "base/words.h"
#include "migration/look/permission.h"
#include "migration/plan/check/moment.h"
#include "migration/plan/outside.h"
#include "migration/run/run.h"
#include "pg/search.h"
#include "worker/messages/branch_messages.h"
#include "worker/messages/messages.h"
#include "worker/messages/plan_messages.h"
#include "worker/messages/run_messages.h"
#include "worker/service/service_request.h"
#include "worker/witness.h"

#include <string.h>

#define HOME_MS 10000 /* to ask for an approval */

typedef Truss__Branch__V1__RehearseBranchRequest Wish;
typedef Truss__Branch__V1__RehearseBranchResponse Reply;

/* Without data everything would be pending. */
static bool has_rows(const struct rpc_call *call, const struct branch_row *row)
{
    return strcmp(row->kind, "schema") != 0 ||
           status_fail(call->status, STATUS_FAILED_PRECONDITION,
                       "The branch \"%s\" has no rows, of the tracking table neither: what is pending is not known "
                       "there. Rehearse in a branch of the whole database (source \"parent\", \"golden\" or "
                       "\"dump\").",
                       row->label);
}

/* What is pending in a copy of another database says nothing of this one. A branch of a branch is a copy of this one.
 */
static bool is_of_home(const struct branch_call *means, const struct rpc_call *call, const struct site *home,
                       const struct branch_row *row)
{
    bool is = strcmp(row->parent, home->conninfo->place.database) == 0;
    return is || (branch_has(means, row->parent, &is) &&
                  (is || status_fail(call->status, STATUS_FAILED_PRECONDITION,
                                     "The branch \"%s\" is a copy of the database \"%s\", and not of this worker's, "
                                     "\"%s\": what would run there says nothing of it. Make a branch of this one.",
                                     row->label, row->parent, home->conninfo->place.database)));
}

static struct run_options options_of(const Wish *wish)
{
    Truss__Migration__V1__RunRequest message = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    message.target = wish->target;
    return run_options_of(&message);
}

/* ---- before ---- */

/* Roles, for example, belong to the server, whichever database they are created from. What acts there is a run, whoever
 * may make branches. */
static bool may_act_outside(const struct rpc_call *call, const Wish *wish, const struct words *lines, bool by_tool)
{
    if (lines->count == 0 || (wish->allow_server_wide && (call->principal->scopes & SCOPE_RUN) != 0)) {
        return true;
    }
    if (wish->allow_server_wide) {
        return status_fail(call->status, STATUS_PERMISSION_DENIED,
                           "Only a caller with the scope \"run\" may rehearse what acts beyond the branch's database: "
                           "%s. Nothing was run.",
                           lines->items[0]);
    }
    struct buffer detail = {.arena = call->arena};
    for (size_t i = 0; i < lines->count; i++) {
        buffer_printf(&detail, "%s%s", i == 0 ? "" : "\n", lines->items[i]);
    }
    status_fail_because(
        call->status, STATUS_FAILED_PRECONDITION, REASON_SERVER_WIDE, "%s Nothing was run.",
        by_tool ? "The framework's own tool would run the migrations in the branch, and may act beyond "
                  "its database, on the whole server or elsewhere."
                : arena_printf(call->arena,
                               "%s beyond the branch's database, on the whole server or elsewhere, and "
                               "would do so from the branch, too.",
                               words_counted(call->arena, lines->count, "statement acts", "statements act")));
    call->status->detail = buffer_string(&detail);
    call->status->hint = "Where that is wanted: truss branch rehearse --allow-server-wide (in a request: "
                         "allowServerWide). What the functions of extensions do is not seen.";
    return false;
}

/* If the run would be refused anyway, that reason is reported. */
static bool would_begin(const struct request *request, const struct preparation *preparation,
                        const struct run_options *options)
{
    return prepare_may_begin(preparation, options) && (!preparation->delegate || request->site->allow_delegate);
}

/* The plan of the run, and whether it may run. */
static bool plan(const struct request *request, struct rpc_call *call, const Wish *wish, Reply *reply)
{
    const struct run_options options = options_of(wish);
    struct detection detection;
    struct preparation preparation;
    struct explanation explanation;
    struct words outside = {0};
    struct pg_session *const session = request_connect(request);
    const bool ok = session != NULL && detect(request, session, &detection) &&
                    prepare(request, session, &detection, &options, &preparation) &&
                    (!would_begin(request, &preparation, &options) ||
                     (preparation_outside(request, session, &preparation, &outside) &&
                      may_act_outside(call, wish, &outside, preparation.delegate))) &&
                    explain(request, session, &options, &preparation, &explanation);
    if (ok) {
        reply->plan = service_plan(request, session, &preparation, &explanation);
        reply->n_server_wide = outside.count;
        reply->server_wide = message_strings(request->arena, outside.items, outside.count);
    }
    request_release(request, session);
    return ok;
}

/* ---- four eyes ---- */

/* Approvals are kept in the worker's own database, where people look for them, and not in its copy. */
struct home_permission {
    const struct site *home;
    struct approval_asker asker;
    struct permission permission;
};

static bool may_at_home(void *data, struct pg_session *session, const struct act *act, struct status *status)
{
    const struct home_permission *const one = data;
    (void)session;
    struct pg_session *const home = pg_session_open_pinned(one->home->conninfo, deadline_in(HOME_MS), status);
    const bool may = home != NULL && one->asker.permission.may(one->asker.permission.data, home, act, status);
    pg_session_free(home);
    return may;
}

/* NULL: the worker requires no approvals. */
static const struct permission *permission_of(struct home_permission *one, const struct rehearsal *rehearsal,
                                              const struct rpc_call *call)
{
    *one = (struct home_permission){.home = rehearsal->site, .permission = {.may = may_at_home, .data = one}};
    return approval_needed(rehearsal->approval, call->principal->name, &one->asker) == NULL ? NULL : &one->permission;
}

/* ---- running ---- */

/* hash: the reviewed plan's; NULL: run whatever is pending. */
static bool run_pending(const struct request *request, const Wish *wish, const char *hash, struct run_result *result)
{
    struct run_options options = options_of(wish);
    options.plan_hash = hash;
    return run_migrations(request, &(struct run_task){.options = &options}, result);
}

static const char *summary_of(struct arena *arena, const struct run_result *first, const struct run_result *second)
{
    if (!first->ok) {
        return first->summary;
    }
    if (!second->ok || second->applied_count > 0) {
        return arena_printf(arena, "%s applied in the branch, but a second run was not without work: %s",
                            words_counted(arena, first->applied_count, "migration was", "migrations were"),
                            second->summary);
    }
    return first->applied_count == 0
               ? "Nothing is pending in the branch."
               : arena_printf(arena, "%s applied in the branch; a second run finds nothing to do.",
                              words_counted(arena, first->applied_count, "migration was", "migrations were"));
}

/* Runs twice. Returns false if it could not start. */
static bool rehearse(const struct request *request, const Wish *wish, Reply *reply)
{
    struct run_result first;
    struct run_result second = {.ok = false};
    if (!run_pending(request, wish, reply->plan->plan_hash, &first) ||
        (first.ok && !run_pending(request, wish, NULL, &second))) {
        return false;
    }
    reply->run = run_message(request->arena, &first, NULL);
    reply->idempotent = first.ok && second.ok && second.applied_count == 0;
    reply->ok = reply->idempotent;
    reply->summary = message_string(summary_of(request->arena, &first, &second));
    return true;
}

/* Replaces the worker's database by the branch. */
static bool rehearse_there(const struct rehearsal *rehearsal, struct rpc_call *call, const Wish *wish,
                           const struct branch_row *row, Reply *reply)
{
    const struct site *const own = rehearsal->site;
    struct home_permission permission;
    const struct conninfo conninfo = conninfo_beside(call->arena, own->conninfo, row->branch);
    struct site site = *own;
    site.conninfo = &conninfo;
    site.pool = pg_pool_new(&conninfo, 1);
    site.meters = NULL;
    const struct request request = {
        .site = &site,
        .framework = wish->framework[0] != '\0' ? wish->framework : own->framework,
        .request_id = rpc_request_metadata(call->request, "request-id"),
        .allow_other_database = true, /* no project names a branch */
        .arena = call->arena,
        .deadline = call->deadline,
        .status = call->status,
        .actor = witness_actor(call->arena, call),
        .permission = permission_of(&permission, rehearsal, call),
    };
    const bool ok = plan(&request, call, wish, reply) && rehearse(&request, wish, reply);
    pg_pool_free(site.pool);
    return ok;
}

ProtobufCMessage *handle_rehearse(const struct rehearsal *rehearsal, const struct branch_call *means,
                                  struct rpc_call *call, int64_t id, const Wish *wish)
{
    Reply *const reply = MESSAGE_NEW(call->arena, Truss__Branch__V1__RehearseBranchResponse,
                                     truss__branch__v1__rehearse_branch_response);
    struct branch_row row;
    struct branch_differences differences;
    if (!branch_get(means, id, &row) || !is_of_home(means, call, rehearsal->site, &row) || !has_rows(call, &row) ||
        !branch_is_there(means, &row) || !rehearse_there(rehearsal, call, wish, &row, reply) ||
        !branch_diff(means, id, &row, &differences)) {
        return NULL;
    }
    const Truss__Branch__V1__DiffBranchResponse *const diff = branch_diff_message(call->arena, &row, &differences);
    reply->branch = branch_message(call->arena, &row);
    reply->n_differences = diff->n_differences;
    reply->differences = diff->differences;
    reply->truncated = diff->truncated;
    reply->n_unknown = diff->n_unknown;
    reply->unknown = diff->unknown;
    reply->n_not_compared = diff->n_not_compared;
    reply->not_compared = diff->not_compared;
    return &reply->base;
}
