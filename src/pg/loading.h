/*
 * Whose code runs when a dump is restored: checks of tables and domains, generated columns, the keys of partitions and
 * casts are computed by whoever restores, with his rights, and what is constant in them is computed already when a
 * table is made or attached (PostgreSQL, expression_planner). So a role that may make a table could have a function of
 * its own run as who restores a backup. Indexes, statistics and views run as the owner of their table or materialized
 * view, but for constants, which any query over the table computes.
 */
#ifndef PG_LOADING_H
#define PG_LOADING_H

#include "base/status.h"

#include "pg/code.h"
#include "pg/trust.h"

struct pg_session;

/* A query without parameters, for this pinned session (in the arena): of each role that owns such code, `owner` (its
 * name), `runs_as` (the role it runs as where owners are restored; NULL: who restores), and `example` ("the check c of
 * a.t calls a.f(integer)"). Code of an owner of a table is also what PostgreSQL or an extension has that does more than
 * compute: query_to_xml, set_config, dblink. */
const char *pg_loading_query(struct arena *arena, const struct pg_session *session);

/* SQL: true for a row `l` of that query, where `r` and `a` are the roles (LEFT JOIN pg_roles) of owner and runs_as, and
 * `owner` is SQL for the name of the owner of the database that was dumped: it runs with rights of somebody who is
 * trusted, and belongs to nobody who is. */
#define PG_IS_FOREIGN_CODE(owner)                                                                                      \
    "(l.owner <> " owner " AND NOT (r.oid IS NOT NULL AND " PG_IS_TRUSTED(                                             \
        "r") ") AND (l.runs_as IS NULL OR (l.runs_as <> l.owner AND (l.runs_as = " owner                               \
             " OR a.oid IS NULL OR " PG_IS_TRUSTED("a") "))))"

/* Is nobody's code in the database of this pinned session that is neither trusted (trust.h) nor of the role `owner`,
 * whose the database is that was dumped? Else FAILED_PRECONDITION, FOREIGN_CODE: nothing was restored; what: "The
 * branch was not made". */
bool pg_loading_is_trusted(struct pg_session *session, const char *owner, const char *what, struct status *status);

/* That status, for a list of "the check c of a.t calls a.f(integer) of somebody". */
bool pg_loading_fail(const char *examples, const char *what, struct status *status);

#endif
