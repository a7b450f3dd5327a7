/*
 * A network that has fallen silent: the server is done with what we asked, and its answer never comes (a router, a NAT
 * or a load balancer has forgotten the connection, or a host was replaced). TCP may take minutes to notice, or not
 * notice at all; another connection sees at once that our backend is idle while we wait for it.
 */
#ifndef MIGRATION_RUN_SILENCE_H
#define MIGRATION_RUN_SILENCE_H

#include "pg/session.h"

/* What was seen of a session's backend. Start with {0}. */
struct silence {
    int64_t next_look;
    int64_t idle_since;  /* when it was first seen so; 0: it was not */
    int64_t idle_change; /* the server's time of that state */
};

/* True where there is nothing to come for `waiting`, which has been waited for since some seconds: its backend, if any,
 * is ended then, so that its locks are free, and the session is declared lost. beside: another session of the same
 * database. Behind a pooler, which has one backend after the other, nothing is known. */
bool silence_ends(struct silence *silence, struct pg_session *waiting, struct pg_session *beside, struct arena *arena);

/* Is it time to look? Asked before `beside` is made, which may take a connection. */
bool silence_is_due(const struct silence *silence, const struct pg_session *waiting);

#endif
