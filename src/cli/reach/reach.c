/*
 * Uses a plain socket, because nng reports none of this. A worker greets with the eight bytes of its protocol (SP, as a
 * REP socket); an HTTP server answers a request line; most others send nothing or close.
 */
#include "cli/reach/reach.h"

#include "base/local_address.h"
#include "base/text.h"
#include "cli/reach/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 2000
#define ANSWER_MS  1000

static const char usual_port[] = "8788";

/* ---- what is at the address ---- */

/* Connects; returns -1 with errno set if it cannot. */
static int connect_in_time(int family, const struct sockaddr *address, socklen_t size)
{
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    socklen_t length = sizeof error;
    if (fd < 0 || connect(fd, address, size) == 0) {
        return fd;
    }
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    error = errno;
    if (error == EINPROGRESS) {
        const int count = poll(&ready, 1, CONNECT_MS);
        error = count == 0 ? ETIMEDOUT : error;
        if (count > 0) {
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
        }
    }
    if (error != 0) {
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int connect_host(const struct addrinfo *found)
{
    int fd = -1;
    for (; found != NULL && fd < 0; found = found->ai_next) {
        fd = connect_in_time(found->ai_family, found->ai_addr, found->ai_addrlen);
    }
    return fd;
}

/* Sends some bytes and reads the answer. Returns the number of bytes; 0 if none came in time or the connection was
 * closed. */
static size_t exchange(int fd, struct text words, char *answer, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (send(fd, words.data, words.size, MSG_NOSIGNAL) < 0 || poll(&ready, 1, ANSWER_MS) <= 0) {
        return 0;
    }
    const ssize_t got = read(fd, answer, size);
    return got > 0 ? (size_t)got : 0;
}

enum peer { PEER_SILENT, PEER_WORKER, PEER_HTTP, PEER_OTHER };

static enum peer ask_peer(int fd, struct text words)
{
    static const char worker[] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};
    char answer[16] = "";
    const size_t size = exchange(fd, words, answer, sizeof answer);
    if (size == 0) {
        return PEER_SILENT;
    }
    if (size >= sizeof worker && memcmp(answer, worker, sizeof worker) == 0) {
        return PEER_WORKER;
    }
    return size >= 5 && memcmp(answer, "HTTP/", 5) == 0 ? PEER_HTTP : PEER_OTHER;
}

/* ---- what to tell the user ---- */

static bool say(struct cli *cli, const char *message, const char *hint)
{
    status_fail(cli->status, STATUS_UNAVAILABLE, "%s", message);
    cli->status->hint = hint;
    return true;
}

static void say_not_connected(struct cli *cli, const char *address, int error)
{
    if (error == ECONNREFUSED || error == ENOENT) {
        say(cli, arena_printf(cli->arena, "Nothing listens at %s: no truss-worker runs there.", address),
            worker_advice(cli));
    } else if (error == EACCES || error == EPERM) {
        say(cli, arena_printf(cli->arena, "The socket at %s is another user's: %s.", address, strerror(error)),
            "Run this command as the user of the worker, or let the worker listen at tcp://.");
    } else {
        say(cli,
            arena_printf(cli->arena, "%s does not answer (%s): the host is down, or a firewall is between.", address,
                         error == ETIMEDOUT ? "no connection in time" : strerror(error)),
            "Check host and port in --worker or TRUSS_WORKER.");
    }
}

/* Something listens there that does not greet like a worker. */
static void say_other(struct cli *cli, const char *address, const char *port, enum peer peer)
{
    if (peer == PEER_HTTP) {
        say(cli,
            arena_printf(cli->arena, "A server of HTTP listens at %s, not a truss-worker; is it the truss-bridge?",
                         address),
            "Name the worker: its --listen, usually port 8788 (the bridge has 8787).");
        return;
    }
    say(cli,
        arena_printf(cli->arena, "Another program than a truss-worker listens at %s: it does not speak its protocol.",
                     address),
        strcmp(port, "5432") == 0
            ? "5432 is PostgreSQL's port: name the database with --database-url instead."
            : arena_printf(cli->arena, "Is the port right? A worker has usually %s.", usual_port));
}

static void look_tcp(struct cli *cli, const char *address, const char *host, const char *port)
{
    static const char greeting[] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    const struct addrinfo wish = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int error = getaddrinfo(host, port, &wish, &found);
    if (error != 0) {
        say(cli, arena_printf(cli->arena, "There is no host \"%s\" (%s).", host, gai_strerror(error)),
            "Check the name in --worker or TRUSS_WORKER.");
        return;
    }
    const int fd = connect_host(found);
    if (fd < 0) {
        say_not_connected(cli, address, errno);
    } else {
        enum peer peer = ask_peer(fd, (struct text){greeting, sizeof greeting});
        close(fd);
        const int again = peer == PEER_SILENT ? connect_host(found) : -1;
        if (again >= 0) {
            peer = ask_peer(again, text_of("GET / HTTP/1.0\r\n\r\n"));
            close(again);
        }
        if (peer != PEER_WORKER) {
            say_other(cli, address, port, peer);
        }
    }
    freeaddrinfo(found);
}

static void look_ipc(struct cli *cli, const char *address, const char *path)
{
    /* nng 1.5.2 crashes if a peer connects and leaves, so only a refused address is examined. */
    if (access(path, F_OK) != 0 || access(path, W_OK) != 0) {
        say_not_connected(cli, address, errno);
    }
}

void reach_explain(struct cli *cli)
{
    const char *const address = worker_address(cli);
    static const char tcp[] = "tcp://";
    static const char ipc[] = "ipc://";
    cli->status->hint = worker_advice(cli);
    if (strncmp(address, ipc, strlen(ipc)) == 0) {
        look_ipc(cli, address, address + strlen(ipc));
    } else if (strncmp(address, tcp, strlen(tcp)) == 0) {
        struct text host;
        const char *port;
        if (address_cut(address + strlen(tcp), &host, &port)) {
            look_tcp(cli, address, arena_strndup(cli->arena, host.data, host.size), port);
        }
    }
}
