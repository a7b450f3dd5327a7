/*
 * The kernel knows the peer from accept(2) and SO_PEERCRED; the network is not asked.
 */
#include "rpc/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void write_in(const struct sockaddr_in *in, struct rpc_peer *peer)
{
    inet_ntop(AF_INET, &in->sin_addr, peer->host, sizeof peer->host);
    snprintf(peer->address, sizeof peer->address, "%s:%u", peer->host, (unsigned)ntohs(in->sin_port));
}

/* An IPv4 client on a dual-stack socket is reported with its IPv4 address. */
static void write_in6(const struct sockaddr_in6 *in6, struct rpc_peer *peer)
{
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6->sin6_port};
        memcpy(&in.sin_addr, in6->sin6_addr.s6_addr + 12, sizeof in.sin_addr);
        write_in(&in, peer);
        return;
    }
    inet_ntop(AF_INET6, &in6->sin6_addr, peer->host, sizeof peer->host);
    snprintf(peer->address, sizeof peer->address, "[%s]:%u", peer->host, (unsigned)ntohs(in6->sin6_port));
}

static void write_unix(int fd, struct rpc_peer *peer)
{
    struct ucred peer_is;
    socklen_t size = sizeof peer_is;
    snprintf(peer->host, sizeof peer->host, "unix");
    snprintf(peer->address, sizeof peer->address, "unix");
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer_is, &size) == 0) {
        peer->has_uid = true;
        peer->uid = peer_is.uid;
        snprintf(peer->address, sizeof peer->address, "unix:uid=%llu,pid=%llu", (unsigned long long)peer_is.uid,
                 (unsigned long long)peer_is.pid);
    }
}

void rpc_peer_of_socket(int fd, struct rpc_peer *peer)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    *peer = (struct rpc_peer){.host = "?", .address = "?"};
    if (getpeername(fd, (struct sockaddr *)&address, &size) != 0) {
        return;
    }
    if (address.ss_family == AF_INET) {
        write_in((const struct sockaddr_in *)(const void *)&address, peer);
    } else if (address.ss_family == AF_INET6) {
        write_in6((const struct sockaddr_in6 *)(const void *)&address, peer);
    } else {
        write_unix(fd, peer);
    }
}
