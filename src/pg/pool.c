/*
 * A short stack: the session used last is taken first, so that the others become old and are closed.
 */
#include "pg/pool.h"

#include "base/clock.h"
#include "base/threads.h"
#include "pg/exec.h"
#include "pg/kept.h"
#include "pg/search.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_IDLE 16
#define IDLE_MS   60000
#define WAIT_MS   10000 /* for one of a limited number, unless the URL says otherwise */
#define FRESH_MS  500   /* a session used so recently is not checked */
#define ANSWER_MS 1000
#define BRIEF_MS  1000
#define NEW_MS    250 /* a session opened so recently is as good as a new one */

struct idle {
    struct pg_session *session;
    int64_t since;
};

struct pg_pool {
    const struct conninfo *conninfo;
    pthread_mutex_t mutex;
    pthread_cond_t given_back;
    size_t max_idle;
    size_t in_use;
    size_t count;
    size_t let_go;               /* nested calls: while it is not 0 no session is kept */
    struct idle idle[MOST_IDLE]; /* oldest first */
    char server_version[PG_VERSION_SIZE];
};

struct pg_pool *pg_pool_new(const struct conninfo *conninfo, size_t max_idle)
{
    struct pg_pool *pool = memory_alloc(sizeof *pool);
    pthread_mutex_init(&pool->mutex, NULL);
    thread_condition(&pool->given_back);
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
    pthread_cond_destroy(&pool->given_back);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

/* Removes sessions that were idle for too long; the caller frees them outside of the lock. */
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

/* The session used last, and since when it is idle; NULL: none. */
static struct pg_session *take_idle(struct pg_pool *pool, int64_t *since)
{
    struct pg_session *old[MOST_IDLE];
    pthread_mutex_lock(&pool->mutex);
    const size_t old_count = take_old(pool, old);
    struct pg_session *const session = pool->count > 0 ? pool->idle[--pool->count].session : NULL;
    if (session != NULL && since != NULL) {
        *since = pool->idle[pool->count].since;
    }
    pthread_mutex_unlock(&pool->mutex);
    free_all(old, old_count);
    return session;
}

/* Counts as a user of the pool, or waits until another leaves. */
static bool enter(struct pg_pool *pool, int64_t deadline, struct status *status)
{
    const uint32_t limit = pool->conninfo->pool_limit;
    const uint32_t wait_ms = pool->conninfo->pool_wait_ms == 0 ? WAIT_MS : pool->conninfo->pool_wait_ms;
    const int64_t until = deadline_in(wait_ms) < deadline ? deadline_in(wait_ms) : deadline;
    bool entered = true;
    pthread_mutex_lock(&pool->mutex);
    while (entered && limit > 0 && pool->in_use >= limit) {
        entered = thread_wait(&pool->given_back, &pool->mutex, until);
    }
    pool->in_use += entered ? 1 : 0;
    pthread_mutex_unlock(&pool->mutex);
    return entered ||
           status_fail(status, STATUS_RESOURCE_EXHAUSTED,
                       "All connections that the connection URL allows (connection_limit=%u) are in use.", limit);
}

static void leave(struct pg_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->in_use--;
    pthread_cond_signal(&pool->given_back);
    pthread_mutex_unlock(&pool->mutex);
}

/* A tick that gives up when there is no answer in time. */
static bool hears(void *data)
{
    struct pg_session *const session = data;
    if (clock_ms() - pg_session_waits_since(session) < ANSWER_MS) {
        return true;
    }
    pg_session_declare_lost(session);
    return false;
}

/* Does the server answer? The network may have dropped an idle connection without notice. */
static bool answers(struct pg_session *session, struct arena *arena)
{
    struct status ignored = {.arena = arena};
    pg_session_set_deadline(session, NO_DEADLINE);
    pg_session_on_tick(session, hears, session);
    const bool ok = pg_exec(session, "", &ignored);
    pg_session_on_tick(session, NULL, NULL);
    return ok && !pg_session_is_lost(session);
}

/* If one has gone silent, so have the others that were idle as long. */
static void drop_idle(struct pg_pool *pool)
{
    for (struct pg_session *session; (session = take_idle(pool, NULL)) != NULL;) {
        pg_session_free(session);
    }
}

/* An idle session that is still connected; NULL: none. */
static struct pg_session *take_living(struct pg_pool *pool, struct arena *arena)
{
    int64_t since;
    for (struct pg_session *session; (session = take_idle(pool, &since)) != NULL;) {
        const bool is_lost = pg_session_is_lost(session);
        if (!is_lost && (clock_ms() - since < FRESH_MS || answers(session, arena))) {
            return session;
        }
        pg_session_free(session);
        if (!is_lost) {
            drop_idle(pool);
        }
    }
    return NULL;
}

static struct pg_session *take_or_open(struct pg_pool *pool, int64_t deadline, struct status *status)
{
    struct pg_session *const living = take_living(pool, status->arena);
    if (living != NULL) {
        pg_session_set_deadline(living, deadline);
        return living;
    }
    struct pg_session *const session = pg_session_open(pool->conninfo, deadline, status);
    if (session != NULL) {
        pg_session_let_keep(session, true);
    }
    const char *const version = session == NULL ? NULL : pg_session_parameter(session, "server_version");
    if (version != NULL) {
        pthread_mutex_lock(&pool->mutex);
        snprintf(pool->server_version, sizeof pool->server_version, "%s", version);
        pthread_mutex_unlock(&pool->mutex);
    }
    return session;
}

void pg_pool_counts(struct pg_pool *pool, size_t *in_use, size_t *idle)
{
    *in_use = *idle = 0;
    if (pool != NULL) {
        pthread_mutex_lock(&pool->mutex);
        *in_use = pool->in_use;
        *idle = pool->count;
        pthread_mutex_unlock(&pool->mutex);
    }
}

void pg_pool_server_version(struct pg_pool *pool, char version[PG_VERSION_SIZE])
{
    pthread_mutex_lock(&pool->mutex);
    memcpy(version, pool->server_version, PG_VERSION_SIZE);
    pthread_mutex_unlock(&pool->mutex);
}

struct pg_session *pg_pool_take(struct pg_pool *pool, int64_t deadline, struct status *status)
{
    const uint32_t most_ms = pool->conninfo->socket_timeout_ms;
    if (!enter(pool, deadline, status)) {
        return NULL;
    }
    const int64_t until = most_ms > 0 && deadline_in(most_ms) < deadline ? deadline_in(most_ms) : deadline;
    struct pg_session *const session = take_or_open(pool, until, status);
    if (session == NULL) {
        leave(pool);
    }
    return session;
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
    if (keep && pool->let_go == 0 && pool->count < pool->max_idle) {
        pool->idle[pool->count++] = (struct idle){session, clock_ms()};
        session = NULL;
    }
    pthread_mutex_unlock(&pool->mutex);
    free_all(old, old_count);
    pg_session_free(session);
    leave(pool);
}

void pg_pool_give_briefly(struct pg_pool *pool, struct pg_session *session)
{
    if (session != NULL && clock_ms() - pg_session_opened_at(session) > BRIEF_MS) {
        pg_session_declare_lost(session);
    }
    pg_pool_give(pool, session);
}

struct pg_session *pg_pool_claim(struct pg_pool *pool)
{
    if (pool == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&pool->mutex);
    struct pg_session *const last = pool->count > 0 ? pool->idle[pool->count - 1].session : NULL;
    const bool is_new = last != NULL && clock_ms() - pg_session_opened_at(last) < NEW_MS;
    pool->count -= is_new ? 1 : 0;
    pthread_mutex_unlock(&pool->mutex);
    if (is_new) {
        pg_session_let_keep(last, false);
    }
    return is_new ? last : NULL;
}

void pg_pool_let_go(struct pg_pool *pool, bool let_go)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->let_go += let_go ? 1 : 0;
    pool->let_go -= !let_go && pool->let_go > 0 ? 1 : 0;
    pthread_mutex_unlock(&pool->mutex);
    if (let_go) {
        drop_idle(pool);
    }
}

struct pg_session *pg_pool_take_pinned(struct pg_pool *pool, int64_t deadline, struct status *status)
{
    struct pg_session *const session = pg_pool_take(pool, deadline, status);
    if (session == NULL || pg_session_is_pinned(session) || pg_session_pin(session, status)) {
        return session;
    }
    pg_pool_give(pool, session);
    return NULL;
}
