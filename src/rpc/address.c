/*
 * Sockets are made by us instead of a library, so that an address, a free port, a long backlog and a clear error are
 * possible.
 */
#include "rpc/address.h"

#include "base/local_address.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG    4096
#define SEND_BYTES (128 * 1024) /* in the kernel for a client that does not read; the default is megabytes */

/* ---- TCP ---- */

/* scheme: with its "://" */
static bool write_url(int fd, struct text scheme, char url[ADDRESS_SIZE])
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[INET6_ADDRSTRLEN];
    char port[8];
    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((const struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return false;
    }
    snprintf(url, ADDRESS_SIZE, bound.ss_family == AF_INET6 ? "%.*s[%s]:%s" : "%.*s%s:%s", (int)scheme.size,
             scheme.data, host, port);
    return true;
}

/* Listens on the socket, or closes it; keeps errno. */
static int listen_on(int fd, const struct sockaddr *address, socklen_t size)
{
    if (fd >= 0 && (bind(fd, address, size) != 0 || listen(fd, BACKLOG) != 0)) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int listen_tcp(const struct addrinfo *info)
{
    const int on = 1;
    const int send_bytes = SEND_BYTES;
    const int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit these three */
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    return listen_on(fd, info->ai_addr, info->ai_addrlen);
}

static int fail_listen(struct status *status, const char *url)
{
    if (errno == EADDRINUSE) {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "Cannot listen on %s: the address is in use. Is another one running there? Choose another address "
                    "with --listen.",
                    url);
    } else {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "Cannot listen on %s: %s. Choose another address with --listen.", url, strerror(errno));
    }
    return -1;
}

static int listen_authority(const char *url, char listened[ADDRESS_SIZE], bool *is_local, struct status *status)
{
    const char *const authority = strstr(url, "://") + strlen("://");
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *info = NULL;
    struct text host;
    const char *port;
    if (!address_cut(authority, &host, &port) ||
        getaddrinfo(text_is(host, "*") ? NULL : arena_strndup(status->arena, host.data, host.size), port, &hints,
                    &info) != 0) {
        status_fail(status, STATUS_INVALID_ARGUMENT,
                    "\"%s\" is not an address to listen on; it is HOST:PORT, for example 127.0.0.1:8787.", authority);
        return -1;
    }
    const int fd = listen_tcp(info);
    *is_local = address_is_loopback(info->ai_addr);
    freeaddrinfo(info);
    if (fd < 0 || !write_url(fd, (struct text){url, (size_t)(authority - url)}, listened)) {
        return fail_listen(status, url);
    }
    return fd;
}

/* ---- Unix sockets ---- */

/* Does a live server listen on the path? */
static bool is_served(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static int listen_path(const char *url, const char *path, char listened[ADDRESS_SIZE], struct status *status)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "The path of %s is empty or longer than %zu bytes.", url,
                    sizeof address.sun_path - 1);
        return -1;
    }
    strcpy(address.sun_path, path);
    if (stat(path, &info) == 0 && S_ISSOCK(info.st_mode)) {
        if (is_served(&address)) {
            errno = EADDRINUSE;
            return fail_listen(status, url);
        }
        unlink(path);
    }
    const mode_t mask = umask(S_IXUSR | S_IRWXG | S_IRWXO); /* at the start, when there are no other threads */
    const int fd = listen_on(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                             (const struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (fd < 0) {
        return fail_listen(status, url);
    }
    snprintf(listened, ADDRESS_SIZE, "%s", url);
    return fd;
}

int address_listen(const char *url, char listened[ADDRESS_SIZE], bool *is_local, struct status *status)
{
    *is_local = true;
    if (strncmp(url, "ipc://", 6) == 0) {
        return listen_path(url, url + 6, listened, status);
    }
    if (strncmp(url, "tcp://", 6) == 0 || strncmp(url, ADDRESS_TLS, strlen(ADDRESS_TLS)) == 0) {
        return listen_authority(url, listened, is_local, status);
    }
    status_fail(status, STATUS_INVALID_ARGUMENT,
                "Cannot listen on \"%s\": it is neither tcp://HOST:PORT, tls+tcp://HOST:PORT nor ipc://PATH.", url);
    return -1;
}

uint64_t address_key(const struct sockaddr_storage *address)
{
    uint64_t key = 0;
    if (address->ss_family == AF_INET) {
        key = 1ULL << 32 | ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
    } else if (address->ss_family == AF_INET6) {
        const struct in6_addr *const in6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        memcpy(&key, in6->s6_addr, sizeof key);
        key = IN6_IS_ADDR_V4MAPPED(in6) ? 1ULL << 32 | in6->s6_addr32[3] : key;
        key = key == 0 ? 1 : key; /* ::1 */
    }
    return key;
}
