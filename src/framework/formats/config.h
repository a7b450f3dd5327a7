/*
 * Plain values out of configuration files that are not JavaScript or JSON (properties.h has those): INI, TOML, Java
 * properties, and YAML as people write it for tools.
 */
#ifndef FRAMEWORK_FORMATS_CONFIG_H
#define FRAMEWORK_FORMATS_CONFIG_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"

/* "key = value", "key: value" or key=value below [section]; section NULL: in front of any. The last one counts, as it
 * does for the tools. Quotes around a value go; comments (# and ; at a line's start, # behind a blank) are passed over.
 * NULL where it is not there or empty. */
const char *config_value(struct arena *arena, struct text content, const char *section, const char *key);

/* The offset of such a value that says something and is not plain, or refers to what only its tool knows ("${DIR}",
 * "%(here)s", "<%= … %>"); SIZE_MAX: there is none. */
size_t config_unread(struct arena *arena, struct text content, const char *section, const char *key);

/* Every item of a value: of a list in brackets, also over several lines, or of what stands between these separators
 * (a value goes on behind a backslash, and in lines that are indented and no settings). */
struct words config_list(struct arena *arena, struct text content, const char *section, const char *key,
                         const char *separators);

/* The scalar at a path of keys of nested block mappings, of which a key may be several ("spring.flyway: …"); the first
 * item of a sequence where there is one. */
const char *config_yaml(struct arena *arena, struct text content, const char *const path[]);

/* config_unread and config_list of a path in YAML. */
size_t config_yaml_unread(struct arena *arena, struct text content, const char *const path[]);
struct words config_yaml_list(struct arena *arena, struct text content, const char *const path[]);

/* Every "key=value" whose key begins with the prefix, as pairs {key behind the prefix, value}; *count of them. For
 * placeholders. */
struct config_pair {
    const char *key;
    const char *value;
};
const struct config_pair *config_pairs(struct arena *arena, struct text content, const char *section,
                                       const char *prefix, size_t *count);

#endif
