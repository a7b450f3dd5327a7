/*
 * What an HTTP client says of who it is. The bridge does not know what it means: it passes it on to the worker.
 */
#ifndef BRIDGE_CREDENTIALS_H
#define BRIDGE_CREDENTIALS_H

#include "bridge/http.h"

struct credentials {
    const char *authorization; /* "Bearer …", as RPC has it; NULL: nothing was said */
    bool by_cookie;            /* the browser sent it by itself, also for a page of somebody else */
};

/* Reads Authorization, else apikey, else x-api-key, else the panel's cookie, into the arena. INVALID_ARGUMENT for what
 * cannot be sent on. */
bool credentials_read(const struct http_request *request, struct credentials *credentials, struct status *status);

/* The header that has the browser keep the token and send it to us only, and no script see it; over TLS only where we
 * are. NULL where the text cannot stand in a cookie. In the arena. */
const char *credentials_cookie(struct arena *arena, const char *authorization, bool is_tls);

/* The header that has it forgotten. */
const char *credentials_no_cookie(bool is_tls);

#endif
