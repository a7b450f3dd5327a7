/*
 * The second barrier of the workbench: checks what a statement's names mean on the server. A name stands for every
 * function or operator that it could resolve to, including look-alikes in other schemas of the search path; if one of
 * them may do more than read, the query is refused.
 *
 * Views, checks of domains, casts and row-level policies call functions that the query does not name. Those that users
 * made are checked as well: dangerous functions are refused there, too, and so is a user's VOLATILE function unless the
 * workbench's role can only read. Functions, called in any way, of a role with fewer rights than the workbench's login
 * are refused: STABLE and IMMUTABLE are merely their owner's claims.
 */
#ifndef WORKBENCH_POLICY_H
#define WORKBENCH_POLICY_H

#include "pg/session.h"
#include "workbench/statement.h"

struct policy_place {
    struct arena *arena;
    struct pg_session *session; /* in the read-only transaction, with pg_catalog alone as search path */
    const char *schemas;        /* of the query's search path, as a literal of name[] */
    bool allows_user_functions; /* allow STABLE and IMMUTABLE functions that belong to no extension */
    bool allows_foreign;        /* allow foreign tables */
    bool reads_only;            /* the role was configured for this and can do no more */
    bool is_expendable;         /* so was its login: another user's function could do little harm with it */
    const char *user;           /* whose rights a hidden function would have */
    const char *login;          /* and which user it could become: the session's login */
};

/* Fails with INVALID_ARGUMENT (reason FUNC) if one is refused. *unknown: a function that does not exist on the server,
 * NULL: none; the server will report it, or it has a meaning that was not checked. */
bool policy_check(const struct policy_place *place, const struct sql_uses *uses, const char **unknown,
                  struct status *status);

/* Refuses by names only, before anything is sent. */
bool policy_check_names(const struct sql_uses *uses, struct status *status);

#endif
