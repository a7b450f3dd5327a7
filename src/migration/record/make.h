/*
 * Creates a ledger, and our own tables, if they do not exist.
 */
#ifndef MIGRATION_RECORD_MAKE_H
#define MIGRATION_RECORD_MAKE_H

#include "migration/look/detect.h"

/* Finds out what could prevent the ledger from taking a row, so that writing rows needs no more checks than
 * necessary. */
bool ledger_note_obstacles(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same, and creates the detection's ledger and its schema if they do not exist; sets has_ledger. */
bool ledger_ensure(const struct request *request, struct pg_session *session, struct detection *detection);

/* The same before a run. For a framework that wants a baseline: fails with FAILED_PRECONDITION if the ledger's schema
 * has tables, views or types of users and no ledger, because a first run would create what already exists. */
bool ledger_make_ready(const struct request *request, struct pg_session *session, struct detection *detection);

/* Creates those of our own tables (look/store.h) that are missing. Call it when the first row is to be written, so that
 * a database that is only read, or has only ordinary migrations, gets none. Concurrent calls wait for each other.
 * PERMISSION_DENIED says what to grant. The session must not be inside a transaction. */
bool store_ensure(struct pg_session *session, struct status *status);

#endif
