/*
 * The values in a changelog, with properties replaced. Used by everything that reads changelogs.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_VALUE_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_VALUE_H

#include "framework/liquibase/liquibase_tree.h"

/* A value for ${name}; the first one of a name counts. */
struct liquibase_property {
    const char *name;  /* NULL: every name that no other property has (missingPropertyMode) */
    const char *value; /* NULL: it is computed; of every other name: liquibase stops at it */
    bool is_local;     /* only for its changelog and what that includes */
};

/* What surrounds a changeset. */
struct liquibase_around {
    const char *path;     /* of its changelog, as in the ledger */
    const char *contexts; /* "ctxA AND (x or y)", of the including changelogs; NULL: none */
    const char *labels;
    const char *reason; /* why none of the changelog's changesets can be run by us; NULL: they can */
    const struct liquibase_property *properties;
    size_t property_count;
    /* Reads the file of a sqlFile; returns false on failure. */
    bool (*read)(void *data, const struct tree_node *change, struct text *content);
    void *data;
};

/* A text with its properties replaced; unknown ones stay. */
struct text liquibase_expand(struct arena *arena, struct text text, const struct liquibase_property *properties,
                             size_t count);

/* The text of a child with properties replaced, trimmed; NULL: none. */
const char *liquibase_value(struct arena *arena, const struct tree_node *node, const char *name,
                            const struct liquibase_around *around);

/* What a child with properties replaced says; `otherwise` without it. */
bool liquibase_bool(struct arena *arena, const struct tree_node *node, const char *name, bool otherwise,
                    const struct liquibase_around *around);

/* Does the list in a child ("postgresql, !h2") include PostgreSQL? */
bool liquibase_is_for_us(struct arena *arena, const struct tree_node *node, const char *name,
                         const struct liquibase_around *around);

#endif
