/*
 * A dictionary, dict(…), .update(…) or an item of the dictionary; of strings, None and constants of the same file.
 */
#include "framework/coded/django_modules.h"

#include "framework/coded/code.h"
#include "framework/coded/python.h"

#include <stdint.h>
#include <string.h>

#define MOST_MODULES 1000
#define WORD         "MIGRATION_MODULES"

/* Takes the app and the module of a pair; an empty module is None. */
typedef void take_pair(void *taker, struct text app, struct text module);

struct pairs {
    struct text source;
    take_pair *take; /* NULL: they are only looked at */
    void *taker;
};

/* A string, None, or a constant that is one; returns false if it is computed. */
static bool read_module(const struct pairs *pairs, size_t *at, struct text *module)
{
    struct python_token token;
    if (!python_next(pairs->source, at, &token)) {
        return false;
    }
    *module = token.kind == PYTHON_STRING ? token.text
              : token.kind == PYTHON_NAME ? python_constant(pairs->source, token.text)
                                          : (struct text){0};
    return module->size > 0 || (token.kind == PYTHON_NAME && text_is(token.text, "None"));
}

/* 'shop': 'store.migrations' with the sign ":", shop='store.migrations' with "=". */
static bool read_pair(const struct pairs *pairs, size_t *at, const char *sign)
{
    struct python_token app;
    struct text module;
    const bool is_plain = python_next(pairs->source, at, &app) &&
                          app.kind == (strcmp(sign, ":") == 0 ? PYTHON_STRING : PYTHON_NAME) && app.text.size > 0 &&
                          python_takes(pairs->source, at, sign) && read_module(pairs, at, &module);
    if (is_plain && pairs->take != NULL) {
        pairs->take(pairs->taker, app.text, module);
    }
    return is_plain;
}

/* Pairs up to the bracket that closes. */
static bool read_pairs(const struct pairs *pairs, size_t *at, const char *sign, const char *close)
{
    while (!python_takes(pairs->source, at, close)) {
        if (!read_pair(pairs, at, sign) ||
            (!python_takes(pairs->source, at, ",") && !python_takes(pairs->source, &(size_t){*at}, close))) {
            return false;
        }
    }
    return true;
}

/* {'shop': …} or dict(shop=…) */
static bool read_dictionary(const struct pairs *pairs, size_t *at)
{
    if (python_takes(pairs->source, at, "{")) {
        return read_pairs(pairs, at, ":", "}");
    }
    return python_takes(pairs->source, at, "dict") && python_takes(pairs->source, at, "(") &&
           read_pairs(pairs, at, "=", ")");
}

/* ['shop'] = 'store.migrations'; what only reads an item changes nothing. */
static bool read_item(const struct pairs *pairs, size_t *at)
{
    struct python_token app;
    struct text module;
    size_t behind = *at;
    const bool is_plain = python_next(pairs->source, &behind, &app) && app.kind == PYTHON_STRING &&
                          python_takes(pairs->source, &behind, "]");
    if (!is_plain || !python_is_set(pairs->source, &behind)) {
        const size_t end = text_find(pairs->source, "]", *at);
        behind = end == SIZE_MAX ? pairs->source.size : end + 1;
        return !python_is_set(pairs->source, &behind);
    }
    if (!read_module(pairs, &behind, &module)) {
        return false;
    }
    if (pairs->take != NULL) {
        pairs->take(pairs->taker, app.text, module);
    }
    return true;
}

/* .update({…}) or .update(shop=…); what only reads them changes nothing. */
static bool read_call(const struct pairs *pairs, size_t *at)
{
    static const char *const changing[] = {"pop", "setdefault", "clear", "popitem", "__setitem__", NULL};
    struct python_token name;
    if (!python_next(pairs->source, at, &name)) {
        return true;
    }
    if (!text_is(name.text, "update")) {
        return !word_is_one_of(name.text, changing);
    }
    if (!python_takes(pairs->source, at, "(")) {
        return false;
    }
    return python_takes(pairs->source, &(size_t){*at}, "{") ? read_dictionary(pairs, at)
                                                            : read_pairs(pairs, at, "=", ")");
}

/* What follows the word at this offset; returns false if it is computed. */
static bool read_behind(const struct pairs *pairs, size_t at)
{
    if (python_takes(pairs->source, &at, ".")) {
        return read_call(pairs, &at);
    }
    if (python_takes(pairs->source, &at, "[")) {
        return read_item(pairs, &at);
    }
    return !python_is_set(pairs->source, &at) || read_dictionary(pairs, &at);
}

bool django_modules_are_plain(struct text behind, struct text content)
{
    return read_behind(&(const struct pairs){.source = content}, (size_t)(behind.data - content.data));
}

/* Where pairs are stored. */
struct store {
    struct arena *arena;
    struct django_modules *modules;
};

static void store_pair(void *taker, struct text app, struct text module)
{
    const struct store *const store = taker;
    struct django_modules *const modules = store->modules;
    const char *const name = arena_strndup(store->arena, app.data, app.size);
    char *const directory = module.size == 0 ? NULL : arena_strndup(store->arena, module.data, module.size);
    for (char *c = directory; c != NULL && *c != '\0'; c++) {
        *c = *c == '.' ? '/' : *c;
    }
    struct django_module *const known = django_module_of(modules, name);
    if (known != NULL) {
        known->directory = directory;
    } else if (modules->count == MOST_MODULES) {
        modules->unread = "The settings name more modules than are read in " WORD;
    } else {
        modules->items =
            arena_grow(store->arena, modules->items, modules->count, &modules->capacity, sizeof *modules->items);
        modules->items[modules->count++] = (struct django_module){.app = name, .directory = directory};
    }
}

void django_modules_read(struct arena *arena, const struct django_settings *settings, struct django_modules *modules)
{
    struct store store = {arena, modules};
    *modules = (struct django_modules){0};
    for (size_t i = 0; i < settings->count; i++) {
        const struct source_file *const file = &settings->files[i];
        const struct pairs pairs = {file->content, store_pair, &store};
        struct python_token token;
        for (size_t at = 0; python_next(file->content, &at, &token);) {
            if (token.kind == PYTHON_NAME && text_is(token.text, WORD) && !read_behind(&pairs, at)) {
                modules->unread =
                    arena_printf(arena, "%s, line %u, computes " WORD, file->name,
                                 text_position(file->content, (size_t)(token.text.data - file->content.data)).line);
            }
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
