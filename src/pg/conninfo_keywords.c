/*
 * The contents of a conninfo: libpq's keywords and their values.
 */
#include "pg/conninfo_reading.h"

#include <string.h>

const char *conninfo_value(const struct conninfo *conninfo, const char *keyword)
{
    for (size_t i = 0; i < conninfo->count; i++) {
        if (strcmp(conninfo->keywords[i], keyword) == 0) {
            return conninfo->values[i];
        }
    }
    return NULL;
}

struct conninfo conninfo_beside(struct arena *arena, const struct conninfo *conninfo, const char *database)
{
    struct conninfo other = *conninfo;
    const char *const slash = strrchr(conninfo->display, '/');
    size_t i = 0;
    while (i < other.count && strcmp(other.keywords[i], "dbname") != 0) {
        i++;
    }
    if (i < CONNINFO_KEYWORDS) {
        other.keywords[i] = "dbname";
        other.values[i] = database;
        other.count += i == other.count ? 1 : 0;
    }
    other.place.database = database;
    if (slash != NULL) {
        other.display = arena_printf(arena, "%.*s/%s", (int)(slash - conninfo->display), conninfo->display, database);
    }
    return other;
}

bool conninfo_set(struct reading *reading, const char *keyword, const char *value)
{
    struct conninfo *const conninfo = reading->conninfo;
    for (size_t i = 0; i < conninfo->count; i++) {
        if (strcmp(conninfo->keywords[i], keyword) == 0) {
            conninfo->values[i] = value;
            return true;
        }
    }
    if (conninfo->count == CONNINFO_KEYWORDS) {
        return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection URL has too many parameters.");
    }
    conninfo->keywords[conninfo->count] = keyword;
    conninfo->values[conninfo->count] = value;
    conninfo->count++;
    return true;
}

bool conninfo_is_yes(const char *value)
{
    return value[0] == '\0' || strcmp(value, "1") == 0 || text_is_nocase(text_of(value), "true") ||
           text_is_nocase(text_of(value), "t") || text_is_nocase(text_of(value), "on") ||
           text_is_nocase(text_of(value), "yes");
}
