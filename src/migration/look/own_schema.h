/*
 * The schema "truss", where Truss keeps its steps, operations and keys: whose it is. Who may create in a database can
 * make it first, and what is in it then would run with our rights.
 */
#ifndef MIGRATION_LOOK_OWN_SCHEMA_H
#define MIGRATION_LOOK_OWN_SCHEMA_H

#include "base/status.h"
#include "pg/session.h"

/* Fails with PERMISSION_DENIED where the schema, or something in it, belongs to a role that is not trusted; nothing of
 * it may be used then. Where there is no such schema all is well. */
bool own_schema_check(struct pg_session *session, struct status *status);

#endif
