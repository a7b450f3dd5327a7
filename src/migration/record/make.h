/*
 * Making a ledger, and our own tables, where there are none yet.
 */
#ifndef MIGRATION_RECORD_MAKE_H
#define MIGRATION_RECORD_MAKE_H

#include "migration/look/detect.h"

/* Notes what could keep the ledger from taking a row, so that what writes rows asks no more of each than it must. */
bool ledger_note_obstacles(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same, and makes the detection's ledger, and its schema, where they do not exist; has_ledger is set. */
bool ledger_ensure(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same before a run. For a framework that wants a baseline: fails with FAILED_PRECONDITION where the ledger's
 * schema has tables, views or types of somebody and no ledger: a first run would create what is there already. */
bool ledger_make_ready(const struct request *request, struct pg_session *session, struct detection *detection);

/* Makes what is missing of our own tables (look/store.h): called when the first row of them is to be written, so that a
 * database that is only read, or has ordinary migrations, gets none. Two that do so at once do it one after the other.
 * PERMISSION_DENIED says what to grant. The session must not be inside a transaction. */
bool store_ensure(struct pg_session *session, struct status *status);

#endif
