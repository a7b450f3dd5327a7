/*
 * What a changelog says, with its properties replaced. Below all that reads changelogs.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_VALUE_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_VALUE_H

#include "framework/liquibase/liquibase_tree.h"

/* A value for ${name}; the first one of a name counts. */
struct liquibase_property {
    const char *name;
    const char *value;
};

/* What is around a changeset. */
struct liquibase_around {
    const char *path;     /* of its changelog, as the ledger has it */
    const char *contexts; /* "ctxA AND (x or y)", of the changelogs that include it; NULL: none */
    const char *labels;
    const char *reason; /* why none of the changelog's changesets can be run here; NULL: they can */
    const struct liquibase_property *properties;
    size_t property_count;
    /* Reads the file of a sqlFile; false where it cannot. */
    bool (*read)(void *data, const struct tree_node *change, struct text *content);
    void *data;
};

/* A text with the properties in it replaced; unknown ones stay. */
struct text liquibase_expand(struct arena *arena, struct text text, const struct liquibase_property *properties,
                             size_t count);

/* The text of a child with the properties replaced, trimmed; NULL where it has none. */
const char *liquibase_value(struct arena *arena, const struct tree_node *node, const char *name,
                            const struct liquibase_around *around);

/* Is this list ("postgresql, !h2") for PostgreSQL? */
bool liquibase_is_for_us(struct text dbms);

#endif
