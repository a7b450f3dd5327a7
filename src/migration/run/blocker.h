/*
 * A session that blocks others, from one row of pg_stat_activity.
 */
#ifndef MIGRATION_RUN_BLOCKER_H
#define MIGRATION_RUN_BLOCKER_H

#include "migration/events.h"
#include "pg/session.h"

/* Columns of pg_stat_activity with the alias `a`, for blocker_of: pid, application, user, state, query, and for how
 * long its transaction and its query have run, in milliseconds. A query about a password is not shown. */
#define BLOCKER_COLUMNS                                                                                                \
    "a.pid, a.application_name, a.usename, a.state, "                                                                  \
    "CASE WHEN a.query OPERATOR(pg_catalog.~*) 'password' THEN '(not shown: it is about a password)' ELSE "            \
    "pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 200) END, "                                 \
    "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.xact_start) "                \
    "OPERATOR(pg_catalog.*) 1000)::bigint, "                                                                           \
    "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.query_start) "               \
    "OPERATOR(pg_catalog.*) 1000)::bigint"

#define BLOCKER_COLUMN_COUNT 7

/* The blocker in a row that begins with BLOCKER_COLUMNS; strings are in the arena. */
struct run_blocker blocker_of(struct arena *arena, const PGresult *result, int row);

#endif
