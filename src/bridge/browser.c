/*
 * Origin and Sec-Fetch-Site are set by the browser and cannot be forged by a page; Host shows a name that was rebound
 * to this machine.
 */
#include "bridge/browser.h"

#include <string.h>
#include <strings.h>

/* "example.org" of "example.org:8787", "[::1]" of "[::1]:8787". */
static struct text without_port(struct text authority)
{
    const size_t bracket = text_find(authority, "]", 0);
    const size_t colon = text_find(authority, ":", bracket == SIZE_MAX ? 0 : bracket);
    return text_slice(authority, 0, colon);
}

static bool is_this_machine(struct text host)
{
    if (text_is_nocase(host, "localhost") || text_is(host, "[::1]")) {
        return true;
    }
    bool digits = text_starts_with(host, "127.");
    for (size_t i = 0; digits && i < host.size; i++) {
        digits = (host.data[i] >= '0' && host.data[i] <= '9') || host.data[i] == '.';
    }
    return digits;
}

static bool is_listed(struct text host, const char *const *hosts)
{
    for (size_t i = 0; hosts != NULL && hosts[i] != NULL; i++) {
        if (text_is_nocase(host, hosts[i])) {
            return true;
        }
    }
    return false;
}

/* "http://host:port" as a browser sends it; "null" is of nobody. */
static bool is_own_origin(const char *origin, struct text host)
{
    const char *const scheme = strstr(origin, "://");
    return scheme != NULL && text_is_nocase(host, scheme + 3);
}

bool browser_allows(const struct http_request *request, bool loopback_only, const char *const *hosts,
                    struct status *status)
{
    const struct text host = text_of(http_header(request, "Host"));
    const char *const origin = http_header(request, "Origin");
    const char *const site = http_header(request, "Sec-Fetch-Site");
    if ((origin != NULL && !is_own_origin(origin, host)) || (site != NULL && strcasecmp(site, "cross-site") == 0)) {
        return status_fail(status, STATUS_PERMISSION_DENIED,
                           "A page of another origin may not use this service from a browser.");
    }
    const struct text name = without_port(host);
    if (loopback_only && host.size > 0 && !is_this_machine(name) && !is_listed(name, hosts)) {
        return status_fail(status, STATUS_PERMISSION_DENIED,
                           "The Host \"%.*s\" is no name of this machine; allow it with --allow-host.",
                           (int)(name.size > 200 ? 200 : name.size), name.data);
    }
    return true;
}
