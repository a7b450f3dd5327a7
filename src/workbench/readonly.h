/*
 * The third and fourth barriers of the workbench: a read-only transaction on a connection of its own, always rolled
 * back, under a role with the fewest rights. For statements that passed the first two.
 */
#ifndef WORKBENCH_READONLY_H
#define WORKBENCH_READONLY_H

#include "workbench/statement.h"
#include "workbench/workbench.h"

struct readonly {
    const struct workbench_call *call;
    struct pg_session *session;
    struct conninfo *other; /* for another database: the session is not the pool's */
    struct running_query running;
    const char *role;
    const char *search_path; /* that the role's users expect */
    const char *schemas;
    bool is_superuser;  /* the role is a superuser */
    bool has_superuser; /* the login is a superuser */
    const char *warnings[2];
    size_t warning_count;
};

/* Begins the transaction, with a statement timeout of `ms`. Fails with the call's status; then there is nothing to
 * end. */
bool readonly_begin(const struct workbench_call *call, uint32_t ms, struct readonly *reading);

/* Checks the statement's names on the server, and sets the search path for it. */
bool readonly_admits(struct readonly *reading, const struct sql_statement *statement);

/* Sets the search path for our own queries: pg_catalog alone. */
bool readonly_look(struct readonly *reading);

/* Describes the statement's result without running it. NULL if the server refuses it; the error position is in the
 * whole text. Only after readonly_admits. */
PGresult *readonly_describe(struct readonly *reading, const struct sql_statement *statement);

/* Makes the status of a failed statement readable for people. `before`: the number of characters that we put before the
 * query. */
void readonly_explain_failure(const struct readonly *reading, const struct sql_statement *statement, size_t before,
                              uint32_t ms);

/* Rolls back and returns the connection. */
void readonly_end(struct readonly *reading);

#endif
