/*
 * Who is at the other end of a connection, as the kernel tells it.
 */
#ifndef RPC_PEER_H
#define RPC_PEER_H

#include <stdbool.h>
#include <stdint.h>

#define PEER_HOST_SIZE    48
#define PEER_ADDRESS_SIZE 64

struct rpc_peer {
    char host[PEER_HOST_SIZE];       /* "127.0.0.1", "2001:db8::1", "unix": the same of all connections of a machine */
    char address[PEER_ADDRESS_SIZE]; /* with the port: "127.0.0.1:40122", "[::1]:40122"; "unix:uid=1000,pid=77" */
    bool has_uid;                    /* a Unix socket, whose peer the kernel names */
    uint64_t uid;
};

/* Looks at a connected socket. "?" where nothing is known of it any more. */
void rpc_peer_of_socket(int fd, struct rpc_peer *peer);

#endif
