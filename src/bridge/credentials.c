/*
 * The cookie is the token: the bridge keeps no sessions, and any of several bridges can read it.
 */
#include "bridge/credentials.h"

#include <string.h>
#include <strings.h>

#define COOKIE     "truss-token"
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

/* The value of our cookie among "a=b; c=d"; data is NULL where it is not there. */
static struct text cookie_of(struct text list)
{
    while (list.size > 0) {
        const size_t semicolon = text_find(list, ";", 0);
        const struct text pair = text_trim(text_slice(list, 0, semicolon));
        if (text_starts_with(pair, COOKIE "=")) {
            return text_slice(pair, strlen(COOKIE "="), pair.size);
        }
        list = semicolon == SIZE_MAX ? (struct text){0} : text_slice(list, semicolon + 1, list.size);
    }
    return (struct text){0};
}

bool credentials_read(const struct http_request *request, struct credentials *credentials, struct status *status)
{
    struct arena *const arena = request->arena;
    const char *const said = http_header(request, "Authorization");
    const char *const apikey = http_header(request, "apikey");
    const char *const key = apikey != NULL ? apikey : http_header(request, "x-api-key");
    const struct text cookie = cookie_of(text_of(http_header(request, "Cookie")));
    *credentials = (struct credentials){0};
    if (said != NULL) {
        credentials->authorization = arena_strdup(arena, said);
    } else if (key != NULL) {
        credentials->authorization = arena_printf(arena, "Bearer %s", key);
    } else if (cookie.size > 0) {
        credentials->authorization = arena_printf(arena, "Bearer %.*s", (int)cookie.size, cookie.data);
        credentials->by_cookie = true;
    }
    return credentials->authorization == NULL || is_plain(credentials->authorization) ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "The header %s has other than printable ASCII characters; leave them out.",
                       said != NULL ? "Authorization" : "with the key");
}

const char *credentials_cookie(struct arena *arena, const char *authorization, bool is_tls)
{
    static const char scheme[] = "Bearer ";
    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return NULL;
    }
    const struct text token = text_trim(text_of(authorization + strlen(scheme)));
    for (size_t i = 0; i < token.size; i++) {
        if (token.data[i] <= ' ' || token.data[i] > '~' || strchr("\",;\\", token.data[i]) != NULL) {
            return NULL;
        }
    }
    return token.size == 0 ? NULL
                           : arena_printf(arena, COOKIE "=%.*s" ATTRIBUTES "%s", (int)token.size, token.data,
                                          is_tls ? "; Secure" : "");
}

const char *credentials_no_cookie(bool is_tls)
{
    return is_tls ? COOKIE "=; Max-Age=0" ATTRIBUTES "; Secure" : COOKIE "=; Max-Age=0" ATTRIBUTES;
}
