/*
 * What the workbench works with for the life of a worker: its own connections, and what it was told it may do.
 */
#ifndef WORKBENCH_WORKBENCH_H
#define WORKBENCH_WORKBENCH_H

#include "base/status.h"
#include "pg/pool.h"
#include "workbench/running.h"

#define WORKBENCH_CONNECTIONS 4
#define WORKBENCH_ROWS        200
#define WORKBENCH_QUERY_MS    15000
#define WORKBENCH_EXPLAIN_MS  30000
#define WORKBENCH_EXPORT_MS   300000

struct exports;

struct workbench {
    const struct conninfo *conninfo; /* NULL: none is configured */
    const char *conninfo_error;      /* what to answer then */
    enum status_code conninfo_code;
    bool has_own_url;           /* the connection URL is the workbench's own (--sql-url) */
    const char *role;           /* taken for each query; NULL: the connection's own */
    bool allows_user_functions; /* STABLE and IMMUTABLE ones */
    bool allows_foreign_tables;
    const char *project;     /* the project's folder and */
    const char *environment; /* its environment, told with each target; NULL: none */
    struct pg_pool *pool;
    struct running *running;
    struct exports *exports;
};

/* One request's means. */
struct workbench_call {
    const struct workbench *workbench;
    struct arena *arena;
    struct status *status;
    int64_t deadline;
    const char *database; /* another one of the same server; "": the connection's */
    const char *query_id;
    bool (*is_wanted)(const void *asker); /* false: who asked has gone, and the query ends; NULL: always */
    const void *asker;
};

/* Why more could be done than reading, for a person; NULL: a role was given that only reads, as far as it was said. */
const char *workbench_warning(const struct workbench *workbench, struct arena *arena);

#endif
