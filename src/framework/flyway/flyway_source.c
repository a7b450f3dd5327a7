/*
 * The readers in formats/ read the keys of every format.
 */
#include "framework/flyway/flyway_source.h"

#include "framework/core/listing.h"
#include "framework/formats/config.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* "default-schema" for "defaultSchema", as Spring writes it. */
static const char *kebab(struct arena *arena, const char *key)
{
    struct buffer name = {.arena = arena};
    for (const char *c = key; *c != '\0'; c++) {
        buffer_puts(&name, isupper((unsigned char)*c) != 0 ? "-" : "");
        buffer_putc(&name, (char)tolower((unsigned char)*c));
    }
    return buffer_string(&name);
}

#define MOST_KEYS 4 /* of a path into YAML */

/* The path of a source's key in YAML: "spring", "flyway", key, NULL. */
static void yaml_path(struct arena *arena, const struct flyway_source *source, const char *key,
                      const char *path[MOST_KEYS + 2])
{
    size_t count = 0;
    for (const char *rest = source->section; *rest != '\0' && count < MOST_KEYS;) {
        const size_t size = strcspn(rest, ".");
        path[count++] = arena_strndup(arena, rest, size);
        rest += size + (rest[size] == '.' ? 1 : 0);
    }
    path[count] = key;
    path[count + 1] = NULL;
}

/* The text between <key> and </key>, from *at on; NULL: nothing. */
static const char *element(struct arena *arena, struct text content, const char *key, size_t *at)
{
    const char *const tag = arena_printf(arena, "<%s>", key);
    const size_t start = text_find(content, tag, *at);
    const size_t end = start == SIZE_MAX ? SIZE_MAX : text_find(content, arena_printf(arena, "</%s>", key), start);
    if (end == SIZE_MAX) {
        return NULL;
    }
    const struct text value = text_trim(text_slice(content, start + strlen(tag), end));
    *at = end;
    return value.size == 0 ? NULL : arena_strndup(arena, value.data, value.size);
}

static const char *value_as(struct arena *arena, struct text content, const struct flyway_source *source,
                            const char *key)
{
    size_t at = 0;
    const char *path[MOST_KEYS + 2];
    if (source->format == SOURCE_YAML) {
        yaml_path(arena, source, key, path);
        return config_yaml(arena, content, path);
    }
    return source->format == SOURCE_POM
               ? element(arena, content, key, &at)
               : config_value(arena, content, source->section, arena_printf(arena, "%s%s", source->prefix, key));
}

const char *flyway_value_of(struct arena *arena, struct text content, const struct flyway_source *source,
                            const char *key)
{
    const char *const value = value_as(arena, content, source, key);
    return value != NULL ? value : value_as(arena, content, source, kebab(arena, key));
}

bool flyway_is_empty(struct arena *arena, struct text content, const struct flyway_source *source, const char *key)
{
    const char *const keys[] = {key, kebab(arena, key)};
    const char *path[MOST_KEYS + 2];
    bool is = false;
    for (size_t i = 0; i < 2 && source->format == SOURCE_KEYS; i++) {
        is = is || config_is_empty(content, source->section, arena_printf(arena, "%s%s", source->prefix, keys[i]));
    }
    for (size_t i = 0; i < 2 && source->format == SOURCE_YAML; i++) {
        yaml_path(arena, source, keys[i], path);
        is = is || config_yaml_is_empty(content, path);
    }
    return is;
}

static struct words list_as(struct arena *arena, struct text content, const struct flyway_source *source,
                            const char *key)
{
    const char *path[MOST_KEYS + 2];
    if (source->format == SOURCE_YAML) {
        yaml_path(arena, source, key, path);
        return config_yaml_list(arena, content, path);
    }
    return config_list(arena, content, source->section, arena_printf(arena, "%s%s", source->prefix, key), ",");
}

struct words flyway_list_of(struct arena *arena, struct text content, const struct flyway_source *source,
                            const char *key, const char *one)
{
    struct words items = {0};
    size_t at = 0;
    if (source->format != SOURCE_POM) {
        items = list_as(arena, content, source, key);
        return items.count > 0 ? items : list_as(arena, content, source, kebab(arena, key));
    }
    for (const char *item; (item = element(arena, content, one, &at)) != NULL;) {
        words_add(arena, &items, item);
    }
    return items;
}

#define MOST_NAME  200  /* bytes of a placeholder's name */
#define MOST_PAIRS 1000 /* each costs a search in what is behind it */

/* The name of an element that opens at this offset; NULL: there is none. */
static const char *name_of_element(struct arena *arena, struct text text, size_t open)
{
    const struct text near = text_slice(text, open + 1, open + 1 + MOST_NAME);
    const size_t end = text_find(near, ">", 0);
    const struct text name = text_slice(near, 0, end == SIZE_MAX ? 0 : end);
    const bool is_name = name.size > 0 && strchr("/!", name.data[0]) == NULL && text_find(name, "<", 0) == SIZE_MAX;
    return is_name ? arena_strndup(arena, name.data, name.size) : NULL;
}

/* The elements below <placeholders>: "<name>value</name>". */
static const struct config_pair *elements(struct arena *arena, struct text content, size_t *count)
{
    struct config_pair *pairs = NULL;
    size_t capacity = 0;
    size_t at = 0;
    const char *const inner = element(arena, content, "placeholders", &at);
    const struct text text = text_of(inner);
    size_t tries = 0;
    for (size_t open = 0; tries < MOST_PAIRS && (open = text_find(text, "<", open)) != SIZE_MAX;) {
        const char *const name = name_of_element(arena, text, open);
        size_t behind = open;
        const char *const value = name == NULL ? NULL : element(arena, text, name, &behind);
        tries += name == NULL ? 0 : 1;
        if (value != NULL) {
            pairs = arena_grow(arena, pairs, *count, &capacity, sizeof *pairs);
            pairs[(*count)++] = (struct config_pair){name, value};
        }
        open = value == NULL ? open + 1 : behind;
    }
    return pairs;
}

const struct config_pair *flyway_placeholders_of(struct arena *arena, struct text content,
                                                 const struct flyway_source *source, size_t *count)
{
    static const char key[] = "placeholders";
    const char *path[MOST_KEYS + 2];
    size_t read = 0;
    const struct config_pair *found = NULL;
    *count = 0;
    if (source->format == SOURCE_YAML) {
        yaml_path(arena, source, key, path);
        found = config_yaml_pairs(arena, content, path, &read);
    } else if (source->format == SOURCE_POM) {
        found = elements(arena, content, &read);
    } else {
        found = config_pairs(arena, content, source->section, arena_printf(arena, "%s%s.", source->prefix, key), &read);
    }
    if (read == 0 && source->format == SOURCE_KEYS && source->section != NULL) { /* a table of its own */
        found = config_pairs(arena, content, arena_printf(arena, "%s.%s", source->section, key), "", &read);
    }
    struct config_pair *const kept = arena_array(arena, read, sizeof *kept);
    for (size_t i = 0; i < read; i++) {
        if (!config_is_computed(found[i].value)) {
            kept[(*count)++] = found[i];
        }
    }
    return kept;
}

const char *flyway_location_of(struct arena *arena, struct folder *folder, const char *said,
                               const struct source_file *file)
{
    static const char filesystem[] = "filesystem:";
    static const char classpath[] = "classpath:";
    static const char vendor[] = "{vendor}"; /* Spring's */
    const bool is_classpath = text_starts_with(text_of(said), classpath) || strchr(said, ':') == NULL;
    const char *path = said;
    path += text_starts_with(text_of(said), filesystem) ? strlen(filesystem) : 0;
    path += text_starts_with(text_of(said), classpath) ? strlen(classpath) : 0;
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    path += is_classpath && path[0] == '/' ? 1 : 0;
    const char *const at = strstr(path, vendor);
    if (at != NULL) {
        path = arena_printf(arena, "%.*spostgresql%s", (int)(at - path), path, at + strlen(vendor));
    }
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    path = arena_strndup(arena, path, size);
    if (strpbrk(path, "*?:(") != NULL || config_is_computed(path) || (path[0] == '/' && !is_classpath)) {
        const size_t offset = text_find(file->content, said, 0);
        unread_folder_because(arena, folder, *file, offset == SIZE_MAX ? 0 : offset,
                              arena_printf(arena, "names the location %s, which only flyway itself can find", said));
        return NULL;
    }
    const bool is_there =
        file_look(path_join(arena, path_join(arena, folder->root, folder->base), path), NULL) == FILE_DIRECTORY;
    return path_join(arena, folder->base,
                     is_classpath && !(strchr(said, ':') == NULL && is_there) ? path_join(arena, FLYWAY_RESOURCES, path)
                                                                              : path);
}
