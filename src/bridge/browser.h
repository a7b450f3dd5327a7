/*
 * Protects against foreign web pages. The bridge has no login of its own: a page of another site, open in a developer's
 * browser, must not be able to run migrations through it.
 */
#ifndef BRIDGE_BROWSER_H
#define BRIDGE_BROWSER_H

#include "bridge/credentials.h"

/* Returns false with PERMISSION_DENIED for a request made by a page of another origin, and if Host is a name that is
 * neither this machine's nor in `hosts` (NULL-terminated), because it may have been rebound to our address. A numeric
 * address cannot be rebound. */
bool browser_allows(const struct http_request *request, const char *const *hosts, struct status *status);

/* For a request that may change something: returns false if it comes from a browser (judged by its cookie, or by what
 * it says about the page) that does not say that one of our own pages makes it. */
bool browser_allows_change(const struct http_request *request, const struct credentials *credentials,
                           struct status *status);

#endif
