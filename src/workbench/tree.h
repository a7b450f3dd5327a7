/*
 * From the text of a query to its tree, however deep that is. libpg_query writes the tree as JSON, and "a + b + c + …"
 * and "… UNION ALL …" lean to the left: each term is a level. What lies deep is cut out, walked (nodes.h) and
 * forgotten, so that neither the reader of JSON nor the walk is deeper than a query that people write.
 */
#ifndef WORKBENCH_TREE_H
#define WORKBENCH_TREE_H

#include "base/text.h"
#include "workbench/nodes.h"

#define STATEMENT_LIMIT ((size_t)256 * 1024) /* bytes of a query */

/* The tree, for json_decref: {"stmts": [{"stmt": {…}, "stmt_location", "stmt_len"}, …]}. Its deep parts have been
 * walked by `walk`, and stand in it as {}. NULL and the walk's status (INVALID_ARGUMENT) where the text cannot be
 * parsed, or a deep part is refused. */
json_t *tree_read(const struct nodes_walk *walk, struct text text);

#endif
