/*
 * SQL about pg_stat_activity. To a role without pg_read_all_stats it shows of another role's session no more than which
 * it is: pid, database, role, application, xid and xmin. Type, state, times and waits are NULL, and the query is
 * "<insufficient privilege>" (PostgreSQL 13 to 18). A condition on one of these silently leaves such a session out.
 * Rows have the alias `a`. pg_locks hides nothing.
 */
#ifndef PG_ACTIVITY_H
#define PG_ACTIVITY_H

/* A session's name in sentences, as blocker_name() of migration/events.h says it; more may follow, and then a ")". */
#define ACTIVITY_NAME                                                                                                  \
    "pg_catalog.format('pid %s (application \"%s\", user %s', a.pid, a.application_name, coalesce(a.usename, '?'))"

/* Is it a client's session? One that is hidden is taken for one if it has a role and a database. */
#define ACTIVITY_IS_CLIENT "coalesce(a.backend_type = 'client backend', a.usesysid IS NOT NULL AND a.datid IS NOT NULL)"

/* Is it an autovacuum worker? These have no role. */
#define ACTIVITY_IS_AUTOVACUUM "coalesce(a.backend_type = 'autovacuum worker', a.usesysid IS NULL)"

/* "idle in transaction"; of a hidden session that this is so. */
#define ACTIVITY_STATE "coalesce(a.state, a.backend_type, 'its state is not shown to this role')"

/* Its query in one line, shortened; of a hidden session that this is so. */
#define ACTIVITY_QUERY                                                                                                 \
    "coalesce(nullif(nullif(pg_catalog.regexp_replace(pg_catalog.left(a.query, 80), '\\s+', ' ', 'g'), ''), "          \
    "'<insufficient privilege>'), 'its query is not shown to this role')"

#endif
