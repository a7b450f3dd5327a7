/*
 * A REQ socket with a context for each call under way. A call is two steps, both asynchronous: send, with the time to
 * connect as its limit, then receive, with what is left of the call's. Calls are kept and used again, because an aio
 * cannot be freed in its own callback.
 *
 * Facts of nng 1.5.2 that shape this: a request is sent again by itself after 60 s, and at once when its worker dies,
 * unless NNG_OPT_REQ_RESENDTIME is infinite on the socket before a context is opened; a receive that is started before
 * its send has completed can crash when it is cancelled; nng_close beside a call that begins its next step can abort,
 * or wait for ever for a pipe. A step may end, and its callback run, before the function that began it has returned. So
 * a channel is closed in steps: no call begins any more, each that is under way is cancelled until none is left and
 * nobody is inside of nng for one, and only then the socket is closed, on a thread that is not waited for for ever.
 */
#include "rpc/channel.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_MS       1000
#define RECONNECT_MIN_MS 20
#define RECONNECT_MAX_MS 500
#define END_MS           2000 /* for calls to end that were cancelled */
#define CLOSE_MS         500  /* for nng to close a socket without calls, which takes it a few */

/* How a call ended, before its bytes are looked at: on nng's thread. */
typedef void call_ended(struct text response, const struct status *status, void *data);

enum call_step { CALL_IDLE, CALL_SENDING, CALL_RECEIVING };

struct call {
    struct call *next; /* in the channel's list of all calls */
    struct call *next_free;
    struct rpc_channel *channel;
    nng_ctx context;
    nng_aio *aio;
    enum call_step step;
    atomic_bool is_poll;
    nng_duration connect_ms;
    int64_t deadline;
    call_ended *ended;
    void *data;
};

struct rpc_channel {
    nng_socket socket;
    char *url;
    char *authorization; /* of calls that have none of their own; NULL: none */
    atomic_size_t calls;
    atomic_size_t polls;  /* of the calls */
    atomic_size_t inside; /* threads that begin a step and have not come back from nng; the call may have ended */
    atomic_int pipe;      /* the id of the connection that is up; 0: none */
    pthread_mutex_t mutex;
    atomic_bool closing;
    bool no_polls;
    struct call *all; /* grows only */
    struct call *free;
};

/* ---- the end of a call ---- */

static bool fail_nng(const struct call *call, int error, struct status *status)
{
    const bool unsent = call->step == CALL_SENDING && !rpc_channel_connected(call->channel);
    if (atomic_load(&call->channel->closing) || error == NNG_ECLOSED || error == NNG_ECANCELED) {
        return status_fail(status, STATUS_CANCELLED, "The call was given up because its channel was closed.");
    }
    if (error == NNG_ETIMEDOUT && !unsent) {
        return status_fail(status, STATUS_DEADLINE_EXCEEDED, "The worker at %s did not answer in time.",
                           call->channel->url);
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

/* Hands the outcome over and puts the call back. */
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

/* Begins a step. What it calls may return after the call has ended and serves another one. */
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

/* Sends what the aio holds, as soon as there is a connection, within the time to connect. */
static void send_request(struct call *call)
{
    const int left = deadline_left(call->deadline);
    begin_step(call, CALL_SENDING, left < 0 || left > call->connect_ms ? call->connect_ms : left == 0 ? 1 : left);
}

/* nng's callback: after the send, receive; after the receive, done. */
static void on_aio(void *data)
{
    struct call *const call = data;
    const int error = nng_aio_result(call->aio);
    const bool is_closing = atomic_load(&call->channel->closing);
    const bool has_time =
        error == NNG_ETIMEDOUT && !is_closing && call->step == CALL_SENDING && !deadline_passed(call->deadline);
    if (has_time && rpc_channel_connected(call->channel)) {
        send_request(call); /* nothing of it has been sent: a large one before it takes its time */
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

static struct call *take_call(struct rpc_channel *channel, bool is_poll)
{
    pthread_mutex_lock(&channel->mutex);
    struct call *call = channel->free;
    if (channel->closing || (is_poll && channel->no_polls)) {
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
    return call;
}

/* Sends packed bytes; ended is called exactly once, later, if this is true. */
/* Who is told of a call's end. */
struct listener {
    call_ended *ended;
    void *data;
};

static bool start_call(struct rpc_channel *channel, struct text request, const struct rpc_call_options *options,
                       struct listener listener, struct status *status)
{
    nng_msg *message;
    struct call *const call = take_call(channel, options->is_poll);
    if (call == NULL) {
        return status_fail(status, STATUS_CANCELLED, "The channel to %s is closed.", channel->url);
    }
    if (nng_msg_alloc(&message, 0) != 0 || nng_msg_append(message, request.data, request.size) != 0) {
        fputs("truss: out of memory\n", stderr);
        abort();
    }
    call->connect_ms = options->connect_timeout_ms == 0 ? CONNECT_MS : (nng_duration)options->connect_timeout_ms;
    call->deadline = deadline_in(options->timeout_ms);
    call->ended = listener.ended;
    call->data = listener.data;
    nng_aio_set_msg(call->aio, message);
    send_request(call);
    return true;
}

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

/* ---- asynchronous calls ---- */

struct async_call {
    struct arena *arena; /* the caller's; may be NULL */
    const ProtobufCMessageDescriptor *output;
    rpc_reply_fn *done;
    void *data;
};

static void async_ended(struct text response, const struct status *status, void *data)
{
    struct async_call *const call = data;
    struct arena *const own = call->arena == NULL ? arena_new(RPC_ARENA_BUDGET) : NULL;
    struct arena *const arena = own == NULL ? call->arena : own;
    struct status outcome = {.arena = arena};
    ProtobufCMessage *reply = NULL;
    if (status->code == STATUS_OK) {
        reply = rpc_response_unpack(arena, call->output, response, &outcome);
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
        .arena = invocation->options.arena, .output = method_of(invocation)->output, .done = done, .data = data};
    if (!pack_call(arena, channel, invocation, &bytes, &status) ||
        !start_call(channel, bytes, &invocation->options, (struct listener){async_ended, call}, &status)) {
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
    struct arena *arena; /* the caller's: it waits, so it may be used here */
    struct status *status;
    struct text response;
};

static void waiting_ended(struct text response, const struct status *status, void *data)
{
    struct waiting_call *const call = data;
    pthread_mutex_lock(&call->mutex);
    call->response = (struct text){arena_strndup(call->arena, response.data, response.size), response.size};
    if (status->code != STATUS_OK) {
        status_fail(call->status, status->code, "%s", status->message);
    }
    call->is_done = true;
    pthread_cond_signal(&call->ended);
    pthread_mutex_unlock(&call->mutex);
}

ProtobufCMessage *rpc_call_wait(struct rpc_channel *channel, const struct rpc_invocation *invocation,
                                struct arena *arena, struct status *status)
{
    struct text bytes;
    struct waiting_call call = {.arena = arena, .status = status};
    status->code = STATUS_OK;
    if (!pack_call(arena, channel, invocation, &bytes, status)) {
        return NULL;
    }
    pthread_mutex_init(&call.mutex, NULL);
    pthread_cond_init(&call.ended, NULL);
    if (start_call(channel, bytes, &invocation->options, (struct listener){waiting_ended, &call}, status)) {
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

/* ---- channels ---- */

/* nng tells of the end of a connection also where it never began, because the peer is no worker; and it may tell of it
 * after the beginning of the next. */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *data)
{
    struct rpc_channel *const channel = data;
    int id = nng_pipe_id(pipe);
    if (event == NNG_PIPE_EV_ADD_POST) {
        atomic_store(&channel->pipe, id);
    } else {
        atomic_compare_exchange_strong(&channel->pipe, &id, 0);
    }
}

static int open_socket(struct rpc_channel *channel)
{
    int error = nng_req0_open(&channel->socket);
    if (error != 0) {
        return error;
    }
    nng_socket_set_ms(channel->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_socket_set_size(channel->socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_LIMIT);
    nng_socket_set_ms(channel->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    nng_socket_set_ms(channel->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    nng_pipe_notify(channel->socket, NNG_PIPE_EV_ADD_POST, on_pipe, channel);
    nng_pipe_notify(channel->socket, NNG_PIPE_EV_REM_POST, on_pipe, channel);
    error = nng_dial(channel->socket, channel->url, NULL, NNG_FLAG_NONBLOCK);
    if (error != 0) {
        nng_close(channel->socket);
    }
    return error;
}

/* nng takes any text for a host and port, and finds out later. */
static bool is_url(const char *url)
{
    const char *const colon = strrchr(url, ':');
    if (strncmp(url, "tcp://", 6) == 0) {
        return colon > url + 6 && colon[1] != '\0' && colon[1 + strspn(colon + 1, "0123456789")] == '\0';
    }
    return strncmp(url, "ipc://", 6) == 0 && url[6] != '\0';
}

struct rpc_channel *rpc_channel_open(const char *url, struct status *status)
{
    static const struct rpc_access nothing = {0};
    return rpc_channel_open_with(url, &nothing, status);
}

static char *authorization_by(const char *token)
{
    char *text = NULL;
    if (token != NULL && asprintf(&text, "Bearer %s", token) < 0) {
        abort();
    }
    return text;
}

struct rpc_channel *rpc_channel_open_with(const char *url, const struct rpc_access *access, struct status *status)
{
    if (!is_url(url)) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "\"%s\" is no worker's URL; it is tcp://HOST:PORT or ipc://PATH.",
                    url);
        return NULL;
    }
    struct rpc_channel *channel = memory_alloc(sizeof *channel);
    channel->url = strdup(url);
    channel->authorization = authorization_by(access->token);
    pthread_mutex_init(&channel->mutex, NULL);
    const int error = open_socket(channel);
    if (error != 0) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "Cannot use the worker's URL %s: %s.", url, nng_strerror(error));
        pthread_mutex_destroy(&channel->mutex);
        free(channel->authorization);
        free(channel->url);
        free(channel);
        return NULL;
    }
    return channel;
}

/* Cancels again and again what is under way, because a cancel between two steps of a call finds nothing. False where
 * some has not ended in time. */
static bool end_calls(struct rpc_channel *channel, bool polls_only)
{
    const struct timespec tick = {.tv_nsec = 1000000};
    const atomic_size_t *const count = polls_only ? &channel->polls : &channel->calls;
    const int64_t until = deadline_in(END_MS);
    pthread_mutex_lock(&channel->mutex);
    struct call *const all = channel->all;
    pthread_mutex_unlock(&channel->mutex);
    while (atomic_load(count) > 0 || (!polls_only && atomic_load(&channel->inside) > 0)) {
        for (struct call *call = all; call != NULL; call = call->next) {
            if (!polls_only || atomic_load(&call->is_poll)) {
                nng_aio_cancel(call->aio);
            }
        }
        if (deadline_passed(until)) {
            return false;
        }
        nanosleep(&tick, NULL);
    }
    return true;
}

void rpc_channel_end_polls(struct rpc_channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    channel->no_polls = true;
    pthread_mutex_unlock(&channel->mutex);
    end_calls(channel, true);
}

static void *close_socket(void *id)
{
    nng_close((nng_socket){.id = (uint32_t)(uintptr_t)id});
    return NULL;
}

/* False where nng does not close it in time; the thread goes on trying. */
static bool close_in_time(nng_socket socket)
{
    struct timespec until;
    pthread_t thread;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CLOSE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (pthread_create(&thread, NULL, close_socket, (void *)(uintptr_t)socket.id) != 0) {
        return false;
    }
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        pthread_detach(thread);
        return false;
    }
    return true;
}

static void free_channel(struct rpc_channel *channel)
{
    for (struct call *call = channel->all; call != NULL;) {
        struct call *next = call->next;
        nng_aio_free(call->aio);
        free(call);
        call = next;
    }
    pthread_mutex_destroy(&channel->mutex);
    free(channel->authorization);
    free(channel->url);
    free(channel);
}

void rpc_channel_close(struct rpc_channel *channel)
{
    if (channel == NULL) {
        return;
    }
    pthread_mutex_lock(&channel->mutex);
    channel->closing = true;
    pthread_mutex_unlock(&channel->mutex);
    if (end_calls(channel, false) && close_in_time(channel->socket)) {
        free_channel(channel);
    } else {
        log_debug("connection left open", "address=%s calls=%zu", channel->url, atomic_load(&channel->calls));
    }
}

size_t rpc_channel_calls(const struct rpc_channel *channel)
{
    return atomic_load(&channel->calls);
}

bool rpc_channel_connected(const struct rpc_channel *channel)
{
    return atomic_load(&channel->pipe) != 0;
}
