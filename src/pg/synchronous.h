/*
 * Would a commit wait for a synchronous standby that is not connected? It would be done here, and its answer would not
 * come before there is one (PostgreSQL 13 to 18).
 */
#ifndef PG_SYNCHRONOUS_H
#define PG_SYNCHRONOUS_H

#include "pg/session.h"

/* Sets *why to a sentence, in the status's arena, if every commit of this session would wait without end; else to NULL.
 * The state of another role's standby may be hidden: then it counts as one that is there. Returns false if the server
 * does not answer. */
bool synchronous_why_commits_wait(struct pg_session *session, const char **why, struct status *status);

/* Fails with FAILED_PRECONDITION where that is so. */
bool synchronous_check(struct pg_session *session, struct status *status);

#endif
