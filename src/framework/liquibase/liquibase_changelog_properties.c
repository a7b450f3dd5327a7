/*
 * Properties of changelogs: the first value of a name counts, also in changelogs that are included later.
 */
#include "framework/liquibase/liquibase_changelog_walk.h"

#include <string.h>

void liquibase_property_add(struct liquibase_walk *walk, struct liquibase_property property)
{
    walk->properties = arena_grow(walk->arena, walk->properties, walk->property_count, &walk->property_capacity,
                                  sizeof *walk->properties);
    walk->properties[walk->property_count++] = property;
}

bool liquibase_property_read(struct liquibase_log *log, const struct tree_node *node)
{
    struct liquibase_walk *const walk = log->walk;
    struct arena *const arena = walk->arena;
    const char *const name = liquibase_value(arena, node, "name", &log->around);
    const char *const value = liquibase_value(arena, node, "value", &log->around);
    const char *const contexts = liquibase_value(arena, node, "contextFilter", &log->around);
    const char *const labels = liquibase_value(arena, node, "labels", &log->around);
    const char *const older = liquibase_value(arena, node, "context", &log->around);
    const bool is_local = !liquibase_bool(arena, node, "global", true, &log->around);
    if (!liquibase_is_for_us(arena, node, "dbms", &log->around) ||
        !liquibase_holds(contexts == NULL ? older : contexts, walk->settings->contexts) ||
        (labels != NULL && !liquibase_holds(walk->settings->labels, labels))) {
        return true;
    }
    if (name != NULL) {
        liquibase_property_add(walk, (struct liquibase_property){name, value == NULL ? "" : value, is_local});
    } else if (tree_child(node, "file") != NULL) {
        struct text content;
        size_t count;
        const char *const path = liquibase_log_path(log, node, "file");
        if (path == NULL || !liquibase_file_read(walk, path, &content, walk->status)) {
            return !liquibase_bool(arena, node, "errorIfMissing", true, &log->around);
        }
        const struct config_pair *const pairs = config_pairs(arena, content, NULL, "", &count);
        for (size_t i = 0; i < count; i++) {
            liquibase_property_add(walk, (struct liquibase_property){pairs[i].key, pairs[i].value, is_local});
        }
    }
    return true;
}

void liquibase_properties_drop(struct liquibase_walk *walk, size_t before)
{
    /* Changesets point to the old ones, so a copy is made. */
    const struct liquibase_property *const old = walk->properties;
    const size_t count = walk->property_count;
    bool has_local = false;
    for (size_t i = before; i < count; i++) {
        has_local = has_local || old[i].is_local;
    }
    if (!has_local) {
        return;
    }
    walk->properties = NULL;
    walk->property_count = walk->property_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        if (i < before || !old[i].is_local) {
            liquibase_property_add(walk, old[i]);
        }
    }
}
