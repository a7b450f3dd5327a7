/*
 * A REQ socket with a context for each call under way (exchange.c).
 *
 * Facts of nng 1.5.2 that shape this: a request is sent again by itself after 60 s, and at once when its worker dies,
 * unless NNG_OPT_REQ_RESENDTIME is infinite on the socket before a context is opened; nng_close beside a call that
 * begins its next step can abort, or wait for ever for a pipe. So a channel is closed in steps: no call begins any
 * more, each that is under way is cancelled until none is left and nobody is inside of nng for one, and only then the
 * socket is closed, on a thread that is not waited for for ever.
 */
#include "rpc/channel.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/local_address.h"
#include "base/log.h"
#include "rpc/closing.h"
#include "rpc/exchange.h"
#include "rpc/socket.h"
#include "rpc/watch.h"
#include "truss/rpc/v1/rpc.pb-c.h"

#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECONNECT_MIN_MS 20
#define RECONNECT_MAX_MS 500
#define REDIAL_MS        1000 /* between two dialers, at the least */
#define END_MS           2000 /* for calls to end that were cancelled */
#define CLOSE_MS         500  /* for nng to close a socket without calls, which takes it a few */

/* ---- opening ---- */

/* nng reports the end of a connection even if it never began, because the peer is no worker; and it may report the end
 * after the beginning of the next one. */
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

/* Hold the mutex `dialing`, or be the only thread. */
static int dial(struct rpc_channel *channel)
{
    channel->dialed_at = clock_ms();
    const char *const url = channel->link == NULL ? channel->url : tls_link_url(channel->link);
    return nng_dial(channel->socket, url, &channel->dialer, NNG_FLAG_NONBLOCK);
}

/* nng 1.5.2 stops dialing if a Unix socket's connection ends at a certain moment of its greeting, as the link's
 * connections do when the worker is away. The link's thread and the watch's thread both notice it: one new dialer is
 * enough. */
static void dial_again(void *data)
{
    struct rpc_channel *const channel = data;
    atomic_fetch_add(&channel->inside, 1);
    pthread_mutex_lock(&channel->dialing);
    if (!atomic_load(&channel->closing) && clock_ms() - channel->dialed_at >= REDIAL_MS) {
        nng_dialer_close(channel->dialer);
        dial(channel);
    }
    pthread_mutex_unlock(&channel->dialing);
    atomic_fetch_sub(&channel->inside, 1);
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
    error = dial(channel);
    if (error != 0) {
        nng_close(channel->socket);
    } else if (channel->link != NULL) {
        tls_link_on_idle(channel->link, dial_again, channel);
    }
    return error;
}

/* nng accepts any text as host and port, and only fails later. */
static bool is_url(const char *url)
{
    const size_t scheme = tls_link_is_for(url) ? strlen(TLS_LINK_SCHEME) : strncmp(url, "tcp://", 6) == 0 ? 6 : 0;
    struct text host;
    const char *port;
    if (scheme > 0) {
        return address_cut(url + scheme, &host, &port);
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

/* For a channel without connections. */
static void free_channel(struct rpc_channel *channel)
{
    for (struct call *call = channel->all; call != NULL;) {
        struct call *next = call->next;
        nng_aio_free(call->aio);
        free(call);
        call = next;
    }
    tls_link_close(channel->link);
    pthread_mutex_destroy(&channel->dialing);
    pthread_mutex_destroy(&channel->mutex);
    free(channel->authorization);
    free(channel->url);
    free(channel);
}

/* ---- being looked after ---- */

static bool is_connected(const void *channel)
{
    return rpc_channel_connected(channel);
}

static void give_up(void *data)
{
    struct rpc_channel *const channel = data;
    const nng_pipe pipe = {.id = (uint32_t)atomic_load(&channel->pipe)};
    atomic_fetch_add(&channel->inside, 1);
    if (!atomic_load(&channel->closing) && pipe.id != 0) {
        nng_pipe_close(pipe);
    }
    atomic_fetch_sub(&channel->inside, 1);
}

/* Calls a method that does not exist, which every worker answers at once. */
static bool pulse(void *data, uint32_t timeout_ms, rpc_pulse_ended *ended, void *listener)
{
    struct rpc_channel *const channel = data;
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const struct rpc_request request = {.method = "/truss.health.v1.Health/Pulse", .timeout_ms = timeout_ms};
    const struct exchange exchange = {
        .timeout_ms = timeout_ms, .connect_timeout_ms = timeout_ms, .ended = ended, .data = listener};
    const Truss__Rpc__V1__Request nothing = TRUSS__RPC__V1__REQUEST__INIT; /* any message without fields */
    struct text bytes;
    const bool ok = rpc_request_pack(arena, &request, &nothing.base, &bytes, &status) &&
                    exchange_start(channel, bytes, &exchange, &status);
    arena_free(arena);
    return ok;
}

static struct rpc_watch *watch(struct rpc_channel *channel)
{
    const struct rpc_watched watched = {
        .channel = channel,
        .url = channel->url,
        .is_connected = is_connected,
        .dial_again = dial_again,
        .give_up = give_up,
        .pulse = pulse,
        .answered = &channel->answered,
        .timed_out = &channel->timed_out,
    };
    return rpc_watch_new(&watched);
}

struct rpc_channel *rpc_channel_open_with(const char *url, const struct rpc_access *access, struct status *status)
{
    if (!is_url(url)) {
        status_fail(status, STATUS_INVALID_ARGUMENT,
                    "\"%s\" is not the URL of a worker; it is tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH.",
                    url);
        return NULL;
    }
    const bool has_files = access->tls.ca != NULL || access->tls.certificate != NULL || access->tls.key != NULL;
    if (has_files && strncmp(url, "tcp://", 6) == 0) {
        status_fail(status, STATUS_INVALID_ARGUMENT,
                    "Certificates are named, but %s is met without TLS: say tls+%s, or leave them out.", url, url);
        return NULL;
    }
    struct rpc_channel *channel = memory_alloc(sizeof *channel);
    channel->url = memory_strdup(url);
    channel->authorization = authorization_by(access->token);
    pthread_mutex_init(&channel->mutex, NULL);
    pthread_mutex_init(&channel->dialing, NULL);
    channel->link = tls_link_is_for(url) ? tls_link_open(url, &access->tls, status) : NULL;
    const bool has_way = !tls_link_is_for(url) || channel->link != NULL;
    const int error = has_way ? open_socket(channel) : 0;
    if (error != 0) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "Cannot use the worker's URL %s: %s.", url, nng_strerror(error));
    }
    if (!has_way || error != 0) {
        free_channel(channel);
        return NULL;
    }
    channel->watch = access->is_watched ? watch(channel) : NULL;
    return channel;
}

/* ---- closing ---- */

/* Cancels again and again, because a cancel between two steps of a call has no effect. Returns false if some calls have
 * not ended in time. */
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

static void close_socket(void *channel)
{
    nng_close(((struct rpc_channel *)channel)->socket);
}

void rpc_channel_close(struct rpc_channel *channel)
{
    if (channel == NULL) {
        return;
    }
    pthread_mutex_lock(&channel->mutex);
    channel->closing = true;
    pthread_mutex_unlock(&channel->mutex);
    if (end_calls(channel, false) && rpc_watch_free(channel->watch) && close_in_time(close_socket, channel, CLOSE_MS)) {
        free_channel(channel);
    } else {
        log_debug("connection left open", "address=%s calls=%zu", channel->url, atomic_load(&channel->calls));
    }
}

void rpc_channel_leave(struct rpc_channel *channel)
{
    if (channel != NULL && (channel->link != NULL || channel->watch != NULL || atomic_load(&channel->calls) > 0)) {
        rpc_channel_close(channel);
    }
}

const char *rpc_channel_url(const struct rpc_channel *channel)
{
    return channel->url;
}

size_t rpc_channel_calls(const struct rpc_channel *channel)
{
    return atomic_load(&channel->calls);
}

bool rpc_channel_connected(const struct rpc_channel *channel)
{
    return channel_is_connected(channel);
}
