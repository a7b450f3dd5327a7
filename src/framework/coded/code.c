/*
 * Settings are searched for, not parsed: a value counts only if it is made of plain strings and of names that are known
 * in paths.
 */
#include "framework/coded/code.h"

#include "framework/coded/code_value.h"
#include "framework/formats/properties.h"

#include <stdint.h>
#include <string.h>

#define MOST_PARTS 64 /* of a path */

static bool find_value(struct arena *arena, struct text source, const char *key, struct value *value)
{
    size_t at = 0;
    for (int tries = 0; tries < MOST_TRIES && (at = value_find(source, key, at)) != SIZE_MAX; tries++) {
        if (value_read(arena, source, at, value)) {
            return true;
        }
    }
    return false;
}

const char *code_string(struct arena *arena, struct text source, const char *key)
{
    struct value value;
    return find_value(arena, source, key, &value) ? arena_strndup(arena, value.text.data, value.text.size) : NULL;
}

/* ---- directories ---- */

/* The path without ".", without ".." after a directory, and without the part that has a wildcard and all after it. NULL
 * if nothing is left, or if the path leads outside. */
static const char *plain_path(struct arena *arena, const char *path)
{
    struct text parts[MOST_PARTS];
    size_t count = 0;
    struct buffer plain = {.arena = arena};
    for (const char *part = path; *part != '\0' && count < MOST_PARTS;) {
        const struct text word = {part, strcspn(part, "/")};
        part += word.size + (part[word.size] == '/' ? 1 : 0);
        if (memchr(word.data, '*', word.size) != NULL || memchr(word.data, '{', word.size) != NULL) {
            break;
        }
        if (text_is(word, "..")) {
            if (count == 0) {
                return NULL;
            }
            count--;
        } else if (word.size > 0 && !text_is(word, ".")) {
            parts[count++] = word;
        }
    }
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&plain, i == 0 ? "" : "/");
        buffer_add(&plain, parts[i]);
    }
    return count == 0 ? NULL : buffer_string(&plain);
}

/* The path in the project that a value names; NULL if it is outside of it. */
static const char *path_said(struct arena *arena, const struct folder *folder, const char *file, const char *path,
                             bool is_beside)
{
    static const char *const roots[] = {"%%PHINX_CONFIG_DIR%%", "%kernel.project_dir%", NULL};
    const size_t root = strlen(folder->root);
    for (size_t i = 0; roots[i] != NULL; i++) {
        if (text_starts_with(text_of(path), roots[i])) {
            path += strlen(roots[i]);
            is_beside = i == 0;
            path += path[0] == '/' ? 1 : 0;
        }
    }
    if (path[0] == '/' && strncmp(path, folder->root, root) == 0 && path[root] == '/') {
        return plain_path(arena, path + root + 1);
    }
    const char *const from = is_beside ? path_join(arena, folder->base, path_above(arena, file)) : folder->base;
    return path[0] == '/' ? NULL : plain_path(arena, arena_printf(arena, "%s/%s", from, path));
}

static bool is_there(struct arena *arena, const struct folder *folder, const char *path)
{
    return file_look(path_join(arena, folder->root, path), NULL) == FILE_DIRECTORY;
}

/* For a directory of compiled files, where their sources are: those of "dist/migrations" are in src/migrations, or in
 * migrations. NULL: it is no such path, or the sources are not there. */
static const char *source_of(struct arena *arena, const struct folder *folder, const char *path)
{
    static const char *const compiled[] = {"dist/", "build/", "lib/", "out/", NULL};
    const char *const own = path_below(folder->base, path);
    for (size_t i = 0; compiled[i] != NULL; i++) {
        if (!text_starts_with(text_of(own), compiled[i])) {
            continue;
        }
        const char *const rest = own + strlen(compiled[i]);
        const char *const tries[] = {path_join(arena, folder->base, path_join(arena, "src", rest)),
                                     path_join(arena, folder->base, rest)};
        return is_there(arena, folder, tries[0]) ? tries[0] : is_there(arena, folder, tries[1]) ? tries[1] : NULL;
    }
    return NULL;
}

/* The values of one setting. */
struct values {
    struct value items[MOST_ITEMS + 1];
    size_t count;
    size_t at; /* the offset of the setting in its file */
};

/* Several directories: its tool takes the files of all of them for one folder, or the user is asked which is meant. */
static void take_several(struct arena *arena, struct folder *folder, const struct source_file *file, size_t at,
                         struct words *several)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < several->count; i++) {
        buffer_printf(&names, "%s%s", i == 0 ? "" : i == 1 ? " and " : ", ", several->items[i]);
    }
    if (folder->framework->folder.merges_folders) {
        folder->others = words_list(arena, several) + 1;
    } else {
        unread_folder_because(arena, folder, *file, at,
                              arena_printf(arena, "names several folders (%s), and only one can be read at a time",
                                           buffer_string(&names)));
    }
}

/* The directory that the values name, the first of several; NULL, with the reason in folder->unread, if there is none
 * in the project. */
static const char *one_directory(struct arena *arena, struct folder *folder, const struct source_file *file,
                                 const struct values *values)
{
    const char *said = NULL; /* one that exists, else the first */
    struct words several = {0};
    folder->others = NULL;
    for (size_t i = 0; i < values->count; i++) {
        const struct value *const value = &values->items[i];
        const char *const text = arena_strndup(arena, value->text.data, value->text.size);
        const bool is_beside = value->is_beside && text[0] != '\0';
        const char *path = path_said(arena, folder, file->name, is_beside ? text + strspn(text, "/") : text, is_beside);
        if (path == NULL) {
            unread_folder_because(arena, folder, *file, values->at,
                                  arena_printf(arena, "names %s, which is outside of the project", text));
            return NULL;
        }
        const char *const sources = source_of(arena, folder, path);
        path = sources != NULL ? sources : path;
        if (said == NULL || !is_there(arena, folder, said)) {
            said = said == NULL || is_there(arena, folder, path) ? path : said;
        } else if (strcmp(said, path) != 0 && is_there(arena, folder, path) && !words_have(&several, path)) {
            words_add(arena, &several, several.count == 0 ? said : path);
            if (several.count == 1) {
                words_add(arena, &several, path);
            }
        }
    }
    if (several.count > 0) {
        take_several(arena, folder, file, values->at, &several);
    }
    return said;
}

const char *code_directory(struct arena *arena, struct folder *folder, const char *file, struct text source,
                           const char *key)
{
    const struct source_file whole = {file, source};
    struct values values;
    size_t unread = SIZE_MAX;
    size_t at = 0;
    for (int tries = 0; tries < MOST_TRIES && (at = value_find(source, key, at)) != SIZE_MAX; tries++) {
        values.at = at;
        values.count = value_read_all(arena, source, at, values.items);
        if (values.count > 0) {
            return one_directory(arena, folder, &whole, &values);
        }
        unread = unread == SIZE_MAX ? at : unread;
    }
    unread_folder(arena, folder, whole, unread, key);
    return NULL;
}

const char *code_directory_behind(struct arena *arena, const struct folder *folder, const struct source_file *file,
                                  size_t at, const char *key)
{
    struct folder tried = *folder; /* its notes are about configurations */
    const size_t behind = at + strlen(key);
    const size_t next = code_find_word(file->content, key, behind);
    const struct text here = text_slice(file->content, at, next == SIZE_MAX ? next : next - strlen(key));
    const char *const path = code_directory(arena, &tried, file->name, here, key);
    size_t value = behind;
    while (value < file->content.size && strchr("'\" \t:=", file->content.data[value]) != NULL) {
        value++;
    }
    const struct text name = code_word(file->content, value);
    return path != NULL || name.size == 0
               ? path
               : code_directory(arena, &tried, file->name, file->content, arena_strndup(arena, name.data, name.size));
}

/* "migrations.directory" */
static const char *dotted(struct arena *arena, const char *const path[])
{
    struct buffer dotted = {.arena = arena};
    for (size_t i = 0; path[i] != NULL; i++) {
        buffer_printf(&dotted, "%s%s", i == 0 ? "" : ".", path[i]);
    }
    return buffer_string(&dotted);
}

const char *code_directory_of(struct arena *arena, struct folder *folder, const struct source_file *file,
                              const char *const path[], bool is_beside)
{
    struct values values;
    const char *said = NULL;
    size_t at = 0;
    for (int tries = 0; tries < MOST_ITEMS && (values.at = property_find(file->content, path, &at)) != SIZE_MAX;
         tries++) {
        values.count = value_read_all(arena, file->content, values.at, values.items);
        for (size_t i = 0; i < values.count; i++) {
            values.items[i].is_beside = values.items[i].is_beside || is_beside;
        }
        const char *const *const before = folder->others;
        const char *const one = values.count == 0 ? NULL : one_directory(arena, folder, file, &values);
        if (said != NULL && one != NULL && (before == NULL) != (folder->others == NULL)) {
            unread_folder_because(arena, folder, *file, values.at, "names other folders than another place");
        } else if (said != NULL && one != NULL && strcmp(said, one) != 0) {
            unread_folder_because(arena, folder, *file, values.at,
                                  arena_printf(arena, "names the folder %s, and another place %s", one, said));
        }
        said = said == NULL ? one : said;
    }
    if (said == NULL) {
        unread_folder(arena, folder, *file, property_unread(file->content, path), dotted(arena, path));
    }
    return said;
}

const char *code_path(struct arena *arena, struct text source, const char *const path[])
{
    struct value values[MOST_ITEMS + 1];
    size_t value;
    for (size_t at = 0; (value = property_find(source, path, &at)) != SIZE_MAX;) {
        if (value_read_all(arena, source, value, values) == 1) {
            const char *const text = arena_strndup(arena, values[0].text.data, values[0].text.size);
            return values[0].is_beside ? text + strspn(text, "/") : text;
        }
    }
    return NULL;
}

const char *const *code_texts(struct arena *arena, struct text source, const char *key, size_t *at)
{
    struct value values[MOST_ITEMS + 1];
    size_t count = 0;
    struct words texts = {0};
    *at = 0;
    for (int tries = 0; tries < MOST_TRIES && count == 0 && (*at = value_find(source, key, *at)) != SIZE_MAX; tries++) {
        count = value_read_all(arena, source, *at, values);
    }
    for (size_t i = 0; i < count; i++) {
        words_add(arena, &texts, buffer_string(&values[i].text));
    }
    return count == 0 ? NULL : words_list(arena, &texts);
}

const char *code_directory_at(struct arena *arena, const struct folder *folder, const char *file, const char *value)
{
    return value == NULL ? NULL : path_said(arena, folder, file, value, false);
}

/* Notes cases in which it is not clear which name counts: two places with different names (environments of a knexfile),
 * or an object that takes properties from another one ({ ...base }). */
static void note_doubts(struct arena *arena, struct folder *folder, const struct source_file *file,
                        const char *const path[])
{
    const char *const first = property_string(arena, file->content, path);
    size_t value;
    for (size_t at = 0; first != NULL && (value = property_find(file->content, path, &at)) != SIZE_MAX;) {
        struct value other;
        if (!value_read(arena, file->content, value, &other)) {
            unread_ledger(arena, folder, *file, value, dotted(arena, path));
        } else if (!text_is(buffer_text(&other.text), first)) {
            unread_ledger_because(
                arena, folder, *file, value,
                arena_printf(arena, "names %s, and another place %s", buffer_string(&other.text), first));
        }
    }
    const char *const parent[] = {path[0], NULL};
    for (size_t at = 0;
         path[1] != NULL && first == NULL && (value = property_find(file->content, parent, &at)) != SIZE_MAX;) {
        const struct text rest = text_slice(file->content, value, file->content.size);
        const size_t end = text_starts_with(rest, "{") ? text_find(rest, "}", 0) : SIZE_MAX;
        const size_t spread = end == SIZE_MAX ? SIZE_MAX : text_find(text_slice(rest, 0, end), "...", 0);
        unread_ledger(arena, folder, *file, spread == SIZE_MAX ? SIZE_MAX : value + spread, dotted(arena, path));
    }
}

const char *code_ledger_name(struct arena *arena, struct folder *folder, const char *file, struct text source,
                             const char *const path[])
{
    unread_ledger(arena, folder, (struct source_file){file, source}, property_unread(source, path),
                  dotted(arena, path));
    note_doubts(arena, folder, &(const struct source_file){file, source}, path);
    return property_string(arena, source, path);
}

const char *code_config(struct arena *arena, struct folder *folder, const char *const *names, struct text *source)
{
    const char *const name = folder_first_file(arena, folder, names);
    if (name == NULL || !folder_read(arena, folder, name, source)) {
        return NULL;
    }
    folder->evidence = path_join(arena, folder->base, name);
    return name;
}
