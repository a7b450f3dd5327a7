/*
 * The other end of a connection, as the kernel reports it.
 */
#ifndef RPC_PEER_H
#define RPC_PEER_H

#include <stdbool.h>
#include <stdint.h>

#define PEER_HOST_SIZE    48
#define PEER_ADDRESS_SIZE 64

struct rpc_peer {
    char host[PEER_HOST_SIZE]; /* "127.0.0.1", "2001:db8::1", "unix": the same for all connections of one machine */
    char address[PEER_ADDRESS_SIZE]; /* with the port: "127.0.0.1:40122", "[::1]:40122"; "unix:uid=1000,pid=77" */
    bool has_uid;                    /* a Unix socket, for which the kernel reports the user */
    uint64_t uid;
};

/* Describes the peer of a connected socket; "?" if the kernel no longer knows it. */
void rpc_peer_of_socket(int fd, struct rpc_peer *peer);

#endif
