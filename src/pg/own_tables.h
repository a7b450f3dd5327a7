/*
 * Our own tables in a database: they have a schema of their own (pg/own_sql.h) and are created when first needed. The
 * schema's owner is checked each time, because objects in it could run its owner's code with our rights.
 */
#ifndef PG_OWN_TABLES_H
#define PG_OWN_TABLES_H

#include "base/status.h"
#include "pg/session.h"

#include <stdbool.h>

/* SQL: the names of everything that we store there (tests/service/test_rows.py compares them with the sources). */
#define OWN_TABLES                                                                                                     \
    "'{applied_by,approvals,audit,backup_schedule,backups,backups_id_seq,branches,branches_id_seq,drift,"              \
    "failed_attempts,idempotency_keys,migration_steps,operation_events,operations,webhook_events}'::pg_catalog.name[]"

/* Tables that are created in one transaction. */
struct own_tables {
    const char *last;   /* "{truss}.name" of the last one, which stands for all */
    const char *sql;    /* CREATE TABLE IF NOT EXISTS …; */
    const char *column; /* a column of the last table that sql adds if an older version created the table without it;
                           NULL: none */
};

/* Does the schema of our own tables exist? Asked in one message with the ROLLBACK of the open transaction. */
bool own_schema_exists_behind(struct pg_session *session, bool *exists, struct status *status);

/* Do the tables exist? PERMISSION_DENIED if the schema, or something in it, belongs to an untrusted role;
 * FAILED_PRECONDITION if the operator has named a schema that contains other tables. */
bool own_tables_exist(struct pg_session *session, const struct own_tables *tables, bool *exists, struct status *status);

/* The same, and creates the tables or the column if they are missing. FAILED_PRECONDITION with NO_STATE_SCHEMA and a
 * hint if the role may not; also where every commit would wait for a synchronous standby that is not there. */
bool own_tables_ensure(struct pg_session *session, const struct own_tables *tables, struct status *status);

/* The same in a database in which Truss stores something; in any other nothing is created and *keeps is false. */
bool own_tables_ensure_beside(struct pg_session *session, const struct own_tables *tables, bool *keeps,
                              struct status *status);

/* Fills the status with why this table ("{truss}.name") may not be written to (pg/own_write.h). */
void own_tables_explain(struct pg_session *session, const char *table, struct status *status);

/* Does this table ("{truss}.name") exist, with all that were created with it, and may it be read? False also if the
 * schema belongs to an untrusted role or the query fails: for data that is optional in an answer. If the table does not
 * exist this is one query. */
bool own_table_may_be_read(struct pg_session *session, const char *table, const struct own_tables *tables,
                           struct arena *arena);

#endif
