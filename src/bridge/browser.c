/*
 * Browsers set Origin and Sec-Fetch-Site, and pages cannot forge them; Host reveals a name that was rebound to this
 * machine.
 */
#include "bridge/browser.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* "example.org" for "example.org:8787", "[::1]" for "[::1]:8787". */
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

/* "http://host:port" as a browser sends it; "null" is nobody's. */
static bool is_own_origin(const char *origin, struct text host)
{
    const char *const scheme = strstr(origin, "://");
    return scheme != NULL && text_is_nocase(host, scheme + 3);
}

/* "10.1.2.3", "[2001:db8::1]" */
static bool is_numeric(struct text name)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    const bool has_brackets = text_starts_with(name, "[") && text_ends_with(name, "]");
    name = has_brackets ? text_slice(name, 1, name.size - 1) : name;
    if (name.size >= sizeof text) {
        return false;
    }
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    return inet_pton(has_brackets ? AF_INET6 : AF_INET, text, &address) == 1;
}

/* A host in the target takes precedence over the header (RFC 9112, 3.2.2). */
static struct text host_of(const struct http_request *request)
{
    static const char scheme[] = "http://";
    if (strncasecmp(request->path, scheme, strlen(scheme)) != 0) {
        return text_of(http_header(request, "Host"));
    }
    const struct text rest = text_of(request->path + strlen(scheme));
    return text_slice(rest, 0, text_find(rest, "/", 0));
}

bool browser_allows(const struct http_request *request, const char *const *hosts, struct status *status)
{
    const struct text host = host_of(request);
    const char *const origin = http_header(request, "Origin");
    const char *const site = http_header(request, "Sec-Fetch-Site");
    if ((origin != NULL && !is_own_origin(origin, host)) || (site != NULL && strcasecmp(site, "cross-site") == 0)) {
        return status_fail(status, STATUS_PERMISSION_DENIED,
                           "A page of another origin may not use this service from a browser.");
    }
    const struct text name = without_port(host);
    if (host.size > 0 && !is_this_machine(name) && !is_numeric(name) && !is_listed(name, hosts)) {
        return status_fail(status, STATUS_PERMISSION_DENIED,
                           "The Host \"%.*s\" is not a name of this machine; allow it with --allow-host.",
                           (int)(name.size > 200 ? 200 : name.size), name.data);
    }
    return true;
}

bool browser_allows_change(const struct http_request *request, const struct credentials *credentials,
                           struct status *status)
{
    const char *const site = http_header(request, "Sec-Fetch-Site");
    const bool changes = strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
    /* "none" is a typed address or a tool; our own pages are "same-origin". */
    const bool is_ours = site != NULL ? strcasecmp(site, "same-origin") == 0 : http_header(request, "Origin") != NULL;
    const bool is_browser = credentials->by_cookie || (site != NULL && strcasecmp(site, "none") != 0);
    return !changes || !is_browser || is_ours ||
           status_fail(status, STATUS_PERMISSION_DENIED,
                       "A browser may change something here only from a page of this service.");
}
