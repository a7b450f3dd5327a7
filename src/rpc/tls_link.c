/*
 * A thread accepts nng's connection, opens one to the worker, and forwards bytes both ways until either ends; then nng
 * dials again, or is told to. The socket's address is abstract, so it has no file, and only this process is let in.
 */
#include "rpc/tls_link.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/threads.h"
#include "rpc/marks.h"
#include "rpc/tls_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PIECE      ((size_t)32 * 1024)
#define CLOSE_MS   500
#define IDLE_MS    2000
#define URL_SIZE   128
#define NAME_BYTES 12

struct tls_link {
    struct tls_trust trust;
    char *address;      /* "HOST:PORT" */
    char url[URL_SIZE]; /* for nng */
    int listener;
    int wake; /* readable: the thread must end */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex; /* protects the rest */
    bool is_greeting;
    char trouble[TLS_CLIENT_TROUBLE];
    tls_link_idle *idle; /* NULL: nng does not dial yet */
    void *idle_context;
};

/* Bytes that were read and not yet written. */
struct piece {
    char bytes[2 * PIECE];
    size_t start;
    size_t end;
    struct marks marks;
};

/* A connection of nng's and the one to the worker. */
struct passage {
    int inner;
    struct tls_client *outer;
    struct piece out;
    struct piece in;
};

bool tls_link_is_for(const char *url)
{
    return strncmp(url, TLS_LINK_SCHEME, strlen(TLS_LINK_SCHEME)) == 0;
}

const char *tls_link_url(const struct tls_link *link)
{
    return link->url;
}

static void set_trouble(struct tls_link *link, const char *trouble)
{
    pthread_mutex_lock(&link->mutex);
    snprintf(link->trouble, sizeof link->trouble, "%s", trouble);
    pthread_mutex_unlock(&link->mutex);
}

const char *tls_link_trouble(struct tls_link *link, struct arena *arena)
{
    pthread_mutex_lock(&link->mutex);
    const char *const trouble = link->trouble[0] == '\0' ? NULL : arena_strdup(arena, link->trouble);
    pthread_mutex_unlock(&link->mutex);
    return trouble;
}

static void set_greeting(struct tls_link *link, bool is_greeting)
{
    pthread_mutex_lock(&link->mutex);
    link->is_greeting = is_greeting;
    pthread_mutex_unlock(&link->mutex);
}

bool tls_link_is_greeting(struct tls_link *link)
{
    pthread_mutex_lock(&link->mutex);
    const bool is_greeting = link->is_greeting;
    pthread_mutex_unlock(&link->mutex);
    return is_greeting;
}

/* ---- carrying ---- */

static bool is_empty(const struct piece *piece)
{
    return piece->start == piece->end;
}

/* Translates a result of read or write: bytes that moved, 0 for none yet, -1 for the end. */
static ssize_t moved(ssize_t result)
{
    return result > 0 ? result : result < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* Fills an empty piece from one side; returns as moved() does. */
static ssize_t fill(struct passage *passage, struct piece *piece)
{
    char bytes[PIECE];
    const bool is_out = piece == &passage->out;
    const ssize_t size = moved(is_out ? recv(passage->inner, bytes, sizeof bytes, MSG_DONTWAIT)
                                      : tls_client_read(passage->outer, bytes, sizeof bytes));
    if (size > 0) {
        piece->start = 0;
        piece->end = marks_pass(&piece->marks, (struct text){bytes, (size_t)size}, piece->bytes);
    }
    return size > 0 && piece->end == SIZE_MAX ? -1 : size;
}

static ssize_t drain(struct passage *passage, struct piece *piece)
{
    const bool is_out = piece == &passage->out;
    const char *const from = piece->bytes + piece->start;
    const size_t left = piece->end - piece->start;
    const ssize_t size = moved(is_out ? tls_client_write(passage->outer, from, left)
                                      : send(passage->inner, from, left, MSG_DONTWAIT | MSG_NOSIGNAL));
    piece->start += size > 0 ? (size_t)size : 0;
    return size;
}

/* Moves what can be moved now; false when either side has ended. */
static bool carry(struct passage *passage, struct piece *piece)
{
    ssize_t size;
    do {
        size = is_empty(piece) ? fill(passage, piece) : drain(passage, piece);
    } while (size > 0);
    return size == 0;
}

static bool wait_for_more(const struct tls_link *link, const struct passage *passage)
{
    struct pollfd ready[] = {
        {.fd = link->wake, .events = POLLIN},
        {.fd = passage->inner,
         .events = (short)((is_empty(&passage->out) ? POLLIN : 0) | (is_empty(&passage->in) ? 0 : POLLOUT))},
        {.fd = tls_client_socket(passage->outer),
         .events = (short)((is_empty(&passage->in) ? POLLIN : 0) | tls_client_wants(passage->outer))},
    };
    const int count = poll(ready, sizeof ready / sizeof ready[0], -1);
    return (count > 0 || errno == EINTR) && ready[0].revents == 0;
}

static void pass(struct tls_link *link, int inner)
{
    char trouble[TLS_CLIENT_TROUBLE] = "";
    struct passage *const passage = memory_alloc(sizeof *passage);
    passage->inner = inner;
    passage->in.marks.adds = true;
    set_greeting(link, true);
    passage->outer = tls_client_open(link->address, &link->trust, link->wake, trouble);
    bool goes_on = passage->outer != NULL;
    while (goes_on) {
        goes_on = carry(passage, &passage->out) && carry(passage, &passage->in) && wait_for_more(link, passage);
        if (passage->in.marks.greeted > 0) {
            set_greeting(link, false);
            set_trouble(link, "");
        }
    }
    if (passage->in.marks.greeted == 0) {
        tls_client_explain(passage->outer, trouble);
        set_trouble(link, trouble);
    }
    set_greeting(link, false);
    tls_client_close(passage->outer);
    free(passage);
}

/* ---- the thread ---- */

/* Other processes do not know the socket's name, but /proc/net/unix shows it. */
static bool is_ourselves(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

void tls_link_on_idle(struct tls_link *link, tls_link_idle *idle, void *context)
{
    pthread_mutex_lock(&link->mutex);
    link->idle = idle;
    link->idle_context = context;
    pthread_mutex_unlock(&link->mutex);
}

static void tell_idle(struct tls_link *link)
{
    pthread_mutex_lock(&link->mutex);
    tls_link_idle *const idle = link->idle;
    void *const context = link->idle_context;
    pthread_mutex_unlock(&link->mutex);
    if (idle != NULL) {
        idle(context);
    }
}

static void *run(void *data)
{
    struct tls_link *const link = data;
    struct pollfd ready[] = {{.fd = link->wake, .events = POLLIN}, {.fd = link->listener, .events = POLLIN}};
    while (ready[0].revents == 0) {
        const int count = poll(ready, 2, IDLE_MS);
        if (count == 0) {
            tell_idle(link);
        }
        if (count <= 0 || ready[0].revents != 0) {
            continue;
        }
        struct sockaddr_un from;
        socklen_t size = sizeof from;
        const int inner = accept4(link->listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (inner >= 0 && is_ourselves(inner)) {
            pass(link, inner);
        }
        if (inner >= 0) {
            close(inner);
        }
    }
    return NULL;
}

/* ---- opening and closing ---- */

static bool listen_within(struct tls_link *link)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    unsigned char secret[NAME_BYTES];
    char *const name = address.sun_path + 1;
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret) {
        return false;
    }
    int size = snprintf(name, sizeof address.sun_path - 1, "truss-");
    for (size_t i = 0; i < sizeof secret; i++) {
        size += snprintf(name + size, 3, "%02x", secret[i]);
    }
    snprintf(link->url, sizeof link->url, "abstract://%s", name);
    link->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
    return link->wake >= 0 && link->listener >= 0 &&
           bind(link->listener, (const struct sockaddr *)&address, length) == 0 && listen(link->listener, 8) == 0;
}

/* Signals are for the program's own threads; SIGPIPE, which OpenSSL may cause, is ignored. */
static bool start_thread(struct tls_link *link)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    link->has_thread = pthread_create(&link->thread, NULL, run, link) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return link->has_thread;
}

static char *copy(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : memory_strdup(text);
}

struct tls_link *tls_link_open(const char *url, const struct tls_trust *trust, struct status *status)
{
    char trouble[TLS_CLIENT_TROUBLE];
    struct tls_link *const link = memory_alloc(sizeof *link);
    link->listener = link->wake = -1;
    pthread_mutex_init(&link->mutex, NULL);
    link->address = copy(url + strlen(TLS_LINK_SCHEME));
    link->trust =
        (struct tls_trust){.ca = copy(trust->ca), .certificate = copy(trust->certificate), .key = copy(trust->key)};
    if (!tls_client_can(&link->trust, trouble)) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "Cannot speak TLS with %s: %s.", url, trouble);
    } else if (!listen_within(link) || !start_thread(link)) {
        status_fail(status, STATUS_INTERNAL, "Cannot prepare a connection to %s: %s.", url, strerror(errno));
    } else {
        return link;
    }
    tls_link_close(link);
    return NULL;
}

static bool join_in_time(struct tls_link *link)
{
    const bool joined = thread_join_in_time(link->thread, CLOSE_MS);
    if (!joined) {
        pthread_detach(link->thread);
    }
    return joined;
}

void tls_link_close(struct tls_link *link)
{
    const uint64_t one = 1;
    if (link == NULL) {
        return;
    }
    if (link->has_thread && (write(link->wake, &one, sizeof one) < 0 || !join_in_time(link))) {
        return; /* the thread still uses it */
    }
    if (link->listener >= 0) {
        close(link->listener);
    }
    if (link->wake >= 0) {
        close(link->wake);
    }
    pthread_mutex_destroy(&link->mutex);
    free((void *)(uintptr_t)link->trust.ca);
    free((void *)(uintptr_t)link->trust.certificate);
    free((void *)(uintptr_t)link->trust.key);
    free(link->address);
    free(link);
}
