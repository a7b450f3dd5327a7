/*
 * What a folder without a configuration has, and which settings a folder has.
 */
#include "framework/flyway/flyway_settings.h"

const struct flyway_settings flyway_usual = {
    .prefix = "V",
    .repeatable_prefix = "R",
    .baseline_prefix = "B",
    .separator = "__",
    .suffixes = (const char *const[]){".sql", NULL},
    .locations = (const char *const[]){NULL},
    .placeholder_prefix = "${",
    .placeholder_suffix = "}",
    .replaces = true,
    .ignores_future = true,
    .validates = true,
};

void flyway_note(struct arena *arena, struct flyway_settings *settings, const char *note)
{
    struct words all = {0};
    for (size_t i = 0; i < settings->notes.count; i++) {
        words_add(arena, &all, settings->notes.items[i]);
    }
    if (!words_have(&all, note)) {
        words_add(arena, &all, note);
    }
    settings->notes = all;
}

void flyway_note_folder(struct arena *arena, struct folder *folder, const char *note)
{
    struct flyway_settings *const settings = arena_alloc(arena, sizeof *settings);
    *settings = *flyway_settings_of(folder);
    flyway_note(arena, settings, note);
    folder->settings = settings;
}

bool flyway_is_utf8(const char *encoding)
{
    return text_is_nocase(text_of(encoding), "UTF-8") || text_is_nocase(text_of(encoding), "UTF8");
}

const struct flyway_settings *flyway_settings_of(const struct folder *folder)
{
    return folder->settings == NULL ? &flyway_usual : folder->settings;
}
