/*
 * A changeset out of its node.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGESET_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGESET_H

#include "framework/liquibase/liquibase_change.h"
#include "framework/liquibase/liquibase_tree.h"

/* Of what is around it. */
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

void liquibase_changeset_read(struct arena *arena, const struct tree_node *node, const struct liquibase_around *around,
                              struct liquibase_changeset *changeset);

/* Do preconditions ask for nothing but PostgreSQL? */
bool liquibase_preconditions_hold(const struct tree_node *preconditions);

/* Is this list ("postgresql, !h2") for PostgreSQL? */
bool liquibase_is_for_us(struct text dbms);

/* "a AND (b or c)"; each may be NULL. */
const char *liquibase_join_contexts(struct arena *arena, const char *contexts, struct text more);
const char *liquibase_join_labels(struct arena *arena, const char *labels, struct text more);

/* The text of a child with the properties replaced, trimmed; NULL where it has none. */
const char *liquibase_value(struct arena *arena, const struct tree_node *node, const char *name,
                            const struct liquibase_around *around);

#endif
