/*
 * Keys are written "section.key" or "a.b.c"; nothing is executed.
 */
#include "framework/core/configuration.h"

#include "base/words.h"
#include "framework/core/package.h"
#include "framework/core/unread.h"
#include "framework/formats/config.h"
#include "framework/formats/properties.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PARTS 8 /* of a key */

/* The words between the dots, NULL-terminated. */
static void split(struct arena *arena, const char *key, const char *parts[MOST_PARTS + 1])
{
    size_t count = 0;
    while (count < MOST_PARTS) {
        const size_t size = strcspn(key, ".");
        parts[count++] = arena_strndup(arena, key, size);
        if (key[size] == '\0') {
            break;
        }
        key += size + 1;
    }
    parts[count] = NULL;
}

static const char *value_of(struct arena *arena, enum configuration_format format, struct text content, const char *key)
{
    const char *parts[MOST_PARTS + 1];
    if (key == NULL) {
        return NULL;
    }
    split(arena, key, parts);
    switch (format) {
    case FORMAT_YAML:
        return config_yaml(arena, content, parts);
    case FORMAT_OBJECT:
        return property_string(arena, content, parts);
    case FORMAT_KEYS:
        break;
    }
    return parts[1] == NULL ? config_value(arena, content, NULL, parts[0])
                            : config_value(arena, content, parts[0], parts[1]);
}

/* An environment variable; NULL: not set, or not to be read. */
static const char *variable_of(const struct configuration *configuration, const struct folder *folder, const char *key)
{
    const bool is_asked = configuration->is_environment && folder->base[0] == '\0' && key != NULL;
    const char *const value = is_asked ? getenv(key) : NULL;
    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* The offset of a value that exists and cannot be read. */
static size_t unread(struct arena *arena, enum configuration_format format, struct text content, const char *key)
{
    const char *parts[MOST_PARTS + 1];
    if (key == NULL) {
        return SIZE_MAX;
    }
    split(arena, key, parts);
    return format == FORMAT_YAML     ? config_yaml_unread(arena, content, parts)
           : format == FORMAT_OBJECT ? property_unread(content, parts)
           : parts[1] == NULL        ? config_unread(arena, content, NULL, parts[0])
                                     : config_unread(arena, content, parts[0], parts[1]);
}

/* Notes computed values; returns true if there are any. */
static bool note_computed(struct arena *arena, const struct configuration *configuration, const char *name,
                          struct text content, struct folder *folder)
{
    const enum configuration_format format = configuration->format;
    const char *const keys[] = {configuration->table, configuration->schema};
    if (variable_of(configuration, folder, configuration->directory) == NULL) {
        unread_folder(arena, folder, (struct source_file){name, content},
                      unread(arena, format, content, configuration->directory), configuration->directory);
    }
    for (size_t i = 0; i < 2; i++) {
        if (variable_of(configuration, folder, keys[i]) == NULL) {
            unread_ledger(arena, folder, (struct source_file){name, content}, unread(arena, format, content, keys[i]),
                          keys[i]);
        }
    }
    return folder->unread != NULL || folder->unread_ledger != NULL;
}

/* A name without the quotes around it. */
static const char *bare(struct arena *arena, struct text name)
{
    const bool is_quoted = name.size > 1 && name.data[0] == '"' && name.data[name.size - 1] == '"';
    name = is_quoted ? text_slice(name, 1, name.size - 1) : name;
    return arena_strndup(arena, name.data, name.size);
}

void configuration_set_table(struct arena *arena, struct folder *folder, const char *name)
{
    const size_t dot = name == NULL ? 0 : strcspn(name, ".");
    if (name != NULL) {
        const bool has_schema = name[dot] == '.';
        folder->ledger.schema = has_schema ? bare(arena, (struct text){name, dot}) : NULL;
        folder->ledger.table = bare(arena, text_of(has_schema ? name + dot + 1 : name));
    }
}

/* Sets the folder's path, or paths if there may be several. */
static void take_directory(struct arena *arena, const struct configuration *configuration, struct folder *folder,
                           const char *directory)
{
    struct words others = {0};
    folder->path = NULL;
    for (const char *rest = directory; *rest != '\0';) {
        const size_t size = configuration->has_directories ? strcspn(rest, ",") : strlen(rest);
        const struct text one = text_trim((struct text){rest, size});
        const char *const path = path_join(arena, folder->base, arena_strndup(arena, one.data, one.size));
        if (one.size > 0 && folder->path == NULL) {
            folder->path = path;
        } else if (one.size > 0) {
            words_add(arena, &others, path);
        }
        rest += size + (rest[size] == ',' ? 1 : 0);
    }
    folder->others = others.count == 0 ? NULL : words_list(arena, &others);
}

/* The value of a key: from the environment, else from the file. */
static const char *said_of(struct arena *arena, const struct configuration *configuration, const struct folder *folder,
                           struct text content, const char *key)
{
    const char *const variable = variable_of(configuration, folder, key);
    return variable != NULL ? variable : value_of(arena, configuration->format, content, key);
}

bool configuration_read(struct arena *arena, const struct configuration *configuration, struct folder *folder)
{
    struct text content = {"", 0};
    const char *const name = folder_first_file(arena, folder, configuration->files);
    const bool has_file = name != NULL && folder_read(arena, folder, name, &content);
    if (!has_file && !configuration->is_environment) {
        return false;
    }
    const char *const directory = said_of(arena, configuration, folder, content, configuration->directory);
    const char *const table = said_of(arena, configuration, folder, content, configuration->table);
    const char *const schema = said_of(arena, configuration, folder, content, configuration->schema);
    const bool is_computed = has_file && note_computed(arena, configuration, name, content, folder);
    if (configuration->is_of_others && !is_computed && directory == NULL && table == NULL && schema == NULL) {
        return false;
    }
    take_directory(arena, configuration, folder, directory == NULL || folder->unread != NULL ? "" : directory);
    if (configuration->table_has_schema) {
        configuration_set_table(arena, folder, table);
    } else {
        folder->ledger.table = table;
    }
    folder->ledger.schema = schema != NULL ? schema : folder->ledger.schema;
    folder->evidence = has_file ? path_join(arena, folder->base, name) : "the environment";
    return true;
}
