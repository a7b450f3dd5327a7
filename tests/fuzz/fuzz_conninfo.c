/*
 * Connection URLs: whatever comes, no part of a password may get into what is shown.
 */
#include "pg/conninfo.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct conninfo conninfo;
    if (memchr(data, '\0', size) == NULL &&
        conninfo_parse(arena, arena_strndup(arena, (const char *)data, size), &conninfo, &status)) {
        const char *const password = conninfo_value(&conninfo, "password");
        const char *const user = conninfo_value(&conninfo, "user");
        const char *const host = conninfo_value(&conninfo, "host");
        /* A long password that is nothing else's text must not show. */
        const bool telling = password != NULL && strlen(password) > 8 &&
                             (user == NULL || strstr(user, password) == NULL) &&
                             (host == NULL || strstr(host, password) == NULL) &&
                             (conninfo_value(&conninfo, "dbname") == NULL ||
                              strstr(conninfo_value(&conninfo, "dbname"), password) == NULL);
        if (telling && strstr(conninfo.display, password) != NULL && strstr("postgresql://", password) == NULL) {
            abort();
        }
    }
    arena_free(arena);
    return 0;
}
