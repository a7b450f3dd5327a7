/*
 * Modules are searched for in the project's directory and in each directory of it: projects put "src" or "apps" on
 * Python's path.
 */
#include "framework/coded/django_settings.h"

#include "base/files.h"
#include "framework/coded/code.h"
#include "framework/coded/python.h"
#include "framework/core/inner_path.h"

#include <stdint.h>
#include <string.h>

#define SETTINGS_LIMIT ((size_t)256 * 1024)
#define MOST_FILES     100 /* of settings, with all that they import */

struct search {
    struct arena *arena;
    const char *root;
    struct file_list above; /* what is in the project's directory */
    size_t at;              /* where the next file comes in the list; SIZE_MAX: at its end */
    struct django_settings *settings;
};

static bool read_file(const struct search *search, const char *path, struct text *content)
{
    struct status unread = {.arena = search->arena};
    const char *const whole = path_join(search->arena, search->root, path);
    return file_look(whole, NULL) == FILE_REGULAR && file_read(search->arena, whole, SETTINGS_LIMIT, content, &unread);
}

/* Reads a file unless it was read; returns whether it is there. */
static bool add_file(const struct search *search, const char *path)
{
    struct django_settings *const settings = search->settings;
    struct source_file file = {.name = path};
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->files[i].name, path) == 0) {
            return true;
        }
    }
    if (settings->count == MOST_FILES || !read_file(search, path, &file.content)) {
        const char *const whole = path_join(search->arena, search->root, path);
        if (settings->missing == NULL && file_look(whole, NULL) == FILE_REGULAR) {
            settings->missing = path; /* too large, not to be read, or one too many */
        }
        return false;
    }
    settings->files =
        arena_grow(search->arena, settings->files, settings->count, &settings->capacity, sizeof *settings->files);
    const size_t at = search->at < settings->count ? search->at : settings->count;
    memmove(&settings->files[at + 1], &settings->files[at], (settings->count - at) * sizeof file);
    settings->files[at] = file;
    settings->count++;
    return true;
}

/* "tests/settings.py", "settings/test.py", "settings_test.py"; not "contest/settings.py". */
static bool is_of_tests(const char *path)
{
    bool is = false;
    for (const char *at = path; !is && (at = strstr(at, "test")) != NULL; at++) {
        is = at == path || strchr("/_", at[-1]) != NULL;
    }
    return is;
}

/* The files in a directory of settings. */
static void add_directory(const struct search *search, const char *directory)
{
    struct status unread = {.arena = search->arena};
    struct file_list list;
    const char *const whole = path_join(search->arena, search->root, directory);
    if (file_look(whole, NULL) != FILE_DIRECTORY || !directory_list(search->arena, whole, &list, &unread)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *const path = path_join(search->arena, directory, list.entries[i].name);
        if (text_ends_with(text_of(list.entries[i].name), ".py") && !is_of_tests(path)) {
            add_file(search, path);
        }
    }
}

/* settings.py of a directory, and the files in its directory "settings". */
static void add_usual(const struct search *search, const char *directory)
{
    const char *const path = path_join(search->arena, directory, "settings.py");
    if (!is_of_tests(path)) {
        add_file(search, path);
    }
    add_directory(search, path_join(search->arena, directory, "settings"));
}

/* Adds the module "a/b" (a/b.py, or the package a/b) of this directory. Returns whether it is there. */
static bool add_module_in(const struct search *search, const char *directory, const char *module)
{
    const char *const path = path_join(search->arena, directory, module);
    return add_file(search, arena_printf(search->arena, "%s.py", path)) ||
           add_file(search, path_join(search->arena, path, "__init__.py"));
}

/* The same for "a.b", in any directory that may be on Python's path. */
static bool add_module(const struct search *search, struct text name)
{
    char *const module = arena_strndup(search->arena, name.data, name.size);
    for (char *c = module; *c != '\0'; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    bool is_there = module[0] != '/' && add_module_in(search, "", module);
    for (size_t i = 0; !is_there && module[0] != '/' && i < search->above.count; i++) {
        const struct file_entry *const entry = &search->above.entries[i];
        is_there = entry->is_directory && entry->name[0] != '.' && add_module_in(search, entry->name, module);
    }
    return is_there;
}

/* ---- what names them ---- */

/* The module behind DJANGO_SETTINGS_MODULE in a program: os.environ.setdefault("DJANGO_SETTINGS_MODULE", "a.b"). */
static void add_named(const struct search *search, const char *path)
{
    static const char word[] = "DJANGO_SETTINGS_MODULE";
    struct text content;
    struct python_token token;
    if (!read_file(search, path, &content)) {
        return;
    }
    for (size_t at = 0; (at = text_find(content, word, at)) != SIZE_MAX;) {
        at += strlen(word) + 1; /* behind its quote */
        while (python_next(content, &at, &token) && token.kind == PYTHON_SIGN && strchr(",]=)", token.text.data[0])) {
        }
        if (token.kind == PYTHON_STRING && token.text.size > 0 && add_module(search, token.text) &&
            search->settings->module == NULL) {
            search->settings->module = arena_strndup(search->arena, token.text.data, token.text.size);
        }
    }
}

static void add_named_in(const struct search *search, const char *directory)
{
    static const char *const programs[] = {"manage.py", "wsgi.py", "asgi.py", "cli.py", "__main__.py", NULL};
    for (size_t i = 0; programs[i] != NULL; i++) {
        add_named(search, path_join(search->arena, directory, programs[i]));
    }
}

/* ---- what they import ---- */

/* "a/b" of ".b" in a/settings.py, and so on with more points; NULL if it leads out of the project. */
static const char *relative(struct arena *arena, const char *file, struct text module)
{
    struct buffer path = {.arena = arena};
    buffer_puts(&path, path_above(arena, file));
    size_t at = 1;
    for (; at < module.size && module.data[at] == '.'; at++) {
        buffer_puts(&path, "/..");
    }
    for (; at < module.size; at++) {
        if (module.data[at] == '.' || module.data[at - 1] == '.') {
            buffer_putc(&path, '/');
        }
        if (module.data[at] != '.') {
            buffer_putc(&path, module.data[at]);
        }
    }
    const char *const whole = buffer_string(&path);
    return inner_path(arena, whole[0] == '/' ? whole + 1 : whole);
}

static bool is_of_libraries(struct text module)
{
    static const char *const names[] = {
        "os", "sys", "pathlib", "typing", "datetime", "decimal", "split_settings.tools"};
    bool is = text_starts_with(module, "django.");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        is = is || text_is(module, names[i]);
    }
    return is;
}

/* Does what follows "import" take INSTALLED_APPS, or all? names: up to the end of the program. */
static bool takes_apps(struct text names)
{
    const size_t end = text_find(names, text_starts_with(names, "(") ? ")" : "\n", 0);
    return text_starts_with(names, "*") ||
           code_find_word(text_slice(names, 0, end == SIZE_MAX ? names.size : end), "INSTALLED_APPS", 0) != SIZE_MAX;
}

/* An import that begins with this line: "from .base import *". */
static void add_import(const struct search *search, const struct source_file *file, struct text line)
{
    const size_t end = text_find(line, " import ", 0);
    const struct text module = text_trim(text_slice(line, strlen("from "), end == SIZE_MAX ? 0 : end));
    if (module.size == 0 || memchr(module.data, ' ', module.size) != NULL || is_of_libraries(module)) {
        return;
    }
    const size_t start = (size_t)(line.data - file->content.data) + end + strlen(" import ");
    const struct text names = text_slice(file->content, code_skip_blanks(file->content, start), file->content.size);
    const char *const path = module.data[0] == '.' ? relative(search->arena, file->name, module) : NULL;
    const bool is_there = module.data[0] != '.'
                              ? add_module(search, module)
                              : path != NULL && (strcmp(path, ".") == 0 ? add_file(search, "__init__.py")
                                                                        : add_module_in(search, "", path));
    if (!is_there && takes_apps(names) && search->settings->missing == NULL) {
        search->settings->missing = arena_strndup(search->arena, module.data, module.size);
    }
}

/* A line that imports. What is written in another way than usual ("try: from .local import *", a line that goes on
 * behind "\") is not followed. */
static void add_line(const struct search *search, const struct source_file *file, struct text line)
{
    const bool is_usual = text_starts_with(line, "from ");
    const bool is_odd = is_usual ? text_ends_with(line, "\\") && text_find(line, " import ", 0) == SIZE_MAX
                                 : text_find(line, " import *", 0) != SIZE_MAX;
    if (is_usual && !is_odd) {
        add_import(search, file, line);
    } else if (is_odd && line.data[0] != '#' && search->settings->missing == NULL) {
        search->settings->missing = arena_strndup(search->arena, line.data, line.size);
    }
}

/* What is imported comes before what imports it, which may set the same again. */
static void add_imports(struct search *search)
{
    const struct django_settings *const settings = search->settings;
    for (size_t i = 0; i < settings->count;) {
        const struct source_file file = settings->files[i];
        const size_t before = settings->count;
        struct text rest = file.content;
        search->at = i;
        for (struct text line; text_next_line(&rest, &line);) {
            add_line(search, &file, text_trim(line));
        }
        i += settings->count == before ? 1 : 0; /* else what came in front of it is next */
    }
}

/* A program that is a whole project: settings.configure(INSTALLED_APPS=[…]). */
static void add_program(const struct search *search, const char *name)
{
    struct text content;
    if (text_ends_with(text_of(name), ".py") && read_file(search, name, &content) &&
        text_find(content, "settings.configure(", 0) != SIZE_MAX) {
        add_file(search, name);
    }
}

void django_settings_read(struct arena *arena, const char *root, struct django_settings *settings)
{
    struct status unread = {.arena = arena};
    struct search search = {.arena = arena, .root = root, .at = SIZE_MAX, .settings = settings};
    *settings = (struct django_settings){0};
    if (!directory_list(arena, root, &search.above, &unread)) {
        return;
    }
    add_usual(&search, "");
    add_named_in(&search, "");
    for (size_t i = 0; i < search.above.count; i++) {
        const struct file_entry *const entry = &search.above.entries[i];
        if (entry->is_directory && entry->name[0] != '.') {
            add_usual(&search, entry->name);
            add_named_in(&search, entry->name);
        }
    }
    for (size_t i = 0; settings->count == 0 && i < search.above.count; i++) {
        add_program(&search, search.above.entries[i].name);
    }
    add_imports(&search);
}

const struct source_file *django_settings_with(const struct django_settings *settings, const char *word)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (code_find_word(settings->files[i].content, word, 0) != SIZE_MAX) {
            return &settings->files[i];
        }
    }
    return NULL;
}
