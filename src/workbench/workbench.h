/*
 * The workbench during the life of a worker: its own connections, and what it is allowed to do.
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
    const char *conninfo_error;      /* the error in that case */
    enum status_code conninfo_code;
    bool has_own_url;           /* the connection URL is --sql-url */
    const char *role;           /* set for each query; NULL: the connection's own */
    bool allows_user_functions; /* STABLE and IMMUTABLE ones */
    bool allows_foreign_tables;
    const char *project;     /* the project's folder, for the target */
    const char *environment; /* its environment, for the target; NULL: none */
    struct pg_pool *pool;
    struct running *running;
    struct exports *exports;
};

/* One request and its means. */
struct workbench_call {
    const struct workbench *workbench;
    struct arena *arena;
    struct status *status;
    int64_t deadline;
    const char *database; /* another database on the server; "": the connection's */
    const char *query_id;
    /* Returns false if the caller has gone: the query is cancelled. NULL: always true. */
    bool (*is_wanted)(const void *asker);
    const void *asker;
};

/* Why the workbench could do more than read, a sentence for people; NULL: the configured role only reads, as far as
 * known. */
const char *workbench_warning(const struct workbench *workbench, struct arena *arena);

#endif
