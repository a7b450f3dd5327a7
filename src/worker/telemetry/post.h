/*
 * One POST to a place that the operator has named: http or https, no redirects, no cookies, no proxy but the
 * environment's, and nothing of the answer but its status. It blocks, and ends in time.
 */
#ifndef WORKER_TELEMETRY_POST_H
#define WORKER_TELEMETRY_POST_H

#include "base/status.h"
#include "base/text.h"

#include <stdatomic.h>

/* Once, before all that follows. False where libcurl cannot be loaded: then POST_MISSING is what to say. */
bool post_prepare(void);

#define POST_MISSING "libcurl cannot be loaded (libcurl.so.4, package libcurl4): install it."

/* Is it a URL that can be posted to? */
bool post_is_url(const char *url);

struct post {
    const char *url;
    const char *const *headers; /* "Name: value"; NULL-terminated */
    struct text body;
    uint32_t timeout_ms;
    const atomic_bool *stopping; /* true ends it; NULL: nothing does */
};

/* The HTTP status; 0 and a status with UNAVAILABLE where there was none: it says what was wrong, without the URL, which
 * may be a secret. *retry_after: the seconds of that header, 0 where it has none. */
unsigned post_send(const struct post *post, unsigned *retry_after, struct status *status);

#endif
