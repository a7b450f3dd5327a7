/*
 * Three descriptors: libpq's, now one end of a pair; `inner`, the other end; and `server`, the real socket. At most one
 * piece is in transit in each direction.
 */
#include "pg/narrow.h"

#include "base/arena.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE ((size_t)64 * 1024) /* by default one end of the pair buffers at least as much */

struct piece {
    char bytes[PIECE];
    size_t from;
    size_t to;
};

struct narrow {
    int libpq;
    int inner;
    int server;
    bool is_ended; /* the server will send nothing more */
    struct piece up;
    struct piece down;
};

struct narrow *narrow_new(const PGconn *connection)
{
    int pair[2];
    const int libpq = PQsocket(connection);
    const int server = libpq < 0 ? -1 : fcntl(libpq, F_DUPFD_CLOEXEC, 0);
    if (server < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        if (server >= 0) {
            close(server);
        }
        return NULL;
    }
    struct narrow *const narrow = memory_alloc(sizeof *narrow);
    narrow->libpq = libpq;
    narrow->inner = pair[1];
    narrow->server = server;
    dup3(pair[0], libpq, O_CLOEXEC);
    close(pair[0]);
    return narrow;
}

static bool is_empty(const struct piece *piece)
{
    return piece->from == piece->to;
}

/* Has libpq not yet read what was passed on? */
static bool has_unread(const struct narrow *narrow)
{
    int unread = 0;
    return ioctl(narrow->libpq, FIONREAD, &unread) == 0 && unread > 0;
}

/* Reads a piece, if the last one is gone. Returns false if the other side has ended. */
static bool take(struct piece *piece, int from)
{
    if (!is_empty(piece)) {
        return true;
    }
    const ssize_t size = recv(from, piece->bytes, PIECE, MSG_DONTWAIT);
    piece->from = 0;
    piece->to = size > 0 ? (size_t)size : 0;
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Passes on as much of a piece as possible. Returns false if the other side has ended. */
static bool give(struct piece *piece, int to)
{
    while (!is_empty(piece)) {
        const ssize_t size = send(to, piece->bytes + piece->from, piece->to - piece->from, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        piece->from += (size_t)size;
    }
    return true;
}

/* If the server has ended, libpq sees an end, too. */
static void move(struct narrow *narrow, size_t *came)
{
    const bool was_empty = is_empty(&narrow->down);
    bool ok = take(&narrow->up, narrow->inner) && give(&narrow->up, narrow->server);
    if (!has_unread(narrow)) {
        ok = take(&narrow->down, narrow->server) && ok;
        *came += was_empty ? narrow->down.to : 0;
        ok = give(&narrow->down, narrow->inner) && ok;
    }
    if (!ok && !narrow->is_ended) {
        narrow->is_ended = true;
        shutdown(narrow->inner, SHUT_RDWR);
    }
}

bool narrow_wait(struct narrow *narrow, short events, int64_t deadline, size_t *came)
{
    for (;;) {
        move(narrow, came);
        struct pollfd fds[] = {
            {.fd = narrow->libpq, .events = events},
            {.fd = narrow->inner, .events = is_empty(&narrow->up) ? POLLIN : 0},
            {.fd = narrow->server, .events = (short)(POLLIN | (is_empty(&narrow->up) ? 0 : POLLOUT))},
        };
        if (narrow->is_ended || poll(fds, 1, 0) > 0) {
            return true; /* libpq can continue; an end shows in its next call */
        }
        const int ready = poll(fds, 3, deadline_left(deadline));
        if (ready == 0) {
            return false;
        }
        if (ready < 0 && errno != EINTR) {
            return true;
        }
    }
}

bool narrow_free(struct narrow *narrow, const PGconn *connection)
{
    if (narrow == NULL) {
        return true;
    }
    bool is_clean = false;
    if (PQsocket(connection) == narrow->libpq) { /* otherwise the number may belong to another file by now */
        size_t ignored = 0;
        move(narrow, &ignored);
        is_clean = !narrow->is_ended && is_empty(&narrow->up) && is_empty(&narrow->down) && !has_unread(narrow);
        dup3(narrow->server, narrow->libpq, O_CLOEXEC);
    }
    close(narrow->server);
    close(narrow->inner);
    free(narrow);
    return is_clean;
}
