/*
 * The third and fourth wall of the workbench: a read-only transaction on a connection of its own, always rolled back,
 * under a role that may do least. What the first two let through comes here.
 */
#ifndef WORKBENCH_READONLY_H
#define WORKBENCH_READONLY_H

#include "workbench/statement.h"
#include "workbench/workbench.h"

struct readonly {
    const struct workbench_call *call;
    struct pg_session *session;
    struct conninfo *other; /* of another database: the session is not the pool's */
    struct running_query running;
    const char *role;
    const char *search_path; /* that the role's users expect */
    const char *schemas;
    bool is_superuser;  /* the role is one, */
    bool has_superuser; /* the login is one */
    const char *warnings[2];
    size_t warning_count;
};

/* Begins one whose statements take at most `ms`. False and the call's status where that cannot be; nothing is to be
 * ended then. */
bool readonly_begin(const struct workbench_call *call, uint32_t ms, struct readonly *reading);

/* Checks the statement's names against the server, and sets the search path for it. */
bool readonly_admits(struct readonly *reading, const struct sql_statement *statement);

/* Sets the search path for questions of our own: pg_catalog alone. */
bool readonly_look(struct readonly *reading);

/* What the statement gives, without running it. NULL where the server refuses it; the position is one of the whole
 * text. Behind readonly_admits only. */
PGresult *readonly_describe(struct readonly *reading, const struct sql_statement *statement);

/* Makes of the status of a statement that failed what a person is to read. `before`: characters that we put before the
 * query. */
void readonly_explain_failure(const struct readonly *reading, const struct sql_statement *statement, size_t before,
                              uint32_t ms);

/* Rolls back and gives the connection back. */
void readonly_end(struct readonly *reading);

#endif
