/*
 * The principal was determined before the handler; here it is only shown.
 */
#include "worker/service/service_trust.h"

#include "base/clock.h"
#include "pg/pool.h"
#include "truss/trust/v1/trust.pb-c.h"
#include "trust/audit.h"
#include "worker/messages/messages.h"

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Trust__V1__##Type, truss__trust__v1__##type)

static ProtobufCMessage *who_am_i(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct trust_context *const context = data;
    const struct principal *const principal = call->principal;
    Truss__Trust__V1__WhoAmIResponse *const reply = NEW(call->arena, WhoAmIResponse, who_am_iresponse);
    (void)input;
    reply->name = arena_strdup(call->arena, principal->name);
    reply->kind = message_string(principal_kind_name(principal->kind));
    reply->scopes = arena_array(call->arena, 16, sizeof *reply->scopes);
    for (unsigned scope = 1; scope < SCOPE_ALL; scope *= 2) {
        if ((principal->scopes & scope) != 0) {
            reply->scopes[reply->n_scopes++] = message_string(scope_word((enum scope)scope));
        }
    }
    reply->login = context->login != NULL;
    reply->from = arena_strdup(call->arena, principal->from);
    return &reply->base;
}

/* ---- the audit ---- */

/* A session for reading; NULL with a status on failure. */
static struct pg_session *take_session(const struct trust_context *context, struct rpc_call *call)
{
    return site_is_connected(context->site, call->status)
               ? pg_pool_take_pinned(context->site->pool, call->deadline, call->status)
               : NULL;
}

static Truss__Trust__V1__AuditRow *row_message(struct arena *arena, const struct audit_row *row)
{
    Truss__Trust__V1__AuditRow *const message = NEW(arena, AuditRow, audit_row);
    message->number = (uint32_t)row->number;
    message->at = message_time(arena, row->at);
    message->request = message_string(row->entry.request);
    message->actor = message_string(row->entry.actor);
    message->actor_kind = message_string(row->entry.actor_kind);
    message->origin = message_string(row->entry.origin);
    message->action = message_string(row->entry.action);
    message->target = message_string(row->entry.target);
    message->subject = message_string(row->entry.subject);
    message->plan_hash = message_string(row->entry.plan_hash);
    message->digest = message_string(row->entry.digest);
    message->outcome = message_string(row->entry.outcome);
    message->detail = message_string(row->entry.detail);
    message->hash = arena_strdup(arena, row->hash);
    return message;
}

static ProtobufCMessage *list_audit(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct trust_context *const context = data;
    const Truss__Trust__V1__ListAuditRequest *const request = (const Truss__Trust__V1__ListAuditRequest *)input;
    struct audit_page page = {.after = request->after,
                              .before = request->before,
                              .is_newest_first = request->newest_first,
                              .most = request->limit};
    struct pg_session *const session = take_session(context, call);
    const bool ok = session != NULL && audit_read(session, &page, call->status);
    pg_pool_give(context->site->pool, session);
    if (!ok) {
        return NULL;
    }
    const uint32_t most = request->limit == 0 || request->limit > AUDIT_MOST_ROWS ? AUDIT_MOST_ROWS : request->limit;
    Truss__Trust__V1__ListAuditResponse *const reply = NEW(call->arena, ListAuditResponse, list_audit_response);
    reply->rows = arena_array(call->arena, page.count + 1, sizeof(Truss__Trust__V1__AuditRow *));
    for (; reply->n_rows < page.count; reply->n_rows++) {
        reply->rows[reply->n_rows] = row_message(call->arena, &page.rows[reply->n_rows]);
    }
    if (page.count == most) {
        reply->_next_case = TRUSS__TRUST__V1__LIST_AUDIT_RESPONSE___NEXT_NEXT;
        reply->next = (uint32_t)page.rows[page.count - 1].number;
    }
    if (page.count == 0 && request->after == 0 && request->before == 0) {
        reply->_note_case = TRUSS__TRUST__V1__LIST_AUDIT_RESPONSE___NOTE_NOTE;
        reply->note = message_string(
            context->audits ? "The audit has no row: this worker writes one, and nothing was changed since it began."
                            : "The audit has no row. To write one, start the worker with --audit or --tokens.");
    }
    return &reply->base;
}

static char *summary_of(struct arena *arena, const struct audit_verdict *verdict, const char *kept)
{
    if (verdict->broken != 0) {
        return message_string(verdict->why);
    }
    if (!verdict->is_kept) {
        return arena_printf(arena,
                            "No row has the hash %s: the rows behind some row were cut off, or written again by "
                            "somebody who may write the table.",
                            kept);
    }
    return verdict->rows == 0 ? message_string("This database has no audit: it has no row.")
                              : arena_printf(arena, "All %lld rows are as they were written; the last has the hash %s.",
                                             (long long)verdict->rows, verdict->hash);
}

static ProtobufCMessage *verify_audit(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct trust_context *const context = data;
    const char *const kept = ((const Truss__Trust__V1__VerifyAuditRequest *)input)->hash;
    struct audit_verdict verdict;
    struct pg_session *const session = take_session(context, call);
    const bool ok = session != NULL && audit_verify(session, kept, &verdict, call->status);
    pg_pool_give(context->site->pool, session);
    if (!ok) {
        return NULL;
    }
    Truss__Trust__V1__VerifyAuditResponse *const reply = NEW(call->arena, VerifyAuditResponse, verify_audit_response);
    reply->ok = verdict.broken == 0 && verdict.is_kept;
    reply->rows = (uint32_t)verdict.rows;
    reply->hash = arena_strdup(call->arena, verdict.hash);
    if (verdict.broken != 0) {
        reply->_broken_case = TRUSS__TRUST__V1__VERIFY_AUDIT_RESPONSE___BROKEN_BROKEN;
        reply->broken = (uint32_t)verdict.broken;
    }
    reply->summary = summary_of(call->arena, &verdict, kept);
    return &reply->base;
}

/* ---- tokens ---- */

static Truss__Trust__V1__Token *token_message(struct arena *arena, const struct token *token)
{
    Truss__Trust__V1__Token *const message = NEW(arena, Token, token);
    message->name = message_string(token->name);
    message->n_scopes = token->scope_count;
    message->scopes = arena_array(arena, token->scope_count, sizeof *message->scopes);
    for (size_t i = 0; i < token->scope_count; i++) {
        message->scopes[i] = message_string(token->scopes[i]);
    }
    message->created_at = token->created_s == 0 ? NULL : message_time(arena, token->created_s * 1000000);
    message->expires_at = token->expires_s == 0 ? NULL : message_time(arena, token->expires_s * 1000000);
    message->expired = token_is_over(token, clock_wall_us() / 1000000);
    return message;
}

static ProtobufCMessage *list_tokens(void *data, struct rpc_call *call, const ProtobufCMessage *input)
{
    const struct trust_context *const context = data;
    struct tokens tokens = {0};
    (void)input;
    if (context->login != NULL && !login_list(context->login, call->arena, &tokens, call->status)) {
        return NULL;
    }
    Truss__Trust__V1__ListTokensResponse *const reply = NEW(call->arena, ListTokensResponse, list_tokens_response);
    reply->login = context->login != NULL;
    reply->tokens = arena_array(call->arena, tokens.count, sizeof *reply->tokens);
    for (; reply->n_tokens < tokens.count; reply->n_tokens++) {
        reply->tokens[reply->n_tokens] = token_message(call->arena, &tokens.items[reply->n_tokens]);
    }
    return &reply->base;
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {who_am_i, RPC_LANE_HEALTH, false, SCOPE_ANY},
    {list_audit, RPC_LANE_READ, false, SCOPE_ADMIN},
    {verify_audit, RPC_LANE_READ, false, SCOPE_ADMIN},
    {list_tokens, RPC_LANE_HEALTH, false, SCOPE_ADMIN},
};

struct rpc_service trust_service(struct trust_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__trust__v1__trust__descriptor,
        .methods = methods,
        .context = context,
    };
}
