/*
 * What a browser may do here. The bridge has no login: a page of somebody else's, open in a developer's browser, must
 * not be able to run migrations through it.
 */
#ifndef BRIDGE_BROWSER_H
#define BRIDGE_BROWSER_H

#include "bridge/credentials.h"

/* False, with PERMISSION_DENIED, for a request that a page of another origin makes, and for a Host that is a name but
 * neither this machine's nor in `hosts` (NULL-terminated): somebody's name may have been rebound to our address. An
 * address in numbers is nobody's to rebind. */
bool browser_allows(const struct http_request *request, const char *const *hosts, struct status *status);

/* Of a request that may change something: false where a browser does not say that one of our own pages makes it, though
 * it comes from a browser: by its cookie, or by what it says of the page. */
bool browser_allows_change(const struct http_request *request, const struct credentials *credentials,
                           struct status *status);

#endif
