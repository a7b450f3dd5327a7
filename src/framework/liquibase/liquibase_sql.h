/*
 * Liquibase's formatted SQL: a changelog in the comments of a script.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_SQL_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_SQL_H

#include "framework/liquibase/liquibase_tree.h"

/* Does the first line mark it as formatted SQL? */
bool liquibase_sql_is_formatted(struct text content);

/* Reads a file into the same tree as YAML would give: each changeSet has one change `sql`, whose text is an unchanged
 * part of the content, and a child `formatted`. */
bool liquibase_sql_read(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                        struct status *status);

/* Such a text with the lines that are not SQL (--rollback, --comment, …) blanked. */
struct text liquibase_sql_clean(struct arena *arena, struct text sql);

#endif
