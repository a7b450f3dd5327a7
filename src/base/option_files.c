/*
 * Configuration files: the operator's, which may set everything, and a project's truss.toml, written by the project's
 * author. It may say how its migrations are run, but not what is served to whom, which database is meant, or that its
 * code is to be started.
 */
#include "base/files.h"
#include "base/near.h"
#include "base/options.h"
#include "base/toml.h"

#include <string.h>

#define FILE_LIMIT ((size_t)1024 * 1024)

/* Tables of a project's file that are not options, and are read elsewhere. */
static const char *const others[] = {"framework."};

static bool is_of_others(const char *table)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strncmp(table, others[i], strlen(others[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_of_project(const char *key)
{
    return strncmp(key, "project.", strlen("project.")) == 0 || strncmp(key, "run.", strlen("run.")) == 0;
}

static const char *key_of(enum option_id id)
{
    return option_of(id)->key == NULL ? "" : option_of(id)->key;
}

/* A list becomes a text with commas. */
static const char *text_of_entry(struct arena *arena, const struct toml_entry *entry)
{
    struct buffer joined = {.arena = arena};
    for (size_t i = 0; i < entry->item_count; i++) {
        buffer_printf(&joined, "%s%s", i == 0 ? "" : ",", entry->items[i]);
    }
    return entry->kind == TOML_LIST ? buffer_string(&joined) : entry->value;
}

static bool fail_unknown(const char *place, const char *key, struct status *status)
{
    struct near near = {.wanted = text_of(key)};
    for (size_t i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
        near_try(&near, key_of((enum option_id)i));
    }
    return status_fail(status, STATUS_INVALID_ARGUMENT, "%s: there is no setting %s%s%s%s.", place, key,
                       near.name == NULL ? "" : "; did you mean ", near.name == NULL ? "" : near.name,
                       near.name == NULL ? "" : "?");
}

/* Several options may share a key: one of them must fit. A text must be quoted; a list is only for options that take
 * commas. */
static bool fits(const struct option *option, const struct toml_entry *entry)
{
    const bool is_text = option->kind == OPTION_TEXT || option->kind == OPTION_SECRET || option->kind == OPTION_CHOICE;
    const bool takes_list = is_text && option->argument != NULL && strstr(option->argument, "[,") != NULL;
    return entry->kind == TOML_LIST ? takes_list : !is_text || entry->kind == TOML_STRING;
}

static bool check_kinds(struct arena *arena, const struct toml *toml, const struct toml_entry *entry, const char *key,
                        struct status *status)
{
    bool fits_one = false;
    for (size_t i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
        fits_one =
            fits_one || (strcmp(key_of((enum option_id)i), key) == 0 && fits(option_of((enum option_id)i), entry));
    }
    return fits_one ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "%s: %s takes %s, not %s.", toml_place(arena, toml, entry), key,
                       entry->kind == TOML_LIST ? "one value" : "a text in quotes",
                       entry->kind == TOML_LIST ? "a list" : entry->value);
}

/* Sets all options with this key, of all programs. */
static bool take_entry(struct arena *arena, const struct toml *toml, const struct toml_entry *entry,
                       struct option_given given[OPTION_COUNT])
{
    const char *const key = arena_printf(arena, "%s%s%s", entry->table, entry->table[0] == '\0' ? "" : ".", entry->key);
    bool found = false;
    for (size_t i = OPTION_NONE + 1; i < OPTION_COUNT; i++) {
        if (strcmp(key_of((enum option_id)i), key) == 0) {
            given[i] = (struct option_given){
                .text = text_of_entry(arena, entry),
                .from = arena_printf(arena, "%s: %s", toml_place(arena, toml, entry), key),
            };
            found = true;
        }
    }
    return found;
}

bool options_read_file(struct arena *arena, const char *path, enum option_file whose,
                       struct option_given given[OPTION_COUNT], struct status *status)
{
    const bool is_projects = whose == OPTION_FILE_OF_PROJECT;
    struct text content;
    struct toml toml;
    if (is_projects && file_look(path, NULL) == FILE_NONE) {
        return true;
    }
    if (!file_read(arena, path, FILE_LIMIT, &content, status) || !toml_read(arena, path, content, &toml, status)) {
        return false;
    }
    for (size_t i = 0; i < toml.count; i++) {
        const struct toml_entry *const entry = &toml.entries[i];
        const char *const key = arena_printf(arena, "%s.%s", entry->table, entry->key);
        if (is_projects && is_of_others(entry->table)) {
            continue;
        }
        if (!take_entry(arena, &toml, entry, given)) {
            return fail_unknown(toml_place(arena, &toml, entry), key[0] == '.' ? key + 1 : key, status);
        }
        if (!check_kinds(arena, &toml, entry, key, status)) {
            return false;
        }
        if (is_projects && !is_of_project(key)) {
            return status_fail(status, STATUS_INVALID_ARGUMENT,
                               "%s: %s is not for a project to say; give it as an option, in the environment or in the "
                               "file of --config.",
                               toml_place(arena, &toml, entry), key);
        }
    }
    return true;
}
