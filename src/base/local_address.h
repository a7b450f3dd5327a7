/*
 * Whether an address is of this machine only.
 */
#ifndef BASE_LOCAL_ADDRESS_H
#define BASE_LOCAL_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for 127.0.0.0/8, ::1, and 127.0.0.0/8 written as an IPv6 address (::ffff:127.0.0.1). */
bool address_is_loopback(const struct sockaddr *address);

/* True where a URL to listen on ("ipc://PATH", "tcp://HOST:PORT", "tls+tcp://HOST:PORT") means this machine only,
 * whatever of its host's addresses is taken. False for "*", no host, and what is not known. Asks the resolver. */
bool url_is_local(const char *url);

#endif
