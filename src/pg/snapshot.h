/*
 * A snapshot of a database for several sessions: what pg_dump reads, and what we query beside it.
 */
#ifndef PG_SNAPSHOT_H
#define PG_SNAPSHOT_H

#include "base/status.h"

struct pg_session;

/* Begins a read-only transaction and exports its snapshot, valid as long as the transaction: `name` (in the status's
 * arena) is for pg_snapshot_see, or pg_dump --snapshot. A transaction pooler keeps the backend during it. */
bool pg_snapshot_share(struct pg_session *session, const char **name, struct status *status);

/* Begins a transaction with the exported snapshot of this name; "": with a new one. */
bool pg_snapshot_see(struct pg_session *session, const char *name, struct status *status);

#endif
