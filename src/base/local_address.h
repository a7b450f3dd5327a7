/*
 * Whether an address is of this machine only.
 */
#ifndef BASE_LOCAL_ADDRESS_H
#define BASE_LOCAL_ADDRESS_H

#include "base/text.h"

/* True where a name or number ("localhost", "127.0.0.1", "::1", with or without brackets) means this machine only,
 * whatever of its addresses is taken. False for "*", "", and what is not known. Asks the resolver. */
bool host_is_local(struct text host);

/* The same of a URL to listen on: "ipc://PATH", "tcp://HOST:PORT", "tls+tcp://HOST:PORT". */
bool url_is_local(const char *url);

#endif
