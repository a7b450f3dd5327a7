/*
 * The second wall of the workbench: what a statement's names mean on the server. A name stands for every function or
 * operator that it could be taken for, a look-alike in another schema of the search path among them; one that may do
 * more than read refuses the query.
 *
 * Views, checks of domains, casts and row level policies call functions that no name in the query shows. They are
 * looked at as well, where they are the users' own: what is dangerous by itself is refused there too, and a VOLATILE
 * function of a user unless the role of the workbench is one that only reads. So are functions, whatever they are
 * called by, of somebody who may do less than the workbench's login: STABLE and IMMUTABLE are what their owner says of
 * them.
 */
#ifndef WORKBENCH_POLICY_H
#define WORKBENCH_POLICY_H

#include "pg/session.h"
#include "workbench/statement.h"

struct policy_place {
    struct arena *arena;
    struct pg_session *session; /* in the read-only transaction, with a search path of pg_catalog alone */
    const char *schemas;        /* of the query's search path, as a literal of name[] */
    bool allows_user_functions; /* STABLE and IMMUTABLE ones of no extension */
    bool allows_foreign;        /* foreign tables */
    bool reads_only;            /* the role has been given for this and may do no more */
    bool is_expendable;         /* … its login, too: what a function of somebody else would do there is little */
    const char *user;           /* whose rights a hidden function would have, */
    const char *login;          /* and what it could take: the session's user */
};

/* False and INVALID_ARGUMENT (reason FUNC) where one is refused. *unknown: a function that the server has not, NULL
 * where there is none; the server will say so, or it has a meaning that nobody checked. */
bool policy_check(const struct policy_place *place, const struct sql_uses *uses, const char **unknown,
                  struct status *status);

/* Refuses by names alone, before anything is sent. */
bool policy_check_names(const struct sql_uses *uses, struct status *status);

#endif
