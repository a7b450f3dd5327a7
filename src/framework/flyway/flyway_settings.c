/*
 * What a folder without a configuration has, and which settings a folder has.
 */
#include "framework/flyway/flyway_settings.h"

const struct flyway_settings flyway_usual = {
    .prefix = "V",
    .repeatable_prefix = "R",
    .separator = "__",
    .suffixes = (const char *const[]){".sql", NULL},
    .locations = (const char *const[]){NULL},
    .placeholder_prefix = "${",
    .placeholder_suffix = "}",
    .replaces = true,
    .ignores_future = true,
};

bool flyway_is_utf8(const char *encoding)
{
    return text_is_nocase(text_of(encoding), "UTF-8") || text_is_nocase(text_of(encoding), "UTF8");
}

const struct flyway_settings *flyway_settings_of(const struct folder *folder)
{
    return folder->settings == NULL ? &flyway_usual : folder->settings;
}
