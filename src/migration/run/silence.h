/*
 * Detects a connection that has gone silent: the server has finished, and its answer never arrives (a router, NAT or
 * load balancer has dropped the connection, or a host was replaced). TCP may take minutes to notice, or never does;
 * another connection sees at once that our backend is idle while we wait for it.
 */
#ifndef MIGRATION_RUN_SILENCE_H
#define MIGRATION_RUN_SILENCE_H

#include "pg/session.h"

/* What was seen of a session's backend. Start with {0}. */
struct silence {
    int64_t next_look;
    int64_t idle_since;  /* when it was first seen idle; 0: it was not */
    int64_t idle_change; /* the server's state_change then */
};

/* Returns true if `waiting`, which has waited for some seconds, will get no answer: its backend, if there is one, is
 * terminated, so that its locks are free, and the session is declared lost. beside: another session of the same
 * database. Returns false behind a pooler, where sessions change backends. */
bool silence_ends(struct silence *silence, struct pg_session *waiting, struct pg_session *beside, struct arena *arena);

/* Is it time to call silence_ends? Ask before getting `beside`, which may open a connection. */
bool silence_is_due(const struct silence *silence, const struct pg_session *waiting);

#endif
