/*
 * Does an address mean this machine only?
 */
#ifndef BASE_LOCAL_ADDRESS_H
#define BASE_LOCAL_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv6 addresses (::ffff:127.0.0.1). */
bool address_is_loopback(const struct sockaddr *address);

/* Does a URL to listen on ("ipc://PATH", "tcp://HOST:PORT", "tls+tcp://HOST:PORT") mean only this machine, for all
 * addresses of its host? False for "*", an empty host, and unknown hosts. Asks the resolver. */
bool url_is_local(const char *url);

#endif
