/*
 * A short stack: the session that was used last is taken first, so that the others grow old and go.
 */
#include "pg/pool.h"

#include <pthread.h>
#include <stdlib.h>

#define MOST_IDLE 16
#define IDLE_MS   60000

struct idle {
    struct pg_session *session;
    int64_t since;
};

struct pg_pool {
    const struct conninfo *conninfo;
    pthread_mutex_t mutex;
    size_t max_idle;
    size_t count;
    struct idle idle[MOST_IDLE]; /* the oldest first */
};

struct pg_pool *pg_pool_new(const struct conninfo *conninfo, size_t max_idle)
{
    struct pg_pool *pool = memory_alloc(sizeof *pool);
    pthread_mutex_init(&pool->mutex, NULL);
    pool->conninfo = conninfo;
    pool->max_idle = max_idle < MOST_IDLE ? max_idle : MOST_IDLE;
    return pool;
}

void pg_pool_free(struct pg_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (size_t i = 0; i < pool->count; i++) {
        pg_session_free(pool->idle[i].session);
    }
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

/* Takes those that were idle for too long out of the pool; the caller frees them, outside of the lock. */
static size_t take_old(struct pg_pool *pool, struct pg_session *old[MOST_IDLE])
{
    const int64_t now = clock_ms();
    size_t count = 0;
    while (count < pool->count && now - pool->idle[count].since > IDLE_MS) {
        old[count] = pool->idle[count].session;
        count++;
    }
    pool->count -= count;
    for (size_t i = 0; i < pool->count; i++) {
        pool->idle[i] = pool->idle[i + count];
    }
    return count;
}

static void free_all(struct pg_session *const *sessions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pg_session_free(sessions[i]);
    }
}

/* The session that was used last; NULL where there is none. */
static struct pg_session *take_idle(struct pg_pool *pool)
{
    struct pg_session *old[MOST_IDLE];
    pthread_mutex_lock(&pool->mutex);
    const size_t old_count = take_old(pool, old);
    struct pg_session *const session = pool->count > 0 ? pool->idle[--pool->count].session : NULL;
    pthread_mutex_unlock(&pool->mutex);
    free_all(old, old_count);
    return session;
}

struct pg_session *pg_pool_take(struct pg_pool *pool, int64_t deadline, struct status *status)
{
    for (struct pg_session *session; (session = take_idle(pool)) != NULL;) {
        if (!pg_session_is_lost(session)) {
            pg_session_set_deadline(session, deadline);
            return session;
        }
        pg_session_free(session);
    }
    return pg_session_open(pool->conninfo, deadline, status);
}

void pg_pool_give(struct pg_pool *pool, struct pg_session *session)
{
    struct pg_session *old[MOST_IDLE];
    if (session == NULL) {
        return;
    }
    const bool keep = !pg_session_is_lost(session) && !pg_session_in_transaction(session);
    pthread_mutex_lock(&pool->mutex);
    const size_t old_count = take_old(pool, old);
    if (keep && pool->count < pool->max_idle) {
        pool->idle[pool->count++] = (struct idle){session, clock_ms()};
        session = NULL;
    }
    pthread_mutex_unlock(&pool->mutex);
    free_all(old, old_count);
    pg_session_free(session);
}
