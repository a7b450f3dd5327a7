/*
 * A list of connections and a thread that looks at it once a second. Shutting the socket is all that it does: the
 * server sees the end of the stream and cleans up as for any client that goes away.
 */
#include "bridge/guard.h"

#include "base/arena.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define HEADERS_MS        15000 /* more than the server's own limit for silence, so that it goes first */
#define BODY_MS           30000
#define BODY_BYTES_PER_MS 64

struct guarded {
    struct guarded *next;
    struct guarded *previous;
    int fd;
    _Atomic int64_t until;
};

struct guard {
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    bool stopped;
    pthread_t thread;
    struct guarded *first;
};

static void shut_late(struct guard *guard)
{
    const int64_t now = clock_ms();
    for (struct guarded *one = guard->first; one != NULL; one = one->next) {
        if (now > atomic_load(&one->until)) {
            shutdown(one->fd, SHUT_RDWR); /* the server sees the end, and closes it */
            atomic_store(&one->until, NO_DEADLINE);
        }
    }
}

static void *watch(void *data)
{
    struct guard *const guard = data;
    pthread_mutex_lock(&guard->mutex);
    while (!guard->stopped) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1;
        if (pthread_cond_timedwait(&guard->stop, &guard->mutex, &until) == ETIMEDOUT) {
            shut_late(guard);
        }
    }
    pthread_mutex_unlock(&guard->mutex);
    return NULL;
}

struct guard *guard_new(void)
{
    struct guard *guard = memory_alloc(sizeof *guard);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&guard->mutex, NULL);
    pthread_cond_init(&guard->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&guard->thread, NULL, watch, guard) != 0) {
        abort();
    }
    return guard;
}

void guard_free(struct guard *guard)
{
    pthread_mutex_lock(&guard->mutex);
    guard->stopped = true;
    pthread_cond_signal(&guard->stop);
    pthread_mutex_unlock(&guard->mutex);
    pthread_join(guard->thread, NULL);
    pthread_cond_destroy(&guard->stop);
    pthread_mutex_destroy(&guard->mutex);
    free(guard);
}

struct guarded *guard_add(struct guard *guard, int fd)
{
    struct guarded *guarded = memory_alloc(sizeof *guarded);
    guarded->fd = fd;
    guard_headers(guarded);
    pthread_mutex_lock(&guard->mutex);
    guarded->next = guard->first;
    if (guard->first != NULL) {
        guard->first->previous = guarded;
    }
    guard->first = guarded;
    pthread_mutex_unlock(&guard->mutex);
    return guarded;
}

void guard_remove(struct guard *guard, struct guarded *guarded)
{
    if (guarded == NULL) {
        return;
    }
    pthread_mutex_lock(&guard->mutex);
    if (guarded->previous != NULL) {
        guarded->previous->next = guarded->next;
    } else {
        guard->first = guarded->next;
    }
    if (guarded->next != NULL) {
        guarded->next->previous = guarded->previous;
    }
    pthread_mutex_unlock(&guard->mutex);
    free(guarded);
}

static void wait_until(struct guarded *guarded, int64_t until)
{
    if (guarded != NULL) {
        atomic_store(&guarded->until, until);
    }
}

void guard_headers(struct guarded *guarded)
{
    wait_until(guarded, clock_ms() + HEADERS_MS);
}

void guard_body(struct guarded *guarded, uint64_t size)
{
    wait_until(guarded, clock_ms() + BODY_MS + (int64_t)(size / BODY_BYTES_PER_MS));
}

void guard_rest(struct guarded *guarded)
{
    wait_until(guarded, NO_DEADLINE);
}
