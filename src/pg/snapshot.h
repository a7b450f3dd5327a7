/*
 * One moment of a database for several sessions: what pg_dump reads, and what is asked beside it.
 */
#ifndef PG_SNAPSHOT_H
#define PG_SNAPSHOT_H

#include "base/status.h"

struct pg_session;

/* Begins a transaction of the session that only reads, and that others can see the moment of as long as it lives:
 * `name` (in the status's arena) is for pg_snapshot_see, or pg_dump --snapshot. A pooler of transactions keeps the
 * server's session for it. */
bool pg_snapshot_share(struct pg_session *session, const char **name, struct status *status);

/* Begins one that sees the moment of this name; "": the present one. */
bool pg_snapshot_see(struct pg_session *session, const char *name, struct status *status);

#endif
