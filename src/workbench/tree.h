/*
 * Parses a query into its tree, however deep that is. libpg_query writes the tree as JSON, and "a + b + c + …" and "…
 * UNION ALL …" are nested to the left, a level for each term. Deep parts are cut out, walked (nodes.h) and dropped, so
 * that neither the JSON parser nor the walk goes deeper than in queries that people write.
 */
#ifndef WORKBENCH_TREE_H
#define WORKBENCH_TREE_H

#include "base/text.h"
#include "workbench/nodes.h"

#define STATEMENT_LIMIT ((size_t)256 * 1024) /* bytes of a query */

/* Returns the tree, for json_decref: {"stmts": [{"stmt": {…}, "stmt_location", "stmt_len"}, …]}. Its deep parts were
 * walked by `walk` and are replaced by {}. NULL with the walk's status (INVALID_ARGUMENT) if the text cannot be parsed,
 * or a deep part is refused. */
json_t *tree_read(const struct nodes_walk *walk, struct text text);

#endif
