/*
 * nng listens; the prober is a client like any other, with a plain socket, so that it cannot be fooled by nng's own
 * state.
 */
#include "rpc/listener.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PROBE_EVERY_MS  1000
#define PROBE_ANSWER_MS 500

struct one_listener {
    nng_listener listener;
    char *url;
};

struct listeners {
    nng_socket socket;
    struct one_listener items[LIMIT_LISTENERS];
    size_t count;
    pthread_t prober;
    bool has_prober;
    bool stopped;
    pthread_mutex_t mutex;
    pthread_cond_t stop;
};

static bool is_unix(const char *url)
{
    return strncmp(url, "ipc://", 6) == 0;
}

/* ---- probing ---- */

static bool wait_readable(int fd, int64_t deadline)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    return poll(&waiting, 1, deadline_left(deadline)) > 0;
}

static bool read_whole(int fd, unsigned char *bytes, size_t size, int64_t deadline)
{
    for (size_t got = 0; got < size;) {
        if (!wait_readable(fd, deadline)) {
            return false;
        }
        const ssize_t more = recv(fd, bytes + got, size - got, 0);
        if (more <= 0) {
            return false;
        }
        got += (size_t)more;
    }
    return true;
}

/* The scalability protocols' greeting (0 'S' 'P' 0, the protocol REQ, 0 0), then a request: 1, its length, its number,
 * an envelope that asks for LISTENER_PROBE. A dead listener still greets, and goes no further. */
static bool is_answered(int fd)
{
    static const unsigned char greeting[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    static const unsigned char request[] = {1, 0, 0,    0, 0,   0,   0,   0,   12,  0x80, 0,
                                            0, 1, 0x0A, 6, '/', 'p', 'r', 'o', 'b', 'e'};
    unsigned char theirs[8];
    unsigned char reply[9];
    const int64_t deadline = deadline_in(PROBE_ANSWER_MS);
    return send(fd, greeting, sizeof greeting, MSG_NOSIGNAL) == (ssize_t)sizeof greeting &&
           read_whole(fd, theirs, sizeof theirs, deadline) && memcmp(theirs, greeting, 4) == 0 &&
           send(fd, request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request &&
           read_whole(fd, reply, sizeof reply, deadline);
}

/* Does it answer a client that behaves? */
static bool answers(const char *url)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *const path = url + strlen("ipc://");
    if (strlen(path) >= sizeof address.sun_path) {
        return true;
    }
    strcpy(address.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return true; /* our own lack of descriptors says nothing of the listener */
    }
    const bool ok = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 && is_answered(fd);
    close(fd);
    return ok;
}

static int start_one(nng_socket socket, struct one_listener *one)
{
    int error = nng_listener_create(&one->listener, socket, one->url);
    if (error != 0) {
        return error;
    }
    if (is_unix(one->url)) {
        nng_listener_set_int(one->listener, NNG_OPT_IPC_PERMISSIONS, S_IRUSR | S_IWUSR);
    }
    error = nng_listener_start(one->listener, 0);
    if (error != 0) {
        nng_listener_close(one->listener);
    }
    return error;
}

static void heal(struct listeners *listeners, struct one_listener *one)
{
    nng_listener_close(one->listener);
    const int error = start_one(listeners->socket, one);
    log_warn("listening again", "address=%s result=\"%s\"", one->url, error == 0 ? "ok" : nng_strerror(error));
}

/* With the mutex held: false when it is time to end. */
static bool sleep_until_next(struct listeners *listeners)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PROBE_EVERY_MS / 1000;
    while (!listeners->stopped) {
        if (pthread_cond_timedwait(&listeners->stop, &listeners->mutex, &until) == ETIMEDOUT) {
            break;
        }
    }
    return !listeners->stopped;
}

static void *probe(void *data)
{
    struct listeners *const listeners = data;
    pthread_mutex_lock(&listeners->mutex);
    while (sleep_until_next(listeners)) {
        for (size_t i = 0; i < listeners->count; i++) {
            if (is_unix(listeners->items[i].url) && !answers(listeners->items[i].url)) {
                heal(listeners, &listeners->items[i]);
            }
        }
    }
    pthread_mutex_unlock(&listeners->mutex);
    return NULL;
}

/* ---- starting ---- */

/* tcp://HOST:0 listens on a free port; say which. */
static void resolve_port(struct one_listener *one)
{
    int port;
    const char *const colon = strrchr(one->url, ':');
    if (strncmp(one->url, "tcp://", 6) != 0 || colon == NULL || strcmp(colon, ":0") != 0 ||
        nng_listener_get_int(one->listener, NNG_OPT_TCP_BOUND_PORT, &port) != 0) {
        return;
    }
    char *url;
    if (asprintf(&url, "%.*s:%d", (int)(colon - one->url), one->url, port) > 0) {
        free(one->url);
        one->url = url;
    }
}

static bool fail_listen(struct status *status, const char *url, int error)
{
    if (error == NNG_EADDRINUSE) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "Cannot listen on %s: the address is in use. Is another worker running? Choose another with "
                           "--listen.",
                           url);
    }
    return status_fail(status, STATUS_INVALID_ARGUMENT, "Cannot listen on %s: %s.", url, nng_strerror(error));
}

/* Making a listener on a Unix socket that is served by somebody probes it rudely, and so kills it: look first. */
static bool is_taken(const char *url)
{
    struct stat info;
    return is_unix(url) && stat(url + strlen("ipc://"), &info) == 0 && answers(url);
}

static bool add_one(struct listeners *listeners, const char *url, struct status *status)
{
    struct one_listener *const one = &listeners->items[listeners->count];
    if (strncmp(url, "tcp://", 6) != 0 && !is_unix(url)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "Cannot listen on \"%s\": it is neither tcp://HOST:PORT nor ipc://PATH.", url);
    }
    if (listeners->count == LIMIT_LISTENERS) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "There are more than %d addresses to listen on.",
                           LIMIT_LISTENERS);
    }
    one->url = strdup(url);
    const int error = is_taken(url) ? NNG_EADDRINUSE : start_one(listeners->socket, one);
    if (error != 0) {
        free(one->url);
        return fail_listen(status, url, error);
    }
    listeners->count++;
    resolve_port(one);
    return true;
}

struct listeners *listeners_start(nng_socket socket, const char *const *urls, struct status *status)
{
    struct listeners *listeners = memory_alloc(sizeof *listeners);
    pthread_condattr_t monotonic;
    bool any_unix = false;
    listeners->socket = socket;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&listeners->mutex, NULL);
    pthread_cond_init(&listeners->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; urls[i] != NULL; i++) {
        any_unix = any_unix || is_unix(urls[i]);
        if (!add_one(listeners, urls[i], status)) {
            listeners_free(listeners);
            return NULL;
        }
    }
    listeners->has_prober = any_unix && pthread_create(&listeners->prober, NULL, probe, listeners) == 0;
    return listeners;
}

const char *listeners_url(const struct listeners *listeners, size_t index)
{
    return index < listeners->count ? listeners->items[index].url : NULL;
}

static void stop_prober(struct listeners *listeners)
{
    pthread_mutex_lock(&listeners->mutex);
    listeners->stopped = true;
    pthread_cond_signal(&listeners->stop);
    pthread_mutex_unlock(&listeners->mutex);
    if (listeners->has_prober) {
        pthread_join(listeners->prober, NULL);
    }
}

void listeners_free(struct listeners *listeners)
{
    stop_prober(listeners);
    for (size_t i = 0; i < listeners->count; i++) {
        nng_listener_close(listeners->items[i].listener);
        free(listeners->items[i].url);
    }
    pthread_cond_destroy(&listeners->stop);
    pthread_mutex_destroy(&listeners->mutex);
    free(listeners);
}
