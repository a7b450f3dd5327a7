/*
 * The node types of libpg_query's tree that only read, as data, and the walk that refuses all others.
 */
#ifndef WORKBENCH_NODES_H
#define WORKBENCH_NODES_H

#include "base/arena.h"
#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define ANY_ARGUMENTS (-1)

struct sql_name {
    const char *schema; /* "": unqualified */
    const char *name;
    int arguments; /* of a function: the number of arguments; ANY_ARGUMENTS: not known, or named arguments */
};

struct sql_names {
    struct sql_name *items;
    size_t count;
    size_t capacity;
    size_t *slots; /* hash table of indexes + 1; 0: free */
    size_t slot_count;
};

/* What a statement names; each name once, a function once for each number of arguments. */
struct sql_uses {
    struct sql_names functions;
    struct sql_names operators;
    struct sql_names types;
    struct sql_names relations;
    struct sql_names attributes; /* "a.f" may be f(a) */
};

struct statement_rules {
    size_t parameters; /* that were given: $1 to $n may be used */
};

struct nodes_walk {
    struct arena *arena; /* for copies of the names */
    const struct statement_rules *rules;
    struct sql_uses *uses; /* names are added here */
    struct status *status;
};

/* Walks the body of a SelectStmt. Fails, with the status of a refusal, at the first node or member that is not on the
 * list. */
bool nodes_walk(const struct nodes_walk *walk, json_t *select);

/* The same for any value: {"Type": {…}}, a list of these, or {} for nothing. */
bool nodes_walk_value(const struct nodes_walk *walk, json_t *value);

#endif
