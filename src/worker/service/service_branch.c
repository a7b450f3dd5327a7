/*
 * truss.branch.v1.BranchService: each handler passes its message's fields to src/branch and makes the reply. Connection
 * strings are made here, with src/connection.
 */
#include "worker/service/service_branch.h"

#include "base/clock.h"
#include "base/log.h"
#include "connection/forms.h"
#include "rpc/status_message.h"
#include "worker/idempotency.h"
#include "worker/messages/branch_messages.h"
#include "worker/messages/messages.h"
#include "worker/operations/operations.h"
#include "worker/service/service_connection.h"
#include "worker/service/service_rehearsal.h"
#include "worker/service/service_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_TTL_HOURS (24 * 366 * 10)
#define UNDONE_TOLD_MS (3600 * 1000)
#define LOOK_EACH_MS   1000 /* each poll needs a session on the database, which may be being copied */

static struct branch_call means_of(const struct branch_context *context, const struct rpc_call *call)
{
    return (struct branch_call){
        .branches = &context->branches,
        .arena = call->arena,
        .status = call->status,
        .deadline = call->deadline,
    };
}

/* An id in a path is text. If it is not a number there is no such branch. */
static bool read_id(const struct rpc_call *call, const char *text, int64_t *id)
{
    return service_read_id(text, id) || branch_not_found(call->status);
}

static bool check_ttl(const struct rpc_call *call, uint32_t hours)
{
    return hours <= MOST_TTL_HOURS ||
           status_fail(call->status, STATUS_INVALID_ARGUMENT,
                       "--ttl (in a request: ttlHours) is at most %d hours; 0 is a branch that never expires.",
                       MOST_TTL_HOURS);
}

static void let_go(void *data, bool let_go)
{
    const struct branch_context *const context = data;
    for (size_t i = 0; i < BRANCH_POOLS; i++) {
        pg_pool_let_go(context->pools[i], let_go);
    }
}

void branch_context_begin(struct branch_context *context)
{
    char host[BRANCH_WORKER - 16] = "";
    gethostname(host, sizeof host - 1);
    snprintf(context->worker, sizeof context->worker, "%s:%d", host, (int)getpid());
    context->branches.conninfo = context->site->conninfo;
    context->branches.worker = context->worker;
    context->branches.let_go = let_go;
    context->branches.let_go_data = context;
}

static ProtobufCMessage *list(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    const struct branch_call means = means_of(context, call);
    const Truss__Branch__V1__ListBranchesRequest *const wish = (const Truss__Branch__V1__ListBranchesRequest *)input;
    const enum branch_which which = wish->all ? BRANCHES_ALL : wish->unfinished ? BRANCHES_UNFINISHED : BRANCHES_ACTIVE;
    struct branch_list found;
    return site_is_connected(context->site, call->status) && branch_list(&means, which, &found)
               ? &branches_message(call->arena, &found)->base
               : NULL;
}

static ProtobufCMessage *get(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    const struct branch_call means = means_of(context, call);
    struct branch_row row;
    const char *phase;
    int64_t id;
    if (!site_is_connected(context->site, call->status) ||
        !read_id(call, ((const Truss__Branch__V1__GetBranchRequest *)input)->id, &id)) {
        return NULL;
    }
    /* While its parent is being copied nobody can connect to read the row. */
    if (branch_jobs_find(context->jobs, call->arena, id, &row, &phase)) {
        Truss__Branch__V1__Branch *const reply = branch_message(call->arena, &row);
        reply->phase = message_string(phase);
        return &reply->base;
    }
    return branch_find(&means, id, &row) ? &branch_message(call->arena, &row)->base : NULL;
}

/* A worker serves one database: other databases that its role may read, branches of others among them, are not for
 * everybody who may make branches. */
static bool check_parent(const struct branch_context *context, const struct rpc_call *call, const char *parent)
{
    const struct branch_call means = means_of(context, call);
    bool is_own = parent[0] == '\0' || strcmp(parent, context->site->conninfo->place.database) == 0;
    if (is_own || (call->principal->scopes & SCOPE_ADMIN) != 0) {
        return true;
    }
    return branch_has(&means, parent, &is_own) &&
           (is_own ||
            status_fail(call->status, STATUS_PERMISSION_DENIED,
                        "Only a caller with the scope \"admin\" may copy another database than the worker's."));
}

/* What the request asks for; borrowed from the call. */
static bool read_wish(const struct branch_context *context, struct rpc_call *call,
                      const Truss__Branch__V1__CreateBranchRequest *message, struct branch_new *what)
{
    *what = (struct branch_new){
        .label = message->label,
        .parent = message->parent,
        .ttl_hours = message->ttl_hours,
        .created_by = call->principal->name,
        .source = message->source,
        .on_busy = message->on_busy,
        .may_terminate = (call->principal->scopes & SCOPE_ADMIN) != 0,
        .disables_triggers = message->disable_triggers,
        .data_at = NO_TIME,
    };
    /* The branch itself stores the key: a session that held it would prevent copying the database. */
    return idempotency_read(call, &what->key, &what->request) && site_is_connected(context->site, call->status) &&
           check_ttl(call, message->ttl_hours) && check_parent(context, call, message->parent);
}

static ProtobufCMessage *create(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    const struct branch_call means = means_of(context, call);
    struct branch_new what;
    struct branch_row row;
    if (!read_wish(context, call, (const Truss__Branch__V1__CreateBranchRequest *)input, &what) ||
        !branch_create(&means, &what, &row)) {
        return NULL;
    }
    log_info("branch made", "branch=%s who=%s ms=%u", row.branch,
             log_quoted(call->principal->name, (char[LOG_QUOTED_SIZE]){0}), row.duration_ms);
    return &branch_message(call->arena, &row)->base;
}

/* In the background. */
static ProtobufCMessage *begin(const struct branch_context *context, struct rpc_call *call,
                               const struct branch_job *wish)
{
    const struct branch_call means = means_of(context, call);
    struct branch_row row;
    return branch_jobs_start(context->jobs, &means, wish, &row) ? &branch_message(call->arena, &row)->base : NULL;
}

static ProtobufCMessage *start(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    struct branch_job wish = {.kind = BRANCH_JOB_CREATE};
    return read_wish(data, call, (const Truss__Branch__V1__CreateBranchRequest *)input, &wish.what)
               ? begin(data, call, &wish)
               : NULL;
}

static ProtobufCMessage *cancel(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    int64_t id;
    if (!read_id(call, ((const Truss__Branch__V1__CancelBranchRequest *)input)->id, &id)) {
        return NULL;
    }
    if (!branch_jobs_cancel(context->jobs, id)) {
        status_fail(call->status, STATUS_NOT_FOUND,
                    "This worker is not making a branch with this id: it has ended, or another worker makes it.");
        return NULL;
    }
    Truss__Branch__V1__CancelBranchResponse *const reply =
        MESSAGE_NEW(call->arena, Truss__Branch__V1__CancelBranchResponse, truss__branch__v1__cancel_branch_response);
    reply->cancelled = true;
    return &reply->base;
}

/* Why the last operation on the branch was undone, by any worker. (The row's error is cleared when one begins or
 * succeeds.) */
static Truss__Rpc__V1__Status *error_of_row(struct arena *arena, const struct branch_row *row)
{
    struct status told = {.arena = arena};
    if (row->last_error[0] == '\0') {
        return NULL;
    }
    status_fail(&told, STATUS_ABORTED, "%s", row->last_error);
    return status_message(arena, &told);
}

/* After an undone reset the branch is as before: the error is only reported to callers that follow the reset. */
static Truss__Rpc__V1__Status *error_now(struct arena *arena, const struct branch_row *row,
                                         Truss__Rpc__V1__Status *error)
{
    const bool is_over = strcmp(row->status, "active") == 0 && row->undone_at != NO_TIME &&
                         row->now - row->undone_at > (int64_t)UNDONE_TOLD_MS * 1000;
    return is_over ? NULL : error != NULL ? error : error_of_row(arena, row);
}

/* Reads the row. While its parent is being copied, or after an undo, there may be none, or no connection. */
static bool look_at_row(const struct branch_context *context, struct rpc_call *call, const struct branch_news *news,
                        Truss__Branch__V1__WaitBranchResponse *reply)
{
    const int64_t id = news->row.id;
    const struct branch_call means = means_of(context, call);
    struct branch_row row;
    if (branch_find(&means, id, &row)) {
        for (size_t i = 0; i < news->warnings.count; i++) {
            words_add(call->arena, &row.warnings, news->warnings.items[i]);
        }
        reply->branch = branch_message(call->arena, &row);
        reply->done = strcmp(row.status, "creating") != 0;
        if (reply->done) {
            reply->error = error_now(call->arena, &row, reply->error);
        }
        return true;
    }
    const enum status_code code = call->status->code;
    reply->done = reply->error != NULL && code == STATUS_NOT_FOUND;
    if (reply->done) {
        const struct branch_row none = {.id = id, .status = "failed", .last_error = reply->error->message};
        reply->branch = branch_message(call->arena, &none);
    } else if (code != STATUS_UNAVAILABLE && code != STATUS_DEADLINE_EXCEEDED) {
        return false;
    }
    *call->status = (struct status){.arena = call->status->arena};
    return true;
}

static ProtobufCMessage *wait_for(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    const Truss__Branch__V1__WaitBranchRequest *const message = (const Truss__Branch__V1__WaitBranchRequest *)input;
    struct branch_wait wait = {.after = message->after_event};
    struct branch_news news;
    wait.until = operations_wait_end(call->deadline, message->wait_ms);
    if (!site_is_connected(context->site, call->status) || !read_id(call, message->id, &wait.id)) {
        return NULL;
    }
    branch_jobs_wait(context->jobs, call->arena, &wait, &news);
    Truss__Branch__V1__WaitBranchResponse *const reply = branch_news_message(call->arena, &news, wait.after);
    if (news.is_under_way) {
        reply->branch = branch_message(call->arena, &news.row);
        reply->branch->phase = message_string(news.phase);
        return &reply->base;
    }
    bool ok;
    news.row.id = wait.id;
    if (message->here && look_at_row(context, call, &news, reply) && !reply->done) {
        status_fail(call->status, STATUS_NOT_FOUND, "Another worker makes this branch.");
        return NULL;
    }
    do { /* another worker makes it, or it has ended */
        ok = look_at_row(context, call, &news, reply);
    } while (ok && !reply->done && reply->n_events == 0 && clock_ms() + LOOK_EACH_MS <= wait.until &&
             branch_jobs_pause(context->jobs, LOOK_EACH_MS));
    return ok ? &reply->base : NULL;
}

static ProtobufCMessage *delete (void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    const struct branch_call means = means_of(context, call);
    int64_t id;
    if (!site_is_connected(context->site, call->status) ||
        !read_id(call, ((const Truss__Branch__V1__DeleteBranchRequest *)input)->id, &id) ||
        !branch_delete(&means, id)) {
        return NULL;
    }
    log_info("branch deleted", "id=%lld who=%s", (long long)id,
             log_quoted(call->principal->name, (char[LOG_QUOTED_SIZE]){0}));
    Truss__Branch__V1__DeleteBranchResponse *const reply =
        MESSAGE_NEW(call->arena, Truss__Branch__V1__DeleteBranchResponse, truss__branch__v1__delete_branch_response);
    reply->ok = true;
    return &reply->base;
}

static ProtobufCMessage *change(const struct branch_context *context, struct rpc_call *call, const char *text,
                                const struct branch_change *what)
{
    const struct branch_call means = means_of(context, call);
    struct branch_row row;
    int64_t id;
    return site_is_connected(context->site, call->status) && read_id(call, text, &id) &&
                   check_ttl(call, what->ttl_hours) && branch_change(&means, id, what, &row)
               ? &branch_message(call->arena, &row)->base
               : NULL;
}

static ProtobufCMessage *update(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Branch__V1__UpdateBranchRequest *const message = (const Truss__Branch__V1__UpdateBranchRequest *)input;
    const struct branch_change what = {
        .label = message->_label_case != 0 ? message->label : NULL,
        .has_ttl = message->_ttl_hours_case != 0,
        .ttl_hours = message->_ttl_hours_case != 0 ? message->ttl_hours : 0,
        .expires_at = message_time_us(message->expires_at),
        .has_protected = message->_protected_case != 0,
        .is_protected = message->_protected_case != 0 && message->protected_,
    };
    if (message->expires_at != NULL && what.expires_at == NO_TIME) {
        status_fail(call->status, STATUS_INVALID_ARGUMENT, "\"expiresAt\" is a time of the years 1 to 9999.");
        return NULL;
    }
    return change(data, call, message->id, &what);
}

static ProtobufCMessage *protect(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const Truss__Branch__V1__ProtectBranchRequest *const message =
        (const Truss__Branch__V1__ProtectBranchRequest *)input;
    const struct branch_change what = {.expires_at = NO_TIME, .has_protected = true, .is_protected = !message->off};
    return change(data, call, message->id, &what);
}

static bool read_reset(const struct branch_context *context, struct rpc_call *call, const ProtobufCMessage *input,
                       struct branch_job *wish)
{
    const Truss__Branch__V1__ResetBranchRequest *const message = (const Truss__Branch__V1__ResetBranchRequest *)input;
    *wish = (struct branch_job){
        .kind = BRANCH_JOB_RESET,
        .what =
            {
                .on_busy = message->on_busy,
                .may_terminate = (call->principal->scopes & SCOPE_ADMIN) != 0,
                .data_at = NO_TIME,
            },
    };
    return idempotency_read(call, &wish->what.key, &wish->what.request) &&
           site_is_connected(context->site, call->status) && read_id(call, message->id, &wish->id);
}

static ProtobufCMessage *reset(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_call means = means_of(data, call);
    struct branch_job wish;
    struct branch_row row;
    return read_reset(data, call, input, &wish) && branch_reset(&means, wish.id, &wish.what, &row)
               ? &branch_message(call->arena, &row)->base
               : NULL;
}

static ProtobufCMessage *start_reset(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    struct branch_job wish;
    return read_reset(data, call, input, &wish) ? begin(data, call, &wish) : NULL;
}

static ProtobufCMessage *diff(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    const struct branch_call means = means_of(context, call);
    struct branch_differences differences;
    struct branch_row row;
    int64_t id;
    return site_is_connected(context->site, call->status) &&
                   read_id(call, ((const Truss__Branch__V1__DiffBranchRequest *)input)->id, &id) &&
                   branch_diff(&means, id, &row, &differences)
               ? &branch_diff_message(call->arena, &row, &differences)->base
               : NULL;
}

static ProtobufCMessage *rehearse(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_context *const context = data;
    const Truss__Branch__V1__RehearseBranchRequest *const wish =
        (const Truss__Branch__V1__RehearseBranchRequest *)input;
    const struct branch_call means = means_of(context, call);
    const struct rehearsal rehearsal = {context->site, &context->approval};
    int64_t id;
    return site_is_connected(context->site, call->status) && read_id(call, wish->id, &id)
               ? handle_rehearse(&rehearsal, &means, call, id, wish)
               : NULL;
}

static bool read_golden(const struct branch_context *context, struct rpc_call *call, const ProtobufCMessage *input,
                        struct branch_job *wish)
{
    const Truss__Branch__V1__RefreshGoldenRequest *const message =
        (const Truss__Branch__V1__RefreshGoldenRequest *)input;
    *wish = (struct branch_job){
        .kind = BRANCH_JOB_GOLDEN,
        .what =
            {
                .parent = message->parent,
                .created_by = call->principal->name,
                .source = message->source,
                .data_at = NO_TIME,
            },
    };
    return idempotency_read(call, &wish->what.key, &wish->what.request) &&
           site_is_connected(context->site, call->status) && check_parent(context, call, message->parent);
}

static ProtobufCMessage *golden(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct branch_call means = means_of(data, call);
    struct branch_job wish;
    struct branch_row row;
    return read_golden(data, call, input, &wish) && branch_refresh_golden(&means, &wish.what, &row)
               ? &branch_message(call->arena, &row)->base
               : NULL;
}

static ProtobufCMessage *start_golden(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    struct branch_job wish;
    return read_golden(data, call, input, &wish) ? begin(data, call, &wish) : NULL;
}

/* ---- connection strings ---- */

static ProtobufCMessage *connection_of(const struct branch_context *context, struct rpc_call *call, const char *text,
                                       bool reveal)
{
    const struct branch_call means = means_of(context, call);
    struct branch_row row;
    int64_t id;
    if (!site_is_connected(context->site, call->status) || !read_id(call, text, &id) || !branch_get(&means, id, &row)) {
        return NULL;
    }
    const struct conninfo conninfo = conninfo_beside(call->arena, context->site->conninfo, row.branch);
    const bool has_password = conninfo_value(&conninfo, "password") != NULL;
    Truss__Branch__V1__BranchConnection *const reply =
        MESSAGE_NEW(call->arena, Truss__Branch__V1__BranchConnection, truss__branch__v1__branch_connection);
    reply->connection_string = message_string(connection_url(call->arena, &conninfo, reveal));
    reply->masked_connection_string = message_string(connection_url(call->arena, &conninfo, false));
    reply->branch_db = message_string(row.branch);
    reply->revealed = reveal;
    reply->password = message_string(has_password ? "part of the string" : "not part of the string");
    return &reply->base;
}

static ProtobufCMessage *get_connection(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    return connection_of(data, call, ((const Truss__Branch__V1__GetBranchConnectionRequest *)input)->id, false);
}

static ProtobufCMessage *reveal_connection(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    return connection_may_reveal(call)
               ? connection_of(data, call, ((const Truss__Branch__V1__GetBranchConnectionRequest *)input)->id, true)
               : NULL;
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {list, RPC_LANE_READ, true, SCOPE_READ},
    {get, RPC_LANE_READ, true, SCOPE_READ},
    {create, RPC_LANE_RUN, false, SCOPE_BRANCH},
    {delete, RPC_LANE_RUN, false, SCOPE_BRANCH},
    {update, RPC_LANE_READ, false, SCOPE_BRANCH},
    {reset, RPC_LANE_RUN, false, SCOPE_BRANCH},
    {diff, RPC_LANE_READ, true, SCOPE_READ},
    {protect, RPC_LANE_READ, false, SCOPE_BRANCH},
    {get_connection, RPC_LANE_READ, false, SCOPE_READ},
    {reveal_connection, RPC_LANE_READ, false, SCOPE_ADMIN},
    {golden, RPC_LANE_RUN, false, SCOPE_BRANCH},
    {start, RPC_LANE_READ, false, SCOPE_BRANCH},
    {cancel, RPC_LANE_CANCEL, false, SCOPE_BRANCH},
    {wait_for, RPC_LANE_WAIT, false, SCOPE_READ},
    {start_reset, RPC_LANE_READ, false, SCOPE_BRANCH},
    {start_golden, RPC_LANE_READ, false, SCOPE_BRANCH},
    {rehearse, RPC_LANE_RUN, false, SCOPE_BRANCH},
};

struct rpc_service branch_service(struct branch_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__branch__v1__branch_service__descriptor,
        .methods = methods,
        .context = context,
    };
}
