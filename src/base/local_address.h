/*
 * Addresses as people write them, and whether they mean this machine only.
 */
#ifndef BASE_LOCAL_ADDRESS_H
#define BASE_LOCAL_ADDRESS_H

#include "base/text.h"

#include <stdbool.h>
#include <sys/socket.h>

/* Cuts "127.0.0.1:80" and "[::1]:80" into the host, without its brackets, and the port; borrowed. False if the host is
 * empty, or the port is no number up to 65535: getaddrinfo takes 99999 for 34463. */
bool address_cut(const char *address, struct text *host, const char **port);

/* True for 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv6 addresses (::ffff:127.0.0.1). */
bool address_is_loopback(const struct sockaddr *address);

/* Does a URL to listen on ("ipc://PATH", "tcp://HOST:PORT", "tls+tcp://HOST:PORT") mean only this machine, for all
 * addresses of its host? False for "*", an empty host, and unknown hosts. Asks the resolver. */
bool url_is_local(const char *url);

#endif
