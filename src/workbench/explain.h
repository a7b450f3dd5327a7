/*
 * The plan of a query, as the server returns it and as a list of nodes.
 */
#ifndef WORKBENCH_EXPLAIN_H
#define WORKBENCH_EXPLAIN_H

#include "workbench/query.h"

/* A number that may be missing. */
struct plan_number {
    double value;
    bool is_known;
};

/* Texts are NULL if the server does not give them. */
struct plan_node {
    uint32_t depth;
    const char *node_type;
    const char *relation;
    const char *alias;
    const char *index;
    const char *join_type;
    const char *filter;
    struct plan_number startup_cost;
    struct plan_number total_cost;
    struct plan_number plan_rows;
    struct plan_number plan_width;
    struct plan_number actual_rows;
    struct plan_number actual_loops;
    struct plan_number actual_time;
    struct plan_number rows_removed;
    struct plan_number workers;
    struct plan_number buffers_hit;
    struct plan_number buffers_read;
    const char *raw; /* JSON */
};

struct explain_result {
    const char *plan; /* JSON */
    struct plan_node *nodes;
    size_t node_count;
    size_t capacity;
    struct plan_number execution_time;
    struct plan_number planning_time;
    const char *role;
    const char *warnings[3];
    size_t warning_count;
    struct workbench_target target;
};

struct explain_request {
    struct text sql; /* the query, or EXPLAIN of it */
    const char *const *parameters;
    size_t parameter_count;
    bool analyze;
};

/* Fails with the call's status if the query is refused or fails. */
bool explain_run(const struct workbench_call *call, const struct explain_request *request,
                 struct explain_result *result);

#endif
