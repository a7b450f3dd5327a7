/*
 * The cookie contains a session number. With HTTPS its name begins with __Host-, which browsers only accept from this
 * host, so that other hosts of the domain cannot set it.
 */
#include "bridge/credentials.h"

#include "bridge/head.h"

#include <string.h>

#define ATTRIBUTES "; Path=/; HttpOnly; SameSite=Strict"

static bool is_plain(const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E) {
            return false;
        }
    }
    return true;
}

/* The value of a cookie in "a=b; c=d"; size 0 if it is missing. */
static struct text cookie_of(struct text list, struct text name)
{
    while (list.size > 0) {
        const size_t semicolon = text_find(list, ";", 0);
        const struct text pair = text_trim(text_slice(list, 0, semicolon));
        const size_t equals = text_find(pair, "=", 0);
        if (equals == name.size && memcmp(pair.data, name.data, name.size) == 0) {
            return text_slice(pair, equals + 1, pair.size);
        }
        list = semicolon == SIZE_MAX ? (struct text){0} : text_slice(list, semicolon + 1, list.size);
    }
    return (struct text){0};
}

static struct text session_of(const struct http_request *request, bool is_https)
{
    const struct text list = text_of(http_header(request, "Cookie"));
    const struct text value = cookie_of(list, text_of(is_https ? SESSION_TLS_COOKIE : SESSION_COOKIE));
    return (struct text){arena_strndup(request->arena, value.data, value.size), value.size};
}

bool credentials_read(const struct http_request *request, const struct browsers *browsers,
                      struct credentials *credentials, struct status *status)
{
    struct arena *const arena = request->arena;
    const char *const said = http_header(request, "Authorization");
    const char *const apikey = http_header(request, "apikey");
    const char *const key = apikey != NULL ? apikey : http_header(request, "x-api-key");
    const bool is_https = browsers->is_tls || http_is_https(request);
    *credentials = (struct credentials){.is_https = is_https, .session = session_of(request, is_https)};
    if (said != NULL) {
        credentials->authorization = arena_strdup(arena, said);
    } else if (key != NULL) {
        credentials->authorization = arena_printf(arena, "Bearer %s", key);
    } else if (credentials->session.size > 0) {
        credentials->authorization = sessions_find(browsers->sessions, arena, credentials->session);
        credentials->by_cookie = true;
    }
    return credentials->authorization == NULL || is_plain(credentials->authorization) ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "The header %s has other than printable ASCII characters; leave them out.",
                       said != NULL ? "Authorization" : "with the key");
}

const char *credentials_begin_session(struct arena *arena, const struct browsers *browsers,
                                      const struct credentials *credentials)
{
    const char *const said = credentials->authorization;
    if (credentials->by_cookie) {
        return NULL; /* replacing a session by itself would prolong it for ever */
    }
    sessions_end(browsers->sessions, credentials->session);
    const char *const number = said == NULL ? NULL : sessions_begin(browsers->sessions, arena, said);
    return number == NULL ? NULL
                          : arena_printf(arena, "%s=%s" ATTRIBUTES "%s",
                                         credentials->is_https ? SESSION_TLS_COOKIE : SESSION_COOKIE, number,
                                         credentials->is_https ? "; Secure" : "");
}

const char *credentials_end_session(const struct browsers *browsers, const struct credentials *credentials)
{
    sessions_end(browsers->sessions, credentials->session);
    return credentials->is_https ? SESSION_TLS_COOKIE "=; Max-Age=0" ATTRIBUTES "; Secure"
                                 : SESSION_COOKIE "=; Max-Age=0" ATTRIBUTES;
}
