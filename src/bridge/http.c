/*
 * One thread with epoll. A request's connection is suspended while it waits for its answer, so it cannot end meanwhile:
 * the code that answers resumes it, and there is no race with a client that disconnects.
 */
#include "bridge/http.h"

#include "base/clock.h"
#include "base/intake.h"
#include "base/limits.h"
#include "base/memory.h"
#include "bridge/links.h"
#include "bridge/relay.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define AWAKE_MS       10000
#define CONNECTIONS    2048 /* more than the relay makes */
#define TOLERATED_BODY (2 * LIMIT_SCRIPT)
#define POOL_BYTES     ((size_t)32 * 1024) /* a head of the largest size (head.h), and 56 bytes for each part of it */
#define STREAM_BLOCK   ((size_t)16 * 1024)
#define UNREAD_LIMIT   (2 * LIMIT_MESSAGE)

struct exchange {                /* a request and its progress */
    struct http_request request; /* first, so that a request is its exchange */
    struct intake body;          /* as far as it has arrived */
    size_t received;             /* of the body, kept or not */
    bool no_room;                /* for the body */
    bool handed_over;
    bool is_1_0;
    int64_t began;                 /* when the handler was called; clock_us */
    struct MHD_Response *response; /* once it is answered */
    unsigned status;
    struct http_source source; /* of an answer in pieces */
    struct text piece;         /* the rest of the last piece */
    bool is_last;
    bool is_broken;
    struct http_server *server;
    struct link *watched; /* to be told when its client goes; NULL: not watched */
    size_t unread;        /* counted bytes of its answer */
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct relay *relay;
    const struct proxies *proxies;
    http_handler *handler;
    http_served *served;
    void *context;
    size_t held;          /* bytes of bodies; only on the server's thread */
    atomic_size_t busy;   /* requests with the handler */
    atomic_size_t unread; /* bytes of answers that are not shared and not sent yet */
    atomic_size_t asleep; /* suspended connections; while there are any, libmicrohttpd cannot be stopped */
    atomic_bool stopping;
    struct links *links;
    pthread_mutex_t mutex; /* protects the rest */
    bool is_closed;        /* accepts no links */
};

/* ---- clients that disconnect ---- */

bool http_watch(struct http_request *request, void (*left)(void *context), void *context)
{
    struct exchange *const exchange = (struct exchange *)request;
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *const link = info == NULL ? NULL : info->socket_context;
    if (link == NULL) {
        return true;
    }
    const bool is_here = links_watch(exchange->server->links, link, left, context);
    exchange->watched = is_here ? link : NULL;
    return is_here;
}

static void unwatch(struct exchange *exchange)
{
    if (exchange->watched != NULL) {
        links_unwatch(exchange->server->links, exchange->watched);
        exchange->watched = NULL;
    }
}

/* ---- suspended connections ---- */

static void sleep_on(const struct exchange *exchange)
{
    atomic_fetch_add(&exchange->server->asleep, 1);
    MHD_suspend_connection(exchange->request.connection);
}

/* Afterwards the exchange belongs to the server's thread, and may be freed. */
static void wake(const struct http_request *request)
{
    struct http_server *const server = ((const struct exchange *)request)->server;
    MHD_resume_connection(request->connection);
    atomic_fetch_sub(&server->asleep, 1);
}

/* Handlers answer soon after their calls were ended. */
static void wait_until_awake(struct http_server *server)
{
    const struct timespec tick = {.tv_nsec = 1000000};
    const int64_t deadline = deadline_in(AWAKE_MS);
    while (atomic_load(&server->asleep) > 0 && !deadline_passed(deadline)) {
        nanosleep(&tick, NULL);
    }
}

/* ---- answers ---- */

static bool has_header(const struct http_extra_header *extra, const char *name)
{
    for (; extra != NULL && extra->name != NULL; extra++) {
        if (strcasecmp(extra->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_headers(struct MHD_Response *response, const char *content_type, const struct http_extra_header *extra)
{
    MHD_add_response_header(response, "Content-Type", content_type);
    if (!has_header(extra, "Cache-Control")) {
        MHD_add_response_header(response, "Cache-Control", "no-store");
    }
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (; extra != NULL && extra->name != NULL; extra++) {
        MHD_add_response_header(response, extra->name, extra->value);
    }
}

static struct MHD_Response *make_response(const char *content_type, struct text body,
                                          const struct http_extra_header *extra)
{
    struct MHD_Response *response = NULL; /* the body lives in the request's memory, which outlives it */
    for (unsigned times = 0; response == NULL; times++) {
        response = MHD_create_response_from_buffer(body.size, (void *)(uintptr_t)body.data, MHD_RESPMEM_PERSISTENT);
        memory_must_wait(response, times);
    }
    add_headers(response, content_type, extra);
    return response;
}

/* Answers that nobody reads must not fill the memory: where there are too many, who takes nothing of his leaves. */
static void count_unread(struct exchange *exchange, size_t bytes)
{
    struct http_server *const server = exchange->server;
    exchange->unread = bytes;
    if (atomic_fetch_add(&server->unread, bytes) + bytes > UNREAD_LIMIT) {
        relay_drop_stalled(server->relay);
    }
}

void http_answer(struct http_request *request, unsigned status, const char *content_type, struct text body,
                 const struct http_extra_header *extra)
{
    struct exchange *const exchange = (struct exchange *)request;
    unwatch(exchange);
    exchange->status = status;
    exchange->response = make_response(content_type, body, extra);
    count_unread(exchange, request->shared == NULL ? body.size : 0);
    wake(request);
}

/* ---- answers in pieces ---- */

/* Called when libmicrohttpd wants bytes. If there are none, suspends the connection and asks the source. Only a
 * connection that is not suspended can end, so the source is never asked for one that is gone. While suspended, the
 * exchange belongs to the source, on any thread; otherwise to the server's thread. The lock in MHD_resume_connection
 * makes earlier writes visible. */
static ssize_t read_piece(void *data, uint64_t position, char *out, size_t most)
{
    struct exchange *const exchange = data;
    (void)position;
    if (exchange->is_broken) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (exchange->piece.size == 0 && exchange->is_last) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (exchange->piece.size == 0) {
        sleep_on(exchange);
        exchange->source.wants(exchange->source.context);
        return 0;
    }
    const size_t size = exchange->piece.size < most ? exchange->piece.size : most;
    memcpy(out, exchange->piece.data, size);
    exchange->piece = text_slice(exchange->piece, size, exchange->piece.size);
    return (ssize_t)size;
}

void http_stream_begin(struct http_request *request, const char *content_type, const struct http_extra_header *extra,
                       const struct http_source *source)
{
    struct exchange *const exchange = (struct exchange *)request;
    unwatch(exchange);
    exchange->source = *source;
    exchange->status = source->status == 0 ? MHD_HTTP_OK : source->status;
    for (unsigned times = 0; exchange->response == NULL; times++) {
        exchange->response = MHD_create_response_from_callback(source->size == 0 ? MHD_SIZE_UNKNOWN : source->size,
                                                               STREAM_BLOCK, read_piece, exchange, NULL);
        memory_must_wait(exchange->response, times);
    }
    add_headers(exchange->response, content_type, extra);
    wake(request);
}

void http_stream_send(struct http_request *request, struct text piece)
{
    ((struct exchange *)request)->piece = piece;
    wake(request);
}

void http_stream_end(struct http_request *request, struct text piece)
{
    ((struct exchange *)request)->is_last = true;
    http_stream_send(request, piece);
}

void http_stream_break(struct http_request *request)
{
    ((struct exchange *)request)->is_broken = true;
    wake(request);
}

/* An answer of the server's own, after which the connection ends, since what follows cannot be trusted. */
static enum MHD_Result refuse(struct MHD_Connection *connection, struct exchange *exchange, unsigned status,
                              const char *code, const char *message)
{
    const struct http_extra_header close[] = {{"Connection", "close"}, {0}};
    const char *const body =
        arena_printf(exchange->request.arena, "{\"error\":\"%s\",\"code\":\"%s\"}\n", message, code);
    exchange->status = status;
    exchange->response = make_response("application/json", text_of(body), close);
    return MHD_queue_response(connection, status, exchange->response);
}

/* ---- libmicrohttpd's callbacks ---- */

static struct exchange *begin(struct http_server *server, struct MHD_Connection *connection, const char *method,
                              const char *url)
{
    struct exchange *const exchange = memory_alloc(sizeof *exchange);
    exchange->server = server;
    exchange->request.arena = arena_new(0);
    exchange->request.connection = connection;
    exchange->request.proxies = server->proxies;
    exchange->request.method = arena_strdup(exchange->request.arena, method);
    exchange->request.path = arena_strdup(exchange->request.arena, url);
    return exchange;
}

static void drop_body(struct http_server *server, struct exchange *exchange)
{
    server->held -= exchange->body.size;
    intake_drop(&exchange->body);
}

/* Takes a piece of the body. Beyond the limits it is discarded, for a while. */
static enum MHD_Result take_body(struct http_server *server, struct exchange *exchange, const char *data, size_t *size)
{
    exchange->received += *size;
    const size_t room = intake_room(&exchange->body, *size, SIZE_MAX);
    exchange->no_room = exchange->no_room || server->held + *size > HTTP_BODIES_LIMIT ||
                        (room > exchange->body.capacity && !memory_has_room(room));
    if (exchange->received <= LIMIT_SCRIPT && !exchange->no_room) {
        intake_put(&exchange->body, (struct text){data, *size}, room);
        server->held += *size;
    } else {
        drop_body(server, exchange);
    }
    *size = 0;
    return exchange->received <= TOLERATED_BODY ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct http_server *const server = data;
    struct exchange *const exchange = *state;
    if (exchange == NULL) {
        struct exchange *const first = begin(server, connection, method, url);
        first->is_1_0 = strcmp(version, "HTTP/1.0") == 0;
        *state = first;
        return MHD_YES;
    }
    if (exchange->response != NULL) {
        if (atomic_load(&server->stopping)) {
            MHD_add_response_header(exchange->response, "Connection", "close");
        }
        return MHD_queue_response(connection, exchange->status, exchange->response);
    }
    if (*upload_size > 0) {
        return take_body(server, exchange, upload, upload_size);
    }
    if (exchange->received > LIMIT_SCRIPT) {
        return refuse(connection, exchange, MHD_HTTP_CONTENT_TOO_LARGE, "RESOURCE_EXHAUSTED",
                      "The body is larger than 8 MiB.");
    }
    if (exchange->no_room) {
        return refuse(connection, exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "RESOURCE_EXHAUSTED",
                      "Too many large requests are being served; try again in a moment.");
    }
    if (!exchange->handed_over) {
        exchange->handed_over = true;
        exchange->began = clock_us();
        atomic_fetch_add(&server->busy, 1);
        exchange->request.body = (struct text){exchange->body.bytes, exchange->body.size};
        sleep_on(exchange);
        server->handler(server->context, &exchange->request);
    }
    return MHD_YES;
}

static void end_exchange(struct http_server *server, struct exchange *exchange)
{
    if (exchange->source.gone != NULL) {
        exchange->source.gone(exchange->source.context);
    }
    if (server->served != NULL && exchange->response != NULL) {
        const bool has_time = exchange->handed_over && exchange->source.wants == NULL;
        server->served(server->context, &exchange->request, exchange->status,
                       has_time ? clock_us() - exchange->began : -1);
    }
    drop_body(server, exchange);
    atomic_fetch_sub(&server->unread, exchange->unread);
    atomic_fetch_sub(&server->busy, exchange->handed_over ? 1 : 0);
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    http_shared_leave(exchange->request.shared);
    arena_free(exchange->request.arena);
    free(exchange);
}

/* Does the server close the connection after the answer in any case? It said so, the answer failed, or its end is
 * marked only by the close. */
static bool closes_behind(const struct exchange *exchange, enum MHD_RequestTerminationCode code)
{
    if (exchange == NULL || exchange->response == NULL || code != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        return true;
    }
    const bool is_endless = exchange->is_1_0 && exchange->source.wants != NULL && exchange->source.size == 0;
    return is_endless || MHD_get_response_header(exchange->response, "Connection") != NULL;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *const server = data;
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const bool is_last = closes_behind(*state, code);
    if (*state != NULL) {
        end_exchange(server, *state);
        *state = NULL;
    }
    if (info != NULL && info->socket_context != NULL) {
        relay_served(server->relay, link_client(info->socket_context), is_last);
    }
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *const server = data;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *const info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = links_take(server->links, info->connect_fd);
    } else {
        if (*context != NULL) {
            links_drop(server->links, *context);
        }
        *context = NULL;
    }
}

static void on_gone(void *data, guest_name client)
{
    const struct http_server *const server = data;
    links_gone(server->links, client);
}

/* Called by the relay: a client has a request. Under the mutex, so that libmicrohttpd is not stopped meanwhile; it
 * closes a descriptor that it refuses. */
static bool take_link(void *data, guest_name client, int fd, const struct sockaddr *peer, socklen_t peer_size)
{
    struct http_server *const server = data;
    pthread_mutex_lock(&server->mutex);
    struct link *const link = links_add(server->links, fd, client);
    if (server->is_closed) {
        close(fd);
    }
    const bool ok = !server->is_closed && MHD_add_connection(server->daemon, fd, peer, peer_size) == MHD_YES;
    if (!ok) {
        links_drop(server->links, link);
    }
    pthread_mutex_unlock(&server->mutex);
    return ok;
}

/* The handler gets paths as they were sent: it decodes and checks them. */
static size_t keep_escapes(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data;
    (void)connection;
    return strlen(text);
}

/* ---- starting and stopping ---- */

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
                                MHD_USE_ITC,
                            0, NULL, NULL, on_request, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
                            on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
}

struct http_server *http_server_start(const struct http_place *place, http_handler *handler, void *context,
                                      struct status *status)
{
    struct http_server *server = memory_alloc(sizeof *server);
    const struct relay_options options = {.listen = place->listen,
                                          .tls = place->tls,
                                          .proxies = place->proxies,
                                          .connect = take_link,
                                          .gone = on_gone,
                                          .context = server};
    server->handler = handler;
    server->proxies = place->proxies;
    server->served = place->served;
    server->context = context;
    server->links = links_new();
    pthread_mutex_init(&server->mutex, NULL);
    server->relay = relay_open(&options, status);
    server->daemon = server->relay == NULL ? NULL : start_daemon(server);
    if (server->daemon != NULL) {
        return server;
    }
    if (server->relay != NULL) {
        status_fail(status, STATUS_INTERNAL, "The HTTP server cannot be started.");
    }
    http_server_free(server);
    return NULL;
}

bool http_server_begin(struct http_server *server)
{
    return relay_start(server->relay);
}

const char *http_server_address(const struct http_server *server)
{
    return relay_address(server->relay);
}

bool http_server_is_loopback(const struct http_server *server)
{
    return relay_is_local(server->relay);
}

void http_server_quiesce(struct http_server *server)
{
    atomic_store(&server->stopping, true);
    relay_shut(server->relay);
}

size_t http_server_busy(struct http_server *server)
{
    return atomic_load(&server->busy);
}

void http_server_free(struct http_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->is_closed = true;
    pthread_mutex_unlock(&server->mutex);
    wait_until_awake(server);
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    relay_free(server->relay);
    links_free(server->links);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}
