/*
 * Flyway turns the words in a variable's name into a key: FLYWAY_SQL_MIGRATION_PREFIX is sqlMigrationPrefix. An empty
 * variable is ignored.
 */
#include "framework/flyway/flyway_environment.h"

#include "base/words.h"
#include "framework/core/unread.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static const char before[] = "FLYWAY_";
static const char placeholders[] = "PLACEHOLDERS_";

/* Variables of the connection, which we set ourselves, and of the program itself, by their beginnings. */
static const char *const passed_over[] = {
    "URL",     "USER",  "PASSWORD", "DRIVER", "JDBC_PROPERTIES_", "EDITION", "LICENSE_KEY", "CONNECT_RETRIES", "HOME",
    "VERSION", "TOKEN", "EMAIL",    NULL,
};

static bool is_passed_over(const char *name)
{
    size_t i = 0;
    while (passed_over[i] != NULL && strncmp(name, passed_over[i], strlen(passed_over[i])) != 0) {
        i++;
    }
    return passed_over[i] != NULL;
}

/* "SQL_MIGRATION_PREFIX=W" gives "flyway.sqlMigrationPrefix=W"; after PLACEHOLDERS_, all the rest is the name. */
static void put_line(struct buffer *lines, const char *variable)
{
    const bool is_placeholder = strncmp(variable, placeholders, sizeof placeholders - 1) == 0;
    const char *c = variable + (is_placeholder ? sizeof placeholders - 1 : 0);
    buffer_puts(lines, is_placeholder ? "flyway.placeholders." : "flyway.");
    for (bool is_upper = false; *c != '\0' && *c != '='; c++) {
        if (*c == '_' && !is_placeholder) {
            is_upper = true;
            continue;
        }
        buffer_putc(lines, is_upper ? *c : (char)tolower((unsigned char)*c));
        is_upper = false;
    }
    buffer_puts(lines, c);
    buffer_putc(lines, '\n');
}

struct text flyway_environment(struct arena *arena, const struct folder *folder)
{
    struct buffer lines = {.arena = arena};
    for (char *const *one = environ; folder->base[0] == '\0' && one != NULL && *one != NULL; one++) {
        const char *const equals = strchr(*one, '=');
        if (strncmp(*one, before, sizeof before - 1) == 0 && equals != NULL && equals[1] != '\0' &&
            strchr(equals, '\n') == NULL && !is_passed_over(*one + sizeof before - 1)) {
            put_line(&lines, *one + sizeof before - 1);
        }
    }
    return buffer_text(&lines);
}

struct text flyway_environment_beside(struct arena *arena, struct folder *folder, const char *name, struct text content)
{
    const struct text lines = flyway_environment(arena, folder);
    if (lines.size == 0) {
        return content;
    }
    if (!text_ends_with(text_of(name), "flyway.conf")) {
        unread_folder_because(
            arena, folder, (struct source_file){name, content}, 0,
            arena_printf(arena,
                         "is changed by %s of the environment, which Truss applies only together with a flyway.conf",
                         arena_strndup(arena, lines.data, text_find(lines, "=", 0))));
        return content;
    }
    return text_of(arena_printf(arena, "%.*s\n%.*s", (int)content.size, content.data, (int)lines.size, lines.data));
}
