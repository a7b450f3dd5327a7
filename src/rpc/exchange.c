/*
 * An exchange has two asynchronous steps: send, limited by the time to connect, then receive, limited by the rest of
 * the call's time. Call objects are reused, because an aio cannot be freed in its own callback.
 *
 * Facts of nng 1.5.2 that shape this: a receive that is started before its send has completed can crash when it is
 * cancelled; a step may end, and its callback run, before the function that began it has returned.
 */
#include "rpc/exchange.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/shortage.h"

#include <stdlib.h>

#define CONNECT_MS  1000
#define GREETING_MS 5000 /* the same by TLS, while the connection has not failed */

/* ---- the end of one ---- */

static bool fail_nng(const struct call *call, int error, struct status *status)
{
    const bool unsent = call->step == CALL_SENDING && !channel_is_connected(call->channel);
    if (atomic_load(&call->channel->closing) || error == NNG_ECLOSED || error == NNG_ECANCELED) {
        return status_fail(status, STATUS_CANCELLED, "The call was given up because its channel was closed.");
    }
    if (error == NNG_ETIMEDOUT && !unsent) {
        return status_fail(status, STATUS_DEADLINE_EXCEEDED, "The worker at %s did not answer in time.",
                           call->channel->url);
    }
    const char *const trouble =
        unsent && call->channel->link != NULL ? tls_link_trouble(call->channel->link, status->arena) : NULL;
    if (trouble != NULL) {
        return status_fail(status, STATUS_UNAVAILABLE, "Cannot reach the worker at %s: %s.", call->channel->url,
                           trouble);
    }
    if (unsent) {
        return status_fail(status, STATUS_UNAVAILABLE, "Cannot reach the worker at %s; is truss-worker running?",
                           call->channel->url);
    }
    return status_fail(status, STATUS_UNAVAILABLE,
                       "The worker at %s went away during the call: whether it took effect is not known; ask for the "
                       "status.",
                       call->channel->url);
}

/* Reports the outcome and puts the call object back. */
static void end_call(struct call *call, struct text response, const struct status *status)
{
    struct rpc_channel *const channel = call->channel;
    call_ended *const ended = call->ended;
    void *const data = call->data;
    const bool is_poll = atomic_exchange(&call->is_poll, false);
    ended(response, status, data);
    call->step = CALL_IDLE;
    pthread_mutex_lock(&channel->mutex);
    call->next_free = channel->free;
    channel->free = call;
    pthread_mutex_unlock(&channel->mutex);
    atomic_fetch_sub(&channel->polls, is_poll ? 1 : 0);
    atomic_fetch_sub(&channel->calls, 1);
}

static void end_failed(struct call *call, int error)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    fail_nng(call, error, &status);
    end_call(call, (struct text){0}, &status);
    arena_free(arena);
}

/* Begins a step. When nng's function returns, the call may already have ended and serve another one. */
static void begin_step(struct call *call, enum call_step step, nng_duration timeout)
{
    static void (*const begin[])(nng_ctx context, nng_aio * aio) = {
        [CALL_SENDING] = nng_ctx_send,
        [CALL_RECEIVING] = nng_ctx_recv,
    };
    struct rpc_channel *const channel = call->channel;
    call->step = step;
    nng_aio_set_timeout(call->aio, timeout);
    atomic_fetch_add(&channel->inside, 1);
    begin[step](call->context, call->aio);
    atomic_fetch_sub(&channel->inside, 1);
}

/* Sends the aio's message as soon as there is a connection, within the time to connect. */
static void send_request(struct call *call)
{
    const int left = deadline_left(call->deadline);
    begin_step(call, CALL_SENDING, left < 0 || left > call->connect_ms ? call->connect_ms : left == 0 ? 1 : left);
}

/* Is there somebody at the other end? A large message may still be sent, or the TLS handshake goes on. */
static bool is_reached(const struct call *call)
{
    const struct rpc_channel *const channel = call->channel;
    return channel_is_connected(channel) ||
           (channel->link != NULL && tls_link_is_greeting(channel->link) && !deadline_passed(call->connect_until));
}

/* Statistics for the watch. */
static void count(const struct call *call, int error)
{
    struct rpc_channel *const channel = call->channel;
    if (error == 0 && call->step == CALL_RECEIVING) {
        atomic_fetch_add(&channel->answered, 1);
    } else if (error == NNG_ETIMEDOUT && channel_is_connected(channel)) {
        atomic_fetch_add(&channel->timed_out, 1);
    }
}

/* nng's callback: after the send, receive; after the receive, done. */
static void on_aio(void *data)
{
    struct call *const call = data;
    const int error = nng_aio_result(call->aio);
    count(call, error);
    const bool is_closing = atomic_load(&call->channel->closing);
    const bool has_time =
        error == NNG_ETIMEDOUT && !is_closing && call->step == CALL_SENDING && !deadline_passed(call->deadline);
    if (has_time && is_reached(call)) {
        send_request(call); /* nothing of it was sent */
    } else if (error != 0) {
        if (call->step == CALL_SENDING) {
            nng_msg_free(nng_aio_get_msg(call->aio));
            nng_aio_set_msg(call->aio, NULL);
        }
        end_failed(call, error);
    } else if (call->step == CALL_SENDING && is_closing) {
        end_failed(call, NNG_ECLOSED);
    } else if (call->step == CALL_SENDING) {
        const int left = deadline_left(call->deadline);
        begin_step(call, CALL_RECEIVING, left < 0 ? NNG_DURATION_INFINITE : left == 0 ? 1 : left);
    } else {
        nng_msg *const message = nng_aio_get_msg(call->aio);
        const struct status ok = {.code = STATUS_OK};
        end_call(call, (struct text){nng_msg_body(message), nng_msg_len(message)}, &ok);
        nng_msg_free(message);
    }
}

/* ---- the beginning of one ---- */

static struct call *new_call(struct rpc_channel *channel)
{
    struct call *call = memory_alloc(sizeof *call);
    call->channel = channel;
    if (nng_ctx_open(&call->context, channel->socket) != 0) {
        free(call);
        return NULL;
    }
    if (nng_aio_alloc(&call->aio, on_aio, call) != 0) {
        nng_ctx_close(call->context);
        free(call);
        return NULL;
    }
    call->next = channel->all;
    channel->all = call;
    return call;
}

/* NULL if the channel is being closed, or nng has no memory for another one. */
static struct call *take_call(struct rpc_channel *channel, bool is_poll, struct status *status)
{
    pthread_mutex_lock(&channel->mutex);
    struct call *call = channel->free;
    const bool is_closed = channel->closing || (is_poll && channel->no_polls);
    if (is_closed) {
        call = NULL;
    } else if (call != NULL) {
        channel->free = call->next_free;
    } else {
        call = new_call(channel);
    }
    if (call != NULL) {
        atomic_store(&call->is_poll, is_poll);
        atomic_fetch_add(&channel->polls, is_poll ? 1 : 0);
        atomic_fetch_add(&channel->calls, 1);
    }
    pthread_mutex_unlock(&channel->mutex);
    if (is_closed) {
        status_fail(status, STATUS_CANCELLED, "The channel to %s is closed.", channel->url);
    } else if (call == NULL) {
        shortage(status, "send", "the request");
    }
    return call;
}

static nng_msg *make(struct text bytes)
{
    nng_msg *message = NULL;
    if (nng_msg_alloc(&message, 0) != 0) {
        return NULL;
    }
    if (nng_msg_append(message, bytes.data, bytes.size) != 0) {
        nng_msg_free(message);
        return NULL;
    }
    return message;
}

bool exchange_start(struct rpc_channel *channel, struct text request, const struct exchange *exchange,
                    struct status *status)
{
    nng_msg *const message = memory_has_room(request.size) ? make(request) : NULL;
    struct call *const call = message == NULL ? NULL : take_call(channel, exchange->is_poll, status);
    if (message == NULL) {
        return shortage(status, "send", "the request");
    }
    if (call == NULL) {
        nng_msg_free(message);
        return false;
    }
    call->connect_until = deadline_in(GREETING_MS);
    call->connect_ms = exchange->connect_timeout_ms == 0 ? CONNECT_MS : (nng_duration)exchange->connect_timeout_ms;
    call->deadline = deadline_in(exchange->timeout_ms);
    call->ended = exchange->ended;
    call->data = exchange->data;
    nng_aio_set_msg(call->aio, message);
    send_request(call);
    return true;
}
