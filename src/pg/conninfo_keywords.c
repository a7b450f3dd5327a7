/*
 * The contents of a conninfo: libpq's keywords and their values.
 */
#include "pg/conninfo_reading.h"

#include <ctype.h>
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
    conninfo_put(&other, "dbname", database);
    other.place.database = database;
    if (slash != NULL) {
        other.display = arena_printf(arena, "%.*s/%s", (int)(slash - conninfo->display), conninfo->display, database);
    }
    return other;
}

bool conninfo_put(struct conninfo *conninfo, const char *keyword, const char *value)
{
    size_t i = 0;
    while (i < conninfo->count && strcmp(conninfo->keywords[i], keyword) != 0) {
        i++;
    }
    if (i == CONNINFO_KEYWORDS) {
        return false;
    }
    conninfo->keywords[i] = keyword;
    conninfo->values[i] = value;
    conninfo->count += i == conninfo->count ? 1 : 0;
    return true;
}

bool conninfo_set(struct reading *reading, const char *keyword, const char *value)
{
    return conninfo_put(reading->conninfo, keyword, value) ||
           status_fail(reading->status, STATUS_INVALID_ARGUMENT, "The connection URL has too many parameters.");
}

void conninfo_put_setting(struct buffer *options, const char *name, const char *value)
{
    buffer_printf(options, "%s-c %s=", options->size == 0 ? "" : " ", name);
    for (const char *c = value; *c != '\0'; c++) {
        if (isspace((unsigned char)*c) != 0 || *c == '\\') {
            buffer_putc(options, '\\');
        }
        buffer_putc(options, *c);
    }
}

bool conninfo_is_yes(const char *value)
{
    return value[0] == '\0' || strcmp(value, "1") == 0 || text_is_nocase(text_of(value), "true") ||
           text_is_nocase(text_of(value), "t") || text_is_nocase(text_of(value), "on") ||
           text_is_nocase(text_of(value), "yes");
}
