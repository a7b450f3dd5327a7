/*
 * Idle connections kept for the next reader, because connecting costs thirty times what a small query costs (4 ms
 * against 0.13 ms, libpq 15 on one machine). A run has a session of its own, opened or claimed, that is never given
 * back: a migration may have changed its settings. Thread-safe.
 *
 * What the URL says of pools holds for these: connection_limit is how many are in use at a time, pool_timeout how long
 * one is waited for, socket_timeout how long its reader may take in all.
 */
#ifndef PG_POOL_H
#define PG_POOL_H

#include "pg/session.h"

struct pg_pool;

/* Keeps at most max_idle connections, each at most 60 s. conninfo is borrowed and must outlive the pool. */
struct pg_pool *pg_pool_new(const struct conninfo *conninfo, size_t max_idle);
void pg_pool_free(struct pg_pool *pool);

/* An idle session that is still connected, or a new one; deadline is set on it. NULL and a status where that failed:
 * RESOURCE_EXHAUSTED where all that the URL allows are in use. */
struct pg_session *pg_pool_take(struct pg_pool *pool, int64_t deadline, struct status *status);

/* The same, and its search path is pinned (pg/search.h). */
struct pg_session *pg_pool_take_pinned(struct pg_pool *pool, int64_t deadline, struct status *status);

/* A session that was opened a moment ago, for good: the pool knows it no longer, and the caller frees it. It may not be
 * pinned. It saves a run a second connection, and the server what a fresh backend reads first. An older one would not
 * do: what ALTER ROLE and ALTER DATABASE set holds for sessions that begin later. NULL where there is none, or no pool;
 * nothing is opened. It has answered since it was opened, and may be lost by now all the same. */
struct pg_session *pg_pool_claim(struct pg_pool *pool);

/* Gives a session back; one that is lost or inside a transaction is closed. NULL is fine. */
void pg_pool_give(struct pg_pool *pool, struct pg_session *session);

/* True: closes what is idle, and none is kept until false is said as often: the database is to be without sessions of
 * ours. What is in use stays. NULL is fine. */
void pg_pool_let_go(struct pg_pool *pool, bool let_go);

/* How many of its connections are in use, and how many idle. NULL: none. */
void pg_pool_counts(struct pg_pool *pool, size_t *in_use, size_t *idle);

/* What the server said of itself to the session that was opened last ("15.18 (Debian …)"); "" before the first. */
#define PG_VERSION_SIZE 64
void pg_pool_server_version(struct pg_pool *pool, char version[PG_VERSION_SIZE]);

#endif
