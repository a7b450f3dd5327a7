/*
 * Made by us and not by libmicrohttpd, so that an address, a free port and a clear error are possible.
 */
#include "bridge/socket.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512

/* Cuts "[::1]:80" and "127.0.0.1:80" into host and port. */
static bool cut(const char *listen, char host[64], const char **port)
{
    const char *const colon = strrchr(listen, ':');
    struct text name = text_slice(text_of(listen), 0, colon == NULL ? 0 : (size_t)(colon - listen));
    if (text_starts_with(name, "[") && text_ends_with(name, "]")) {
        name = text_slice(name, 1, name.size - 1);
    }
    if (colon == NULL || colon[1] == '\0' || name.size == 0 || name.size >= 64) {
        return false;
    }
    memcpy(host, name.data, name.size);
    host[name.size] = '\0';
    *port = colon + 1;
    /* getaddrinfo takes 99999 for 34463. */
    char *end;
    const unsigned long number = strtoul(*port, &end, 10);
    return isdigit((unsigned char)colon[1]) != 0 && *end == '\0' && number <= 65535;
}

static bool is_loopback_address(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr) != 0;
    }
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
}

/* What it is bound to, where port 0 was asked for; false: the system does not tell. */
static bool write_address(int fd, char out[SOCKET_ADDRESS_SIZE])
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[INET6_ADDRSTRLEN] = "";
    char port[8] = "";
    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((const struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return false;
    }
    snprintf(out, SOCKET_ADDRESS_SIZE, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return true;
}

static int listen_on(const struct addrinfo *info)
{
    const int on = 1;
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int socket_listen(const char *listen, char address[SOCKET_ADDRESS_SIZE], bool *is_loopback, struct status *status)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *info = NULL;
    char host[64];
    const char *port;
    if (!cut(listen, host, &port) || getaddrinfo(host, port, &hints, &info) != 0) {
        status_fail(status, STATUS_INVALID_ARGUMENT,
                    "\"%s\" is no address to listen on; it is ADDRESS:PORT, for example 127.0.0.1:8787.", listen);
        return -1;
    }
    const int fd = listen_on(info);
    *is_loopback = is_loopback_address(info->ai_addr);
    freeaddrinfo(info);
    if (fd < 0) {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "Cannot listen on %s: %s. Is another bridge running? Choose another address with --listen.", listen,
                    strerror(errno));
        return -1;
    }
    if (!write_address(fd, address)) {
        status_fail(status, STATUS_INTERNAL, "It listens on %s, but the system does not say at which address.", listen);
        close(fd);
        return -1;
    }
    return fd;
}

void socket_close(int fd)
{
    close(fd);
}
