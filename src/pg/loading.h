/*
 * Whose code runs when a dump is restored. Checks of tables and domains, generated columns, partition keys and casts
 * are evaluated with the rights of the restoring role, and their constants already when a table is created or attached
 * (PostgreSQL, expression_planner). So a role that may create a table could have its own function run as the role that
 * restores a backup. Indexes, statistics and views run as the owner of their table or materialized view, except for
 * their constants, which any query on the table evaluates.
 */
#ifndef PG_LOADING_H
#define PG_LOADING_H

#include "base/status.h"

#include "pg/code.h"
#include "pg/trust.h"

struct pg_session;

/* Returns a query without parameters, for this pinned session (in the arena). Its rows are the roles that own such
 * code: `owner` (the role's name), `runs_as` (the role that the code runs as if owners are restored; NULL: the
 * restoring role) and `example` ("the check c of a.t calls a.f(integer)"). Functions of PostgreSQL or an extension that
 * do more than compute (query_to_xml, set_config, dblink) count as code of the table's owner. */
const char *pg_loading_query(struct arena *arena, const struct pg_session *session);

/* SQL: is a row `l` of that query foreign code? It is if it runs with the rights of a trusted role and belongs to an
 * untrusted one. `r` and `a` are the roles of owner and runs_as (LEFT JOIN pg_roles); the argument is SQL for the name
 * of the owner of the dumped database. */
#define PG_IS_FOREIGN_CODE(owner)                                                                                      \
    "(l.owner <> " owner " AND NOT (r.oid IS NOT NULL AND " PG_IS_TRUSTED(                                             \
        "r") ") AND (l.runs_as IS NULL OR (l.runs_as <> l.owner AND (l.runs_as = " owner                               \
             " OR a.oid IS NULL OR " PG_IS_TRUSTED("a") "))))"

/* Checks that the database of this pinned session contains no code of roles that are neither trusted (trust.h) nor
 * `owner`, the owner of the dumped database. Otherwise FAILED_PRECONDITION with FOREIGN_CODE. what: begins the message,
 * "The branch was not made". */
bool pg_loading_is_trusted(struct pg_session *session, const char *owner, const char *what, struct status *status);

/* Fails with that status, for a list like "the check c of a.t calls a.f(integer) of somebody". */
bool pg_loading_fail(const char *examples, const char *what, struct status *status);

#endif
