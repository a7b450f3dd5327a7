/*
 * Sends one POST to a URL that the operator has configured: http or https, no redirects, no cookies, no proxy but the
 * environment's; of the answer only the status is used. Blocks, for a limited time.
 */
#ifndef WORKER_TELEMETRY_POST_H
#define WORKER_TELEMETRY_POST_H

#include "base/status.h"
#include "base/text.h"

#include <stdatomic.h>

/* Call it once, before everything else. Returns false if libcurl cannot be loaded; POST_MISSING is then the message. */
bool post_prepare(void);

#define POST_MISSING "libcurl cannot be loaded (libcurl.so.4, package libcurl4): install it."

/* Is it a URL for post_send? */
bool post_is_url(const char *url);

struct post {
    const char *url;
    const char *const *headers; /* "Name: value"; NULL-terminated */
    struct text body;
    uint32_t timeout_ms;
    const atomic_bool *stopping; /* true aborts it; NULL: nothing does */
};

/* Returns the HTTP status, or 0 with UNAVAILABLE if there was no answer; the message does not contain the URL, which
 * may be a secret. *retry_after: the header's seconds, 0 if there is none. */
unsigned post_send(const struct post *post, unsigned *retry_after, struct status *status);

#endif
