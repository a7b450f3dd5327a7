/*
 * nng keeps what accept(2) and SO_PEERCRED said; nothing is asked of the network.
 */
#include "rpc/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void look_at_unix(nng_pipe pipe, struct rpc_peer *peer)
{
    uint64_t pid = 0;
    snprintf(peer->host, sizeof peer->host, "unix");
    peer->has_uid = nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &peer->uid) == 0;
    const bool has_pid = nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) == 0;
    if (peer->has_uid && has_pid) {
        snprintf(peer->address, sizeof peer->address, "unix:uid=%llu,pid=%llu", (unsigned long long)peer->uid,
                 (unsigned long long)pid);
    } else {
        snprintf(peer->address, sizeof peer->address, "unix");
    }
}

void rpc_peer_of(nng_pipe pipe, struct rpc_peer *peer)
{
    nng_sockaddr address;
    memset(peer, 0, sizeof *peer);
    const bool known = nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) == 0;
    if (known && address.s_family == NNG_AF_IPC) {
        look_at_unix(pipe, peer);
    } else if (known && address.s_family == NNG_AF_INET) {
        inet_ntop(AF_INET, &address.s_in.sa_addr, peer->host, sizeof peer->host);
        snprintf(peer->address, sizeof peer->address, "%s:%u", peer->host, (unsigned)ntohs(address.s_in.sa_port));
    } else if (known && address.s_family == NNG_AF_INET6) {
        inet_ntop(AF_INET6, address.s_in6.sa_addr, peer->host, sizeof peer->host);
        snprintf(peer->address, sizeof peer->address, "[%s]:%u", peer->host, (unsigned)ntohs(address.s_in6.sa_port));
    } else {
        snprintf(peer->host, sizeof peer->host, "?");
        snprintf(peer->address, sizeof peer->address, "?");
    }
}
