/*
 * An app is named by its package ("shop.orders") or by a class of it ("shop.orders.apps.OrdersConfig"). Directories are
 * compared from their end, because "src" or "apps" may be on Python's path. Facts: django/apps/config.py of 3.2 to 5.
 */
#include "framework/coded/django_apps.h"

#include "base/files.h"
#include "base/words.h"
#include "framework/coded/code.h"
#include "framework/coded/python.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define WORD         "INSTALLED_APPS"
#define MOST_NAMES   5000
#define MOST_VALUES  500 /* lists that are read */
#define MOST_NESTING 8   /* of lists that name others */
#define APPS_LIMIT   ((size_t)256 * 1024)

/* ---- INSTALLED_APPS ---- */

struct collecting {
    struct arena *arena;
    struct django_apps *apps;
    size_t values;
};

static bool collect_named(struct collecting *collecting, struct text name, int nesting);

/* Takes the strings of the value at this offset. is_argument: it ends at a comma. Returns false if a part of it is
 * computed; so is a string to which another is added. */
static bool collect(struct collecting *collecting, struct text source, size_t at, bool is_argument, int nesting)
{
    struct python_token token;
    int depth = 0;
    bool goes_on = true;
    bool was_string = false;
    while (python_next(source, &at, &token) && (depth > 0 || goes_on || !token.begins_line)) {
        const char sign = token.kind == PYTHON_SIGN ? token.text.data[0] : '\0';
        if (was_string && sign == '+') {
            return false;
        }
        was_string = token.kind == PYTHON_STRING;
        goes_on = sign == '+';
        if (depth == 0 && (sign == ')' || sign == ';' || (is_argument && sign == ','))) {
            return true;
        }
        depth += sign == '[' || sign == '(' ? 1 : sign == ']' || sign == ')' ? -1 : 0;
        if (token.kind == PYTHON_STRING && collecting->apps->names.count < MOST_NAMES) {
            words_add(collecting->arena, &collecting->apps->names,
                      arena_strndup(collecting->arena, token.text.data, token.text.size));
        } else if (token.kind == PYTHON_NAME) {
            if (!text_is(token.text, "list") && !text_is(token.text, "tuple") &&
                !collect_named(collecting, token.text, nesting + 1)) {
                return false;
            }
        } else if (sign == '\0' || strchr("[](),+*", sign) == NULL) {
            return false;
        }
    }
    return true;
}

/* A method of a list, whose name is at this offset. Returns false if it is not known what the list has then. */
static bool collect_by_method(struct collecting *collecting, struct text source, size_t at, int nesting)
{
    struct python_token name;
    if (!python_next(source, &at, &name)) {
        return true;
    }
    if (text_is(name.text, "insert") && python_takes(source, &at, "(")) {
        const size_t comma = text_find(source, ",", at);
        return comma != SIZE_MAX && collect(collecting, source, comma + 1, true, nesting);
    }
    if (text_is(name.text, "append") || text_is(name.text, "extend")) {
        return python_takes(source, &at, "(") && collect(collecting, source, at, true, nesting);
    }
    return text_is(name.text, "index") || text_is(name.text, "count") || text_is(name.text, "copy");
}

/* What is done to the list of this name, other than to set it: LOCAL.append("blog"). */
static bool collect_done(struct collecting *collecting, struct text source, struct text name, int nesting)
{
    for (size_t at = 0; (at = python_find_name(source, name, at)) != SIZE_MAX;) {
        size_t behind = at;
        if (python_takes(source, &behind, "[") ||
            (python_takes(source, &behind, ".") &&
             (collecting->values++ > MOST_VALUES || !collect_by_method(collecting, source, behind, nesting)))) {
            return false;
        }
    }
    return true;
}

/* The same of a name that the settings set, in any of their files. */
static bool collect_named(struct collecting *collecting, struct text name, int nesting)
{
    const struct django_settings *const settings = collecting->apps->settings;
    bool is_found = text_is(name, WORD); /* is collected anyway */
    for (size_t i = 0; !text_is(name, WORD) && i < settings->count; i++) {
        const struct text source = settings->files[i].content;
        for (size_t at = 0; (at = python_find_set(source, name, at)) != SIZE_MAX;) {
            is_found = true;
            if (nesting > MOST_NESTING || collecting->values++ > MOST_VALUES ||
                !collect(collecting, source, at, false, nesting)) {
                return false;
            }
        }
        if (nesting > MOST_NESTING || !collect_done(collecting, source, name, nesting)) {
            return false;
        }
    }
    return is_found;
}

/* What follows the word INSTALLED_APPS at this offset. is_value: "=" is in front of it, so that the list may get
 * another name. */
static bool collect_behind(struct collecting *collecting, struct text source, size_t at, bool begins_line,
                           bool is_value)
{
    size_t behind = at;
    struct python_token next;
    if (python_takes(source, &at, ".")) {
        return collect_by_method(collecting, source, at, 0);
    }
    if (python_takes(source, &behind, "[") ||
        (is_value && (!python_next(source, &behind, &next) || next.begins_line || text_is(next.text, "=")))) {
        return false;
    }
    if (!python_is_set(source, &at)) {
        return true;
    }
    collecting->apps->is_told = true;
    return collect(collecting, source, at, !begins_line, 0);
}

/* Does a program set names in a way that cannot be read here: globals()["INSTALLED_APPS"], include("local.py") of
 * split_settings? */
static bool sets_unseen(struct text source, size_t at, const struct python_token *token)
{
    static const char *const calls[] = {"include", "exec", "execfile", "globals", "locals", "vars", NULL};
    return (token->kind == PYTHON_STRING && text_is(token->text, WORD)) ||
           (token->kind == PYTHON_NAME && word_is_one_of(token->text, calls) && python_takes(source, &at, "("));
}

void django_apps_read(struct arena *arena, const char *root, const struct django_settings *settings,
                      struct django_apps *apps)
{
    *apps = (struct django_apps){.root = root, .settings = settings};
    struct collecting collecting = {.arena = arena, .apps = apps};
    bool is_plain = settings->missing == NULL;
    for (size_t i = 0; i < settings->count; i++) {
        const struct text source = settings->files[i].content;
        struct python_token token;
        bool is_value = false;
        for (size_t at = 0; python_next(source, &at, &token);) {
            is_plain = is_plain && !sets_unseen(source, at, &token);
            if (token.kind == PYTHON_NAME && text_is(token.text, WORD)) {
                is_plain = collect_behind(&collecting, source, at, token.begins_line, is_value) && is_plain;
            }
            is_value = token.kind == PYTHON_SIGN && text_is(token.text, "=");
        }
    }
    apps->is_known = apps->is_told && is_plain && apps->names.count < MOST_NAMES;
}

/* ---- directories ---- */

/* What of the name is behind the directory's: "" for shop.orders of "src/shop/orders", "apps.OrdersConfig" for
 * shop.orders.apps.OrdersConfig. NULL: it names another one. */
static const char *rest_of(const char *name, const char *dotted)
{
    for (const char *end = dotted; end != NULL; end = strchr(end, '.'), end += end == NULL ? 0 : 1) {
        const size_t size = strlen(end);
        if (strncmp(name, end, size) == 0 && (name[size] == '\0' || name[size] == '.')) {
            return name[size] == '.' ? name + size + 1 : name + size;
        }
    }
    return NULL;
}

static const char *dotted_of(struct arena *arena, const char *directory)
{
    char *const dotted = arena_strdup(arena, directory);
    for (char *c = dotted; *c != '\0'; c++) {
        *c = *c == '/' ? '.' : *c;
    }
    return dotted;
}

static bool is_class(const char *name)
{
    const char *const dot = strrchr(name, '.');
    return isupper((unsigned char)(dot == NULL ? name : dot + 1)[0]) != 0;
}

/* Is what is behind the directory's name a class of the app, and not another app below it? */
static bool is_of_app(struct arena *arena, const char *root, const char *directory, const char *rest)
{
    const char *const dot = strchr(rest, '.');
    if (rest[0] == '\0' || !is_class(rest) || dot == NULL || strchr(dot + 1, '.') == NULL) {
        return rest[0] == '\0' || is_class(rest);
    }
    const char *const below = path_join(arena, directory, arena_strndup(arena, rest, (size_t)(dot - rest)));
    return file_look(path_join(arena, path_join(arena, root, below), "migrations"), NULL) != FILE_DIRECTORY;
}

/* What INSTALLED_APPS has behind the name of this directory; NULL: it does not name it. */
static const char *installed_as(struct arena *arena, const struct django_apps *apps, const char *directory)
{
    const char *const dotted = dotted_of(arena, directory);
    for (size_t i = 0; i < apps->names.count; i++) {
        const char *const rest = rest_of(apps->names.items[i], dotted);
        if (rest != NULL && is_of_app(arena, apps->root, directory, rest)) {
            return rest;
        }
    }
    return NULL;
}

enum django_installed django_app_state(struct arena *arena, const struct django_apps *apps, const char *directory)
{
    if (!apps->is_told || installed_as(arena, apps, directory) != NULL) {
        return DJANGO_INSTALLED;
    }
    return apps->is_known                                                       ? DJANGO_NOT_INSTALLED
           : django_settings_with(apps->settings, path_name(directory)) != NULL ? DJANGO_INSTALLED
                                                                                : DJANGO_PERHAPS;
}

bool django_apps_lead_to(struct arena *arena, const struct django_apps *apps, const char *directory)
{
    const char *const dotted = dotted_of(arena, directory);
    size_t i = 0;
    while (i < apps->names.count && rest_of(apps->names.items[i], dotted) == NULL) {
        i++;
    }
    return i < apps->names.count;
}

/* ---- labels ---- */

/* A class of a program, as far as it is about an app. */
struct app_class {
    struct text name;
    struct text bases;
    struct text label; /* empty: it says none */
    bool is_default;
    bool is_computed; /* the label is */
};

#define MOST_CLASSES 50

/* Reads a line inside of a class. */
static void read_member(struct text source, struct text line, struct app_class *one)
{
    size_t at = (size_t)(line.data - source.data);
    struct python_token token;
    if (!python_next(source, &at, &token) || token.kind != PYTHON_NAME || token.text.data >= line.data + line.size) {
        return;
    }
    const bool is_label = text_is(token.text, "label");
    const bool is_default = text_is(token.text, "default");
    if ((!is_label && !is_default) || !python_is_set(source, &at) || !python_next(source, &at, &token)) {
        return;
    }
    one->is_default = is_default ? text_is(token.text, "True") : one->is_default;
    if (is_label) {
        one->label = token.kind == PYTHON_STRING ? token.text
                     : token.kind == PYTHON_NAME ? python_constant(source, token.text)
                                                 : (struct text){0};
        one->is_computed = one->label.size == 0;
    }
}

/* The classes of a program that are configurations of apps. */
static size_t read_classes(struct text source, struct app_class *classes)
{
    size_t count = 0;
    struct text rest = source;
    bool is_inside = false;
    for (struct text line; text_next_line(&rest, &line);) {
        if (text_starts_with(line, "class ") && count < MOST_CLASSES) {
            const size_t open = text_find(line, "(", 0);
            const size_t name = strlen("class ");
            const struct text bases = text_slice(line, open == SIZE_MAX ? line.size : open, line.size);
            is_inside = text_find(bases, "Config", 0) != SIZE_MAX;
            if (is_inside) {
                classes[count++] = (struct app_class){.name = text_trim(text_slice(line, name, open)), .bases = bases};
            }
        } else if (is_inside && line.size > 0 && strchr(" \t", line.data[0]) != NULL) {
            read_member(source, line, &classes[count - 1]);
        } else {
            is_inside = is_inside && (line.size == 0 || line.data[0] == '#' || line.data[0] == '\r');
        }
    }
    return count;
}

/* The class that counts: the named one, the only one, or the one that is the default. NULL: none. */
static const struct app_class *choose(const struct app_class *classes, size_t count, const char *name)
{
    const struct app_class *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        if (name != NULL ? text_is(classes[i].name, name) : count == 1 || classes[i].is_default) {
            chosen = &classes[i];
        }
    }
    for (size_t i = 0; chosen != NULL && chosen->label.size == 0 && !chosen->is_computed && i < count; i++) {
        const bool is_base =
            &classes[i] != chosen && classes[i].name.size > 0 &&
            memmem(chosen->bases.data, chosen->bases.size, classes[i].name.data, classes[i].name.size) != NULL;
        chosen = is_base ? &classes[i] : chosen;
    }
    return chosen;
}

static bool read_program(struct arena *arena, const struct django_apps *apps, const char *path, struct text *source)
{
    struct status unread = {.arena = arena};
    const char *const whole = path_join(arena, apps->root, path);
    return file_look(whole, NULL) == FILE_REGULAR && file_read(arena, whole, APPS_LIMIT, source, &unread);
}

const char *django_label(struct arena *arena, const struct django_apps *apps, const char *directory,
                         const char **computed)
{
    const char *const usual = path_name(directory);
    const char *const said = installed_as(arena, apps, directory);
    const char *const dot = said == NULL ? NULL : strrchr(said, '.');
    const char *const name = said == NULL || said[0] == '\0' ? NULL : dot == NULL ? said : dot + 1;
    char *const module = dot == NULL ? arena_strdup(arena, name == NULL ? "apps" : "__init__")
                                     : arena_strndup(arena, said, (size_t)(dot - said));
    struct app_class classes[MOST_CLASSES];
    struct text source;
    for (char *c = module; *c != '\0'; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    const char *const path = path_join(arena, directory, module);
    const char *file = arena_printf(arena, "%s.py", path);
    if (!read_program(arena, apps, file, &source)) {
        file = path_join(arena, path, "__init__.py");
        if (!read_program(arena, apps, file, &source)) {
            return usual;
        }
    }
    const struct app_class *const one = choose(classes, read_classes(source, classes), name);
    if (one != NULL && one->is_computed) {
        *computed =
            arena_printf(arena, "%s computes the label of its app, which cannot be read without running it", file);
        return NULL;
    }
    return one == NULL || one->label.size == 0 ? usual : arena_strndup(arena, one->label.data, one->label.size);
}
