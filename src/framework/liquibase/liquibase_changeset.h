/*
 * Makes a changeset of its tree node.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGESET_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_CHANGESET_H

#include "framework/liquibase/liquibase_change.h"
#include "framework/liquibase/liquibase_tree.h"

void liquibase_changeset_read(struct arena *arena, const struct tree_node *node, const struct liquibase_around *around,
                              struct liquibase_changeset *changeset);

/* Do the preconditions require only PostgreSQL? */
bool liquibase_preconditions_hold(struct arena *arena, const struct tree_node *preconditions,
                                  const struct liquibase_around *around);

/* "a AND (b or c)"; each may be NULL. */
const char *liquibase_join_contexts(struct arena *arena, const char *contexts, struct text more);
const char *liquibase_join_labels(struct arena *arena, const char *labels, struct text more);

#endif
