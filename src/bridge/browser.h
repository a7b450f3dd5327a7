/*
 * What a browser may do here. The bridge has no login: a page of somebody else's, open in a developer's browser, must
 * not be able to run migrations through it.
 */
#ifndef BRIDGE_BROWSER_H
#define BRIDGE_BROWSER_H

#include "bridge/http.h"

/* False, with PERMISSION_DENIED, for a request that a page of another origin makes, and, where only this machine can
 * reach us, for a Host that is no name of this machine and not in `hosts` (NULL-terminated; DNS rebinding). */
bool browser_allows(const struct http_request *request, bool loopback_only, const char *const *hosts,
                    struct status *status);

#endif
