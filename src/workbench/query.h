/*
 * Runs a query through all four barriers and returns its first rows.
 */
#ifndef WORKBENCH_QUERY_H
#define WORKBENCH_QUERY_H

#include "workbench/columns.h"

struct query_request {
    struct text sql;
    const char *const *parameters;
    size_t parameter_count;
    bool as_lists; /* rows as lists instead of objects */
};

struct query_result {
    struct columns columns;
    const char **rows; /* JSON */
    size_t row_count;
    size_t capacity;
    double duration_ms;
    const char *truncated_by; /* "rows", "bytes"; NULL: complete */
    bool has_cut_value;       /* a value in the result was cut, whatever truncated_by says */
    const char *role;
    const char *warnings[3];
    size_t warning_count;
    struct workbench_target {
        const char *host;
        const char *port;
        const char *database;
        const char *user;
        const char *server_version;
        const char *project;     /* NULL: none */
        const char *environment; /* NULL: none */
    } target;
};

/* Fails with the call's status if the query is refused or fails. */
bool query_run(const struct workbench_call *call, const struct query_request *request, struct query_result *result);

/* The target of a session of the call; copies in its arena. */
struct workbench_target workbench_target_of(const struct workbench_call *call, const struct pg_session *session);

#endif
