/*
 * What a framework's list of a project warns of.
 */
#ifndef TESTS_UNIT_FRAMEWORK_WARNINGS_H
#define TESTS_UNIT_FRAMEWORK_WARNINGS_H

#include "unit/framework_project.h"

/* The warnings, a line each. */
static const char *warnings_of(const char *id)
{
    const struct migration_files files = list(folder_of(id));
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < files.warning_count; i++) {
        buffer_printf(&out, "%s\n", files.warnings[i]);
    }
    return buffer_string(&out);
}

static void has(const char *text, const char *part)
{
    ck_assert_msg(text != NULL && strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

#endif
