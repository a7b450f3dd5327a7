/*
 * Plain values from configuration files other than JavaScript and JSON (for those see properties.h): INI, TOML, Java
 * properties, and YAML as people write it for tools.
 */
#ifndef FRAMEWORK_FORMATS_CONFIG_H
#define FRAMEWORK_FORMATS_CONFIG_H

#include "base/arena.h"
#include "base/text.h"
#include "base/words.h"

/* The value of "key = value", "key: value" or key=value below [section]; section NULL: before any section. The last one
 * counts, as for the tools. Quotes around a value are removed, comments (# and ; at a line's start, # after a blank)
 * skipped. NULL if it is missing or empty. */
const char *config_value(struct arena *arena, struct text content, const char *section, const char *key);

/* Does a value refer to what only its tool knows ("${DIR}/sql", "%(here)s", "<%= … %>")? */
bool config_is_computed(const char *value);

/* The offset of such a value that is not plain, or is computed; SIZE_MAX: none. */
size_t config_unread(struct arena *arena, struct text content, const char *section, const char *key);

/* All items of a value: of a list in brackets, also over several lines, or separated by these characters (a value
 * continues after a backslash, and on indented lines that are no settings). */
struct words config_list(struct arena *arena, struct text content, const char *section, const char *key,
                         const char *separators);

/* The scalar at a path of keys in nested block mappings; a key in the file may combine several ("spring.flyway: …"). Of
 * a sequence the first item. */
const char *config_yaml(struct arena *arena, struct text content, const char *const path[]);

/* config_unread and config_list for a path in YAML. */
size_t config_yaml_unread(struct arena *arena, struct text content, const char *const path[]);
struct words config_yaml_list(struct arena *arena, struct text content, const char *const path[]);

/* Is the key there, without a value? */
bool config_is_empty(struct text content, const char *section, const char *key);
bool config_yaml_is_empty(struct text content, const char *const path[]);

/* All "key=value" whose key begins with the prefix, as pairs of the rest of the key and the value; *count is their
 * number. For placeholders. */
struct config_pair {
    const char *key;
    const char *value;
};
const struct config_pair *config_pairs(struct arena *arena, struct text content, const char *section,
                                       const char *prefix, size_t *count);

/* The scalars of the block mapping at a path in YAML, as such pairs in the file's order. */
const struct config_pair *config_yaml_pairs(struct arena *arena, struct text content, const char *const path[],
                                            size_t *count);

#endif
