/*
 * A changelog of Liquibase as a tree of named nodes, whichever language it is written in: YAML, JSON (which Liquibase
 * itself reads as YAML) and XML by libyaml and expat here, formatted SQL by liquibase_sql.h. Says nothing of what the
 * nodes mean.
 */
#ifndef FRAMEWORK_LIQUIBASE_LIQUIBASE_TREE_H
#define FRAMEWORK_LIQUIBASE_LIQUIBASE_TREE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* An element, an attribute, a key: what is below it stands in the order of the file. Lists of YAML are not nodes of
 * their own: `changes: [{sql: …}, {sql: …}]` is a node with two children, as it is in XML. */
struct tree_node {
    const char *name;
    struct text text; /* its own, NUL-terminated; size 0 where it has none */
    size_t line;      /* of the text, else its own */
    struct tree_node *first;
    struct tree_node *last;
    struct tree_node *next;
};

/* Adds a child; text may be empty. */
struct tree_node *tree_add(struct arena *arena, struct tree_node *parent, const char *name, struct text text,
                           size_t line);

/* The first child of that name, and the next sibling of that name; NULL: none. */
const struct tree_node *tree_child(const struct tree_node *node, const char *name);
const struct tree_node *tree_next(const struct tree_node *node);

/* The text of a child; empty where there is none. */
struct text tree_text(const struct tree_node *node, const char *name);

/* "true" or not, or `otherwise` where there is no such child. */
bool tree_bool(const struct tree_node *node, const char *name, bool otherwise);

/* Reads a whole file, whose root the result has as its child. The message of a failure begins with the name. */
bool tree_read_yaml(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                    struct status *status);
bool tree_read_xml(struct arena *arena, const char *name, struct text content, struct tree_node *root,
                   struct status *status);

#endif
