/*
 * The credentials of an HTTP client. The bridge does not check them; it passes them to the worker.
 */
#ifndef BRIDGE_CREDENTIALS_H
#define BRIDGE_CREDENTIALS_H

#include "bridge/http.h"
#include "bridge/sessions.h"

struct credentials {
    const char *authorization; /* "Bearer …", for RPC; NULL: none */
    bool by_cookie;            /* the browser sent them by itself, possibly for a foreign page */
    bool is_https;             /* the client uses HTTPS, to us or to a proxy in front of us */
    struct text session;       /* the session number in the panel's cookie, unchecked; size 0: none */
};

/* What is needed to handle browsers. */
struct browsers {
    struct sessions *sessions;
    bool is_tls; /* we serve HTTPS */
};

/* Reads Authorization, else apikey, else x-api-key, else the session in the panel's cookie, into the arena.
 * INVALID_ARGUMENT for what cannot be passed on. */
bool credentials_read(const struct http_request *request, const struct browsers *browsers,
                      struct credentials *credentials, struct status *status);

/* Begins a session with the credentials of a header, in place of an existing session. Returns the Set-Cookie value (in
 * the arena) that makes the browser keep the session's number for us alone, hidden from scripts, and only for TLS if we
 * serve that. NULL if there was only a session number, which does not prolong a session, or no session can be begun. */
const char *credentials_begin_session(struct arena *arena, const struct browsers *browsers,
                                      const struct credentials *credentials);

/* Ends their session. Returns the Set-Cookie value that removes the number. */
const char *credentials_end_session(const struct browsers *browsers, const struct credentials *credentials);

#endif
