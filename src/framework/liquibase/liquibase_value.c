/*
 * The value of an element in a changelog: with properties replaced, and whether it is for PostgreSQL.
 */
#include "framework/liquibase/liquibase_value.h"

#include <string.h>

#define MOST_DEPTH 16                /* of values in values */
#define MOST_VALUE ((size_t)1 << 20) /* that values in values make */

/* As ExpressionExpander.java does it: names in any case, values in values, and what is unknown stays. */
struct expansion {
    struct arena *arena;
    const struct liquibase_property *properties;
    size_t count;
    int depth;
    size_t made;
};

static const char *property_of(const struct expansion *expansion, struct text name)
{
    /* These are no properties of a changelog: liquibase sets them, or reads them as escaped. */
    const bool is_own = text_starts_with(name, "database.") || text_starts_with(name, ":");
    const char *otherwise = NULL;
    for (size_t i = 0; i < expansion->count; i++) {
        const struct liquibase_property *const property = &expansion->properties[i];
        if (property->name == NULL) {
            otherwise = is_own ? NULL : property->value;
        } else if (text_is_nocase(name, property->name)) {
            return property->value;
        }
    }
    return otherwise;
}

static void expand(struct expansion *expansion, struct text text, struct buffer *out)
{
    size_t done = 0;
    size_t end = 0;
    for (size_t at = text_find(text, "${", 0); at != SIZE_MAX; at = text_find(text, "${", at)) {
        end = end > at ? end : text_find(text, "}", at);
        if (end == SIZE_MAX) {
            break;
        }
        const struct text called = text_slice(text, at + 2, end);
        const size_t inner = text_find(called, "${", 0); /* of ${a${b}} only ${b} is one */
        const char *const value = inner == SIZE_MAX ? property_of(expansion, text_trim(called)) : NULL;
        if (value == NULL || expansion->depth >= MOST_DEPTH || expansion->made > MOST_VALUE) {
            at += 2;
            continue;
        }
        buffer_add(out, text_slice(text, done, at));
        expansion->depth++;
        expansion->made += strlen(value);
        expand(expansion, text_of(value), out);
        expansion->depth--;
        done = at = end + 1;
    }
    buffer_add(out, text_slice(text, done, text.size));
}

struct text liquibase_expand(struct arena *arena, struct text text, const struct liquibase_property *properties,
                             size_t count)
{
    struct expansion expansion = {.arena = arena, .properties = properties, .count = count};
    struct buffer out = {.arena = arena};
    if (count == 0 || text_find(text, "${", 0) == SIZE_MAX) {
        return text;
    }
    expand(&expansion, text, &out);
    return buffer_text(&out);
}

const char *liquibase_value(struct arena *arena, const struct tree_node *node, const char *name,
                            const struct liquibase_around *around)
{
    const struct text text = text_trim(
        liquibase_expand(arena, text_trim(tree_text(node, name)), around->properties, around->property_count));
    return text.size == 0 ? NULL : arena_strndup(arena, text.data, text.size);
}

bool liquibase_bool(struct arena *arena, const struct tree_node *node, const char *name, bool otherwise,
                    const struct liquibase_around *around)
{
    const char *const value = liquibase_value(arena, node, name, around);
    return value == NULL ? otherwise : strcasecmp(value, "true") == 0;
}

bool liquibase_is_for_us(struct arena *arena, const struct tree_node *node, const char *name,
                         const struct liquibase_around *around)
{
    const char *const listed = liquibase_value(arena, node, name, around);
    struct text dbms = text_of(listed == NULL ? "" : listed);
    bool has_all = false;
    bool has_none = false;
    bool has_us = false;
    bool has_others = false;
    while (dbms.size > 0) {
        const size_t comma = text_find(dbms, ",", 0);
        const struct text one = text_trim(text_slice(dbms, 0, comma));
        dbms = text_slice(dbms, comma == SIZE_MAX ? dbms.size : comma + 1, dbms.size);
        has_all = has_all || text_is_nocase(one, "all");
        has_none = has_none || text_is_nocase(one, "none") || text_is_nocase(one, "!postgresql");
        has_us = has_us || text_is_nocase(one, "postgresql");
        has_others = has_others || (one.size > 0 && one.data[0] != '!');
    }
    return has_all || (!has_none && (has_us || !has_others));
}
