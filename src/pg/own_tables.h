/*
 * Tables of our own in a database: in a schema of their own (pg/own_sql.h), made when they are first needed. Whose the
 * schema is, is asked each time: what is in it could run its owner's code with our rights.
 */
#ifndef PG_OWN_TABLES_H
#define PG_OWN_TABLES_H

#include "base/status.h"
#include "pg/session.h"

#include <stdbool.h>

/* SQL: the names of all that we keep there (tests/service/test_rows.py compares them with the sources). */
#define OWN_TABLES                                                                                                     \
    "'{applied_by,approvals,audit,backup_schedule,backups,backups_id_seq,branches,branches_id_seq,drift,failed_"       \
    "attempts,"                                                                                                        \
    "idempotency_keys,migration_steps,operation_events,operations,webhook_events}'::pg_catalog.name[]"

/* Tables that are made in one transaction. */
struct own_tables {
    const char *last;   /* "{truss}.name", of the last one: it stands for all */
    const char *sql;    /* CREATE TABLE IF NOT EXISTS …; */
    const char *column; /* of the last one: a table that was made earlier lacks it, and sql adds it; NULL: none */
};

/* Is the schema of our own tables there at all? */
bool own_schema_exists(struct pg_session *session, bool *exists, struct status *status);

/* The same in the message that ends a transaction without it. */
bool own_schema_exists_behind(struct pg_session *session, bool *exists, struct status *status);

/* Are they there? PERMISSION_DENIED where the schema, or something in it, is a role's whom we do not trust;
 * FAILED_PRECONDITION where the operator's word names a schema that others have tables in. */
bool own_tables_exist(struct pg_session *session, const struct own_tables *tables, bool *exists, struct status *status);

/* The same, and makes them, or the column, where they are not. FAILED_PRECONDITION with NO_STATE_SCHEMA and a hint
 * where the role may not. */
bool own_tables_ensure(struct pg_session *session, const struct own_tables *tables, struct status *status);

/* Is this table ("{truss}.name") there, with all that were made with it, and may it be read? False also where the
 * schema is somebody's whom we do not trust, or cannot be asked: what only adds to an answer is left out then. A
 * database without the table is asked no more than that. */
bool own_table_may_be_read(struct pg_session *session, const char *table, const struct own_tables *tables,
                           struct arena *arena);

#endif
