/*
 * If several settings files name an app, the last one counts, in the order of the file names: base.py comes before
 * production.py.
 */
#include "framework/coded/django_modules.h"

#include "framework/coded/code.h"

#include "base/files.h"

#include <stdint.h>
#include <string.h>

#define SETTINGS_LIMIT ((size_t)256 * 1024)
#define MOST_MODULES   1000
#define WORD           "MIGRATION_MODULES"

/* The next pair of a dictionary: the quoted key, and the quoted module or None. Returns false at the end, or if it is
 * no such pair. */
static bool next_pair(struct text *rest, struct text *app, struct text *module)
{
    const struct text pair = text_trim(text_slice(*rest, 0, text_find(*rest, ",", 0)));
    const size_t colon = text_find(pair, ":", 0);
    if (colon == SIZE_MAX) {
        return false;
    }
    *app = text_trim(text_slice(pair, 0, colon));
    *module = text_trim(text_slice(pair, colon + 1, pair.size));
    const size_t comma = text_find(*rest, ",", 0);
    *rest = comma == SIZE_MAX ? (struct text){0} : text_slice(*rest, comma + 1, rest->size);
    return true;
}

/* The text between the quotes, if there is nothing else; empty otherwise. */
static struct text unquoted(struct text said)
{
    const bool is_quoted = said.size > 2 && strchr("'\"", said.data[0]) != NULL &&
                           said.data[said.size - 1] == said.data[0] &&
                           memchr(said.data + 1, said.data[0], said.size - 2) == NULL;
    return is_quoted ? text_slice(said, 1, said.size - 1) : (struct text){0};
}

/* The text between the braces after the word; returns false if no dictionary follows. */
static bool find_dictionary(struct text behind, struct text *inner)
{
    const size_t open = text_find(behind, "{", 0);
    const size_t close = open == SIZE_MAX ? SIZE_MAX : text_find(behind, "}", open);
    *inner = text_slice(behind, open == SIZE_MAX ? behind.size : open + 1, close);
    return close != SIZE_MAX && text_is(text_trim(text_slice(behind, 0, open)), "=");
}

bool django_modules_are_plain(struct text behind, struct text content)
{
    (void)content;
    struct text rest;
    struct text app;
    struct text module;
    bool is = find_dictionary(behind, &rest);
    while (is && text_trim(rest).size > 0) {
        is = next_pair(&rest, &app, &module) && unquoted(app).size > 0 &&
             (text_is(module, "None") || unquoted(module).size > 0);
    }
    return is;
}

static void add(struct arena *arena, struct django_modules *modules, struct text app, struct text module)
{
    const char *const name = arena_strndup(arena, app.data, app.size);
    char *const directory = module.size == 0 ? NULL : arena_strndup(arena, module.data, module.size);
    for (char *c = directory; c != NULL && *c != '\0'; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    struct django_module *const known = django_module_of(modules, name);
    if (known != NULL) {
        known->directory = directory;
        return;
    }
    if (modules->count == MOST_MODULES) {
        modules->unread = "The settings name more modules than are read in " WORD;
        return;
    }
    modules->items = arena_grow(arena, modules->items, modules->count, &modules->capacity, sizeof *modules->items);
    modules->items[modules->count++] = (struct django_module){.app = name, .directory = directory};
}

static void read_settings(struct arena *arena, const char *root, const char *path, struct django_modules *modules)
{
    struct status unread = {.arena = arena};
    struct text content;
    const char *const whole = path_join(arena, root, path);
    if (strstr(path, "test") != NULL || file_look(whole, NULL) != FILE_REGULAR ||
        !file_read(arena, whole, SETTINGS_LIMIT, &content, &unread)) {
        return;
    }
    buffer_add(&modules->read, content);
    struct text rest = content;
    bool is_computed = false;
    for (struct text line; !is_computed && text_next_line(&rest, &line);) {
        struct text app;
        struct text module;
        if (!text_starts_with(text_trim(line), WORD)) {
            continue;
        }
        const size_t at = (size_t)(line.data - content.data);
        const size_t word = text_find(content, WORD, at) + strlen(WORD);
        struct text inner;
        if (!django_modules_are_plain(text_slice(content, word, content.size), content)) {
            modules->unread = arena_printf(arena, "%s, line %u, computes " WORD, path, text_position(content, at).line);
            is_computed = true;
            continue;
        }
        find_dictionary(text_slice(content, word, content.size), &inner);
        while (modules->count <= MOST_MODULES && next_pair(&inner, &app, &module)) {
            add(arena, modules, unquoted(app), unquoted(module));
        }
    }
}

/* Reads settings.py of a directory, and the files in its directory "settings". */
static void read_directory(struct arena *arena, const char *root, const char *directory, struct django_modules *modules)
{
    const char *const below = path_join(arena, directory, "settings");
    struct status unread = {.arena = arena};
    struct file_list list;
    read_settings(arena, root, path_join(arena, directory, "settings.py"), modules);
    if (file_look(path_join(arena, root, below), NULL) == FILE_DIRECTORY &&
        directory_list(arena, path_join(arena, root, below), &list, &unread)) {
        for (size_t i = 0; i < list.count; i++) {
            if (text_ends_with(text_of(list.entries[i].name), ".py")) {
                read_settings(arena, root, path_join(arena, below, list.entries[i].name), modules);
            }
        }
    }
}

void django_modules_read(struct arena *arena, const char *root, struct django_modules *modules)
{
    struct status unread = {.arena = arena};
    struct file_list list;
    *modules = (struct django_modules){.read = {.arena = arena}};
    read_directory(arena, root, "", modules);
    if (!directory_list(arena, root, &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (list.entries[i].is_directory && list.entries[i].name[0] != '.') {
            read_directory(arena, root, list.entries[i].name, modules);
        }
    }
}

struct django_module *django_module_of(const struct django_modules *modules, const char *app)
{
    for (size_t i = 0; i < modules->count; i++) {
        if (strcmp(modules->items[i].app, app) == 0) {
            return &modules->items[i];
        }
    }
    return NULL;
}

bool django_modules_lack(const struct django_modules *modules, const char *directory)
{
    const struct text settings = buffer_text(&modules->read);
    const char *const slash = strrchr(directory, '/');
    return text_find(settings, "INSTALLED_APPS", 0) != SIZE_MAX &&
           code_find_word(settings, slash == NULL ? directory : slash + 1, 0) == SIZE_MAX;
}
