/*
 * A call is a message that is packed, an exchange of bytes (exchange.c), and a reply that is unpacked; for callers that
 * wait and for those with a callback.
 */
#include "rpc/channel.h"

#include "base/memory.h"
#include "base/shortage.h"
#include "rpc/exchange.h"
#include "rpc/socket.h"

#include <stdlib.h>

#define LONGER_MS 1000

#define READING 4 /* times an answer's size: it is in memory as bytes and unpacked */

static void add_metadata(struct rpc_request *request, const char *key, const char *value)
{
    if (value != NULL) {
        request->metadata[request->metadata_count++] = (struct rpc_metadata){key, value};
    }
}

static const ProtobufCMethodDescriptor *method_of(const struct rpc_invocation *invocation)
{
    return &invocation->service->methods[invocation->method];
}

static bool pack_call(struct arena *arena, const struct rpc_channel *channel, const struct rpc_invocation *invocation,
                      struct text *bytes, struct status *status)
{
    const struct rpc_call_options *const options = &invocation->options;
    struct rpc_request request = {
        .method = arena_printf(arena, "/%s/%s", invocation->service->name, method_of(invocation)->name),
        .timeout_ms = options->timeout_ms,
    };
    add_metadata(&request, "request-id", options->request_id);
    add_metadata(&request, "authorization",
                 options->authorization == NULL ? channel->authorization : options->authorization);
    add_metadata(&request, "forwarded-for", options->forwarded_for);
    add_metadata(&request, "login", options->needs_login ? "required" : NULL);
    add_metadata(&request, "traceparent", options->traceparent);
    add_metadata(&request, "idempotency-key", options->idempotency_key);
    return rpc_request_pack(arena, &request, invocation->request, bytes, status);
}

/* How long to wait for an answer: longer than the worker may work, because at the end of its time the worker says why
 * it was not enough, for example that a pooler has no free connection. */
static uint32_t wait_of(uint32_t timeout_ms)
{
    const uint32_t longer = timeout_ms / 10 < LONGER_MS ? timeout_ms / 10 : LONGER_MS;
    return timeout_ms > UINT32_MAX - longer ? timeout_ms : timeout_ms + longer;
}

/* The part of the options that is the exchange's. */
static struct exchange exchange_of(const struct rpc_invocation *invocation, call_ended *ended, void *data)
{
    return (struct exchange){
        .timeout_ms = wait_of(invocation->options.timeout_ms),
        .connect_timeout_ms = invocation->options.connect_timeout_ms,
        .is_poll = invocation->options.is_poll,
        .ended = ended,
        .data = data,
    };
}

/* ---- asynchronous calls ---- */

struct async_call {
    struct arena *arena; /* the caller's; may be NULL */
    bool is_safe;
    const ProtobufCMessageDescriptor *output;
    rpc_reply_fn *done;
    void *data;
};

/* Is there memory to unpack an answer? If not, the status says that the request may have been executed. */
static bool has_room(struct text response, bool is_safe, struct status *status)
{
    return memory_has_room(READING * response.size) ||
           shortage_of_answer(status, "read", "the worker's answer", is_safe);
}

static void async_ended(struct text response, const struct status *status, void *data)
{
    struct async_call *const call = data;
    struct arena *const own = call->arena == NULL ? arena_new(RPC_ARENA_BUDGET) : NULL;
    struct arena *const arena = own == NULL ? call->arena : own;
    struct status outcome = {.arena = arena};
    ProtobufCMessage *reply = NULL;
    if (status->code == STATUS_OK) {
        reply = has_room(response, call->is_safe, &outcome)
                    ? rpc_response_unpack(arena, call->output, response, &outcome)
                    : NULL;
        status = &outcome;
    }
    call->done(reply, status, call->data);
    arena_free(own);
    free(call);
}

void rpc_call(struct rpc_channel *channel, const struct rpc_invocation *invocation, rpc_reply_fn *done, void *data)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct text bytes;
    struct async_call *const call = memory_alloc(sizeof *call);
    *call = (struct async_call){
        .arena = invocation->options.arena,
        .is_safe = invocation->options.is_safe,
        .output = method_of(invocation)->output,
        .done = done,
        .data = data,
    };
    const struct exchange exchange = exchange_of(invocation, async_ended, call);
    if (!pack_call(arena, channel, invocation, &bytes, &status) ||
        !exchange_start(channel, bytes, &exchange, &status)) {
        done(NULL, &status, data);
        free(call);
    }
    arena_free(arena);
}

/* ---- waiting calls ---- */

struct waiting_call {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool is_done;
    bool is_safe;
    struct arena *arena; /* the caller's; usable here because the caller waits */
    struct status *status;
    struct text response;
};

static void waiting_ended(struct text response, const struct status *status, void *data)
{
    struct waiting_call *const call = data;
    pthread_mutex_lock(&call->mutex);
    if (status->code != STATUS_OK) {
        status_fail(call->status, status->code, "%s", status->message);
    } else if (has_room(response, call->is_safe, call->status)) {
        call->response = (struct text){arena_strndup(call->arena, response.data, response.size), response.size};
    }
    call->is_done = true;
    pthread_cond_signal(&call->ended);
    pthread_mutex_unlock(&call->mutex);
}

ProtobufCMessage *rpc_call_wait(struct rpc_channel *channel, const struct rpc_invocation *invocation,
                                struct arena *arena, struct status *status)
{
    struct text bytes;
    struct waiting_call call = {.is_safe = invocation->options.is_safe, .arena = arena, .status = status};
    status->code = STATUS_OK;
    if (!pack_call(arena, channel, invocation, &bytes, status)) {
        return NULL;
    }
    pthread_mutex_init(&call.mutex, NULL);
    pthread_cond_init(&call.ended, NULL);
    const struct exchange exchange = exchange_of(invocation, waiting_ended, &call);
    if (exchange_start(channel, bytes, &exchange, status)) {
        pthread_mutex_lock(&call.mutex);
        while (!call.is_done) {
            pthread_cond_wait(&call.ended, &call.mutex);
        }
        pthread_mutex_unlock(&call.mutex);
    }
    pthread_cond_destroy(&call.ended);
    pthread_mutex_destroy(&call.mutex);
    return status->code != STATUS_OK ? NULL
                                     : rpc_response_unpack(arena, method_of(invocation)->output, call.response, status);
}
