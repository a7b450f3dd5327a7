/*
 * A Liquibase changelog as a tree of named nodes, whatever its format: YAML, JSON (which Liquibase also reads as YAML)
 * and XML with libyaml and expat here, formatted SQL in liquibase_sql.h. Does not know what the nodes mean.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_TREE_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_TREE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* An element, attribute or key, with children in the order of the file. YAML lists are not separate nodes: `changes:
 * [{sql: …}, {sql: …}]` is a node with two children, as in XML. */
struct tree_node {
    const char *name;
    struct text text; /* its own, NUL-terminated; size 0: none */
    size_t line;      /* of the text, or of the node if it has none */
    struct tree_node *first;
    struct tree_node *last;
    struct tree_node *next;
};

/* Adds a child; text may be empty. */
struct tree_node *tree_add(struct arena *arena, struct tree_node *parent, const char *name, struct text text,
                           size_t line);

/* The first child with that name, and the next sibling with the same name; NULL: none. */
const struct tree_node *tree_child(const struct tree_node *node, const char *name);
const struct tree_node *tree_next(const struct tree_node *node);

/* The text of a child; empty if there is none. */
struct text tree_text(const struct tree_node *node, const char *name);

/* Is the child's text "true"? `otherwise` if there is no such child. */
bool tree_bool(const struct tree_node *node, const char *name, bool otherwise);

/* Parse a whole file; its root becomes a child of `root`. Error messages begin with the name. */
bool tree_read_yaml(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                    struct status *status);
bool tree_read_xml(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                   struct status *status);

#endif
