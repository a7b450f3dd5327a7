/*
 * What an HTTP client says of who it is. The bridge does not know what it means: it passes it on to the worker.
 */
#ifndef BRIDGE_CREDENTIALS_H
#define BRIDGE_CREDENTIALS_H

#include "bridge/http.h"
#include "bridge/sessions.h"

struct credentials {
    const char *authorization; /* "Bearer …", as RPC has it; NULL: nothing was said */
    bool by_cookie;            /* the browser sent it by itself, also for a page of somebody else */
    bool is_https;             /* the cookie comes and goes by HTTPS only, to us or to a proxy in front of us */
    struct text session;       /* the number in the panel's cookie, whether it is one or not; size 0: none */
};

/* What knows browsers. */
struct browsers {
    struct sessions *sessions;
    bool is_tls; /* they come by HTTPS only */
};

/* Reads Authorization, else apikey, else x-api-key, else the session of the panel's cookie, into the arena.
 * INVALID_ARGUMENT for what cannot be sent on. */
bool credentials_read(const struct http_request *request, const struct browsers *browsers,
                      struct credentials *credentials, struct status *status);

/* Begins a session with what a header said, in place of the one that they may have. The header that has the browser
 * keep its number and send it to us only, and no script see it; over TLS only where we are. NULL where nothing was
 * said but a session's number, which makes no session last longer, or no session can be begun. In the arena. */
const char *credentials_begin_session(struct arena *arena, const struct browsers *browsers,
                                      const struct credentials *credentials);

/* Ends their session. The header that has the number forgotten. */
const char *credentials_end_session(const struct browsers *browsers, const struct credentials *credentials);

#endif
