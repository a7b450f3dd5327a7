/*
 * The value of an element in a changelog: with properties replaced, and whether it is for PostgreSQL.
 */
#include "framework/liquibase/liquibase_value.h"

#include "framework/core/script.h"

#include <string.h>

struct known {
    const struct liquibase_property *properties;
    size_t count;
};

/* ${:name} stands for a literal ${name}. */
static const char *value_of(void *data, struct arena *arena, struct text name)
{
    const struct known *const known = data;
    if (text_starts_with(name, ":")) {
        return arena_printf(arena, "${%.*s}", (int)name.size - 1, name.data + 1);
    }
    for (size_t i = 0; i < known->count; i++) {
        if (text_is(name, known->properties[i].name)) {
            return known->properties[i].value;
        }
    }
    return NULL;
}

struct text liquibase_expand(struct arena *arena, struct text text, const struct liquibase_property *properties,
                             size_t count)
{
    struct known known = {properties, count};
    const struct script_placeholders values = {
        .open = "${", .close = "}", .find = value_of, .data = &known, .lenient = true};
    struct status ignored = {.arena = arena};
    struct text filled = text;
    if (text_find(text, "${", 0) == SIZE_MAX || !script_fill(arena, text, &values, &filled, &ignored)) {
        return text;
    }
    return filled;
}

const char *liquibase_value(struct arena *arena, const struct tree_node *node, const char *name,
                            const struct liquibase_around *around)
{
    const struct text text = text_trim(
        liquibase_expand(arena, text_trim(tree_text(node, name)), around->properties, around->property_count));
    return text.size == 0 ? NULL : arena_strndup(arena, text.data, text.size);
}

bool liquibase_is_for_us(struct text dbms)
{
    bool has_others = false;
    while (dbms.size > 0) {
        const size_t comma = text_find(dbms, ",", 0);
        const struct text one = text_trim(text_slice(dbms, 0, comma));
        dbms = text_slice(dbms, comma == SIZE_MAX ? dbms.size : comma + 1, dbms.size);
        if (text_is_nocase(one, "!postgresql") || text_is_nocase(one, "none")) {
            return false;
        }
        if (text_is_nocase(one, "postgresql") || text_is_nocase(one, "all")) {
            return true;
        }
        has_others = has_others || (one.size > 0 && one.data[0] != '!');
    }
    return !has_others;
}
