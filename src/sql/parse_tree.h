/*
 * libpg_query's parse tree, as JSON. Where several node types are possible, a node is an object with one member,
 * {"RangeVar": {…}}, and "RangeVar" is its type, {…} its body; otherwise it is the bare body.
 *
 * All of it is borrowed from the tree. Members that are missing read as "", false, 0 and empty lists.
 */
#ifndef SQL_PARSE_TREE_H
#define SQL_PARSE_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

const char *tree_string(const json_t *body, const char *key);
bool tree_flag(const json_t *body, const char *key);
bool tree_is(const json_t *body, const char *key, const char *value);
json_int_t tree_integer(const json_t *body, const char *key);
size_t tree_count(const json_t *body, const char *key);

/* Does it have a member of one of these names, which are separated by spaces? */
bool tree_has_any(json_t *body, const char *keys);

/* The type and the body of a node; "" and NULL if it is none. */
const char *tree_node(json_t *node, json_t **body);

/* The body of a node of this kind; NULL for other kinds. */
const json_t *tree_body(const json_t *node, const char *kind);

/* The statement of a tree that has exactly one; NULL for others, and for NULL. */
json_t *tree_only_statement(const json_t *tree);

/* The string number `from_end` from the end of a list of names (0: the last); NULL if the list is shorter. */
const char *tree_name(const json_t *names, size_t from_end);

/* The body of the SelectStmt that gives a query its columns: of a UNION the first one; NULL for NULL. */
const json_t *tree_first_select(const json_t *select);

/* The DefElem of this name in a list of options; NULL if it is not given. */
const json_t *tree_option(const json_t *options, const char *name);

/* Is an option of VACUUM, REINDEX or EXPLAIN given and not switched off? */
bool tree_option_on(const json_t *options, const char *name);

/* Marks every RangeVar that names a query of a WITH where it is seen: by the statement that has the WITH, by the
 * queries behind it, and after RECURSIVE by all of them. The target of an INSERT, UPDATE, DELETE or MERGE is never one
 * (parse_cte.c, setTargetTable() of parse_clause.c). */
void tree_mark_ctes(json_t *tree);
/* Is this body of a RangeVar marked? */
bool tree_is_cte(const json_t *range);

/* Takes one object of a tree. key: the name of the member that it is; "" for an element of a list and for the root.
 * Returns false if the objects inside it are not to be visited. */
typedef bool (*tree_visitor)(void *data, const char *key, json_t *object);

/* Visits every object of the tree, each before the objects inside it, in the order of the text. */
void tree_walk(json_t *tree, tree_visitor visit, void *data);

#endif
