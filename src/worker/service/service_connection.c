/*
 * truss.connection.v1.ConnectionService: also answers while the database is down, without what only the server knows.
 */
#include "worker/service/service_connection.h"

#include "base/log.h"
#include "connection/forms.h"
#include "connection/server.h"
#include "truss/connection/v1/connection.pb-c.h"
#include "worker/messages/messages.h"

#include <string.h>

#define LOOK_MS 5000

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Connection__V1__##Type, truss__connection__v1__##type)

typedef Truss__Connection__V1__Connection Reply;

/* ---- from the URL ---- */

static void put_forms(struct arena *arena, const struct conninfo *conninfo, bool reveal, Reply *reply)
{
    struct connection_form forms[CONNECTION_FORMS];
    reply->n_forms = connection_forms(arena, conninfo, reveal, forms);
    reply->forms = arena_array(arena, reply->n_forms, sizeof *reply->forms);
    for (size_t i = 0; i < reply->n_forms; i++) {
        Truss__Connection__V1__Form *const form = NEW(arena, Form, form);
        form->name = message_string(forms[i].name);
        form->title = message_string(forms[i].title);
        form->text = message_string(forms[i].text);
        reply->forms[i] = form;
    }
}

static void put_pooler(const struct pooler *pooler, Reply *reply)
{
    reply->pooler->found = pooler->is_found;
    reply->pooler->evidence = message_string(pooler->evidence);
    reply->pooler->name = message_string(pooler->name);
    reply->pooler->version = message_string(pooler->version);
    reply->pooler->mode = message_string(pooler->mode);
    reply->pooler->meaning = message_string(pooler->meaning);
    reply->pooler->advice = message_string(pooler->advice);
}

static Reply *reply_of(struct arena *arena, const struct conninfo *conninfo, bool reveal)
{
    Reply *const reply = NEW(arena, Connection, connection);
    const char *const mode = conninfo_value(conninfo, "sslmode");
    reply->host = message_string(conninfo->place.host);
    reply->port = message_string(conninfo->place.port);
    reply->database = message_string(conninfo->place.database);
    reply->user = message_string(conninfo_value(conninfo, "user"));
    reply->connection_string = message_string(connection_url(arena, conninfo, reveal));
    reply->state_schema = message_string(conninfo->own_schema);
    reply->masked_connection_string = message_string(connection_url(arena, conninfo, false));
    reply->revealed = reveal;
    reply->tls = NEW(arena, Tls, tls);
    reply->tls->mode = message_string(mode == NULL ? "prefer" : mode);
    reply->pooler = NEW(arena, Pooler, pooler);
    struct pooler pooler;
    pooler_of_url(arena, conninfo, &pooler);
    put_pooler(&pooler, reply);
    put_forms(arena, conninfo, reveal, reply);
    return reply;
}

/* ---- from the server ---- */

static void put_settings(struct arena *arena, const struct server_facts *facts, Reply *reply)
{
    reply->n_settings = facts->setting_count;
    reply->settings = arena_array(arena, facts->setting_count + 1, sizeof *reply->settings);
    for (size_t i = 0; i < facts->setting_count; i++) {
        Truss__Connection__V1__Setting *const setting = NEW(arena, Setting, setting);
        setting->name = message_string(facts->settings[i].name);
        setting->value = message_string(facts->settings[i].value);
        setting->note = message_string(facts->settings[i].note);
        reply->settings[i] = setting;
    }
}

static void put_facts(struct arena *arena, const struct server_facts *facts, Reply *reply)
{
    MESSAGE_SET_OPTIONAL(reply, version, TRUSS__CONNECTION__V1__CONNECTION___VERSION_VERSION, facts->version);
    if (facts->knows_tls) {
        reply->tls->_used_case = TRUSS__CONNECTION__V1__TLS___USED_USED;
        reply->tls->used = facts->has_tls;
        MESSAGE_SET_OPTIONAL(reply->tls, protocol, TRUSS__CONNECTION__V1__TLS___PROTOCOL_PROTOCOL, facts->tls_protocol);
        MESSAGE_SET_OPTIONAL(reply->tls, cipher, TRUSS__CONNECTION__V1__TLS___CIPHER_CIPHER, facts->tls_cipher);
    }
    put_pooler(&facts->pooler, reply);
    put_settings(arena, facts, reply);
}

static void ask_server(const struct site *site, const struct rpc_call *call, Reply *reply)
{
    struct status problem = {.arena = call->arena};
    struct server_facts facts;
    const int64_t own = deadline_in(LOOK_MS);
    struct pg_session *const session =
        pg_pool_take_pinned(site->pool, own < call->deadline ? own : call->deadline, &problem);
    if (session != NULL && server_look(call->arena, session, site->conninfo, &facts, &problem)) {
        put_facts(call->arena, &facts, reply);
    } else {
        const char *const said =
            problem.hint == NULL ? problem.message : arena_printf(call->arena, "%s %s", problem.message, problem.hint);
        MESSAGE_SET_OPTIONAL(reply, problem, TRUSS__CONNECTION__V1__CONNECTION___PROBLEM_PROBLEM, said);
    }
    const struct target target = target_of(call->arena, site, session);
    reply->target = message_target(call->arena, &target);
    pg_pool_give(site->pool, session);
}

static ProtobufCMessage *answer(const struct connection_context *context, struct rpc_call *call, bool reveal)
{
    if (!site_is_connected(context->site, call->status)) {
        return NULL;
    }
    Reply *const reply = reply_of(call->arena, context->site->conninfo, reveal);
    ask_server(context->site, call, reply);
    return &reply->base;
}

static ProtobufCMessage *get(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    (void)input;
    return answer(context, call, false);
}

static bool may_see(const struct rpc_call *call)
{
    const char *const host = call->peer->host;
    const bool is_near = strcmp(host, "unix") == 0 || strcmp(host, "::1") == 0 || strncmp(host, "127.", 4) == 0;
    return call->principal->kind != PRINCIPAL_ANONYMOUS || is_near ||
           status_fail(call->status, STATUS_PERMISSION_DENIED,
                       "Without tokens the password is shown on the worker's own machine only.");
}

bool connection_may_reveal(const struct rpc_call *call)
{
    if (!may_see(call)) {
        return false;
    }
    log_info("password shown", "who=%s from=%s", log_quoted(call->principal->name, (char[LOG_QUOTED_SIZE]){0}),
             log_quoted(call->peer->address, (char[LOG_QUOTED_SIZE]){0}));
    return true;
}

static ProtobufCMessage *reveal(void *context, struct rpc_call *call, const ProtobufCMessage *input)
{
    (void)input;
    return connection_may_reveal(call) ? answer(context, call, true) : NULL;
}

/* In the order of the .proto. */
static const struct rpc_method methods[] = {
    {get, RPC_LANE_READ, true, SCOPE_READ},
    {reveal, RPC_LANE_READ, false, SCOPE_ADMIN},
};

struct rpc_service connection_service(struct connection_context *context)
{
    return (struct rpc_service){
        .descriptor = &truss__connection__v1__connection_service__descriptor,
        .methods = methods,
        .context = context,
    };
}
