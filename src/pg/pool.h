/*
 * Idle connections that are kept for the next reader, because connecting costs thirty times as much as a small query (4
 * ms against 0.13 ms, libpq 15 on one machine). A run has its own session, opened or claimed, which is never given
 * back: a migration may have changed its settings. Thread-safe.
 *
 * The URL's pool parameters apply: connection_limit is the most connections in use at a time, pool_timeout how long to
 * wait for one, socket_timeout the time that its reader has in all.
 */
#ifndef PG_POOL_H
#define PG_POOL_H

#include "pg/session.h"

struct pg_pool;

/* Makes a pool that keeps at most max_idle connections, each at most 60 s. conninfo is borrowed and must outlive the
 * pool. */
struct pg_pool *pg_pool_new(const struct conninfo *conninfo, size_t max_idle);
void pg_pool_free(struct pg_pool *pool);

/* Returns an idle session that is still connected, or a new one, with this deadline (clock_ms). NULL with a status on
 * failure: RESOURCE_EXHAUSTED if all that the URL allows are in use. */
struct pg_session *pg_pool_take(struct pg_pool *pool, int64_t deadline, struct status *status);

/* The same, with its search path pinned (pg/search.h). */
struct pg_session *pg_pool_take_pinned(struct pg_pool *pool, int64_t deadline, struct status *status);

/* Takes a recently opened session out of the pool for good: the caller frees it. It may not be pinned. This saves a run
 * a second connection. Older sessions are not suitable, because ALTER ROLE and ALTER DATABASE settings apply only to
 * new sessions. NULL if there is none, or no pool; it does not open one. The session may still turn out to be lost. */
struct pg_session *pg_pool_claim(struct pg_pool *pool);

/* Returns a session to the pool; one that is lost or inside a transaction is closed. NULL is fine. */
void pg_pool_give(struct pg_pool *pool, struct pg_session *session);

/* The same, but closes one that was opened more than a second ago. For requests that may be sent again and again while
 * another worker waits for a moment without sessions to copy the database: it would never see one. */
void pg_pool_give_briefly(struct pg_pool *pool, struct pg_session *session);

/* With true: closes the idle sessions and keeps none until this is called with false as often, because the database
 * must be free of our sessions. Sessions in use are not affected. NULL is fine. */
void pg_pool_let_go(struct pg_pool *pool, bool let_go);

/* The number of connections in use, and of idle ones; 0 for NULL. */
void pg_pool_counts(struct pg_pool *pool, size_t *in_use, size_t *idle);

/* The version that the server reported to the most recently opened session ("15.18 (Debian …)"); "" before the
 * first. */
#define PG_VERSION_SIZE 64
void pg_pool_server_version(struct pg_pool *pool, char version[PG_VERSION_SIZE]);

#endif
