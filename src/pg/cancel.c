/*
 * PQcancel opens its own connection and waits until the server closes it, without a limit: if the network has gone
 * silent, for ever. So it runs on a separate thread, which is abandoned if it does not return; a few of those may be
 * stuck at a time, and beyond them cancels are not sent.
 */
#include "pg/cancel.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MOST_AT_ONCE 16

static atomic_int under_way;

/* Shared by both threads: the last one frees it. */
struct errand {
    PGcancel *handle;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    int owners;
    bool is_done;
    bool ok;
};

static void leave(struct errand *errand)
{
    const bool is_last = --errand->owners == 0;
    pthread_mutex_unlock(&errand->mutex);
    if (is_last) {
        PQfreeCancel(errand->handle);
        pthread_cond_destroy(&errand->ended);
        pthread_mutex_destroy(&errand->mutex);
        free(errand);
    }
}

static void *ask(void *data)
{
    struct errand *const errand = data;
    char message[256];
    const bool ok = PQcancel(errand->handle, message, (int)sizeof message) == 1;
    atomic_fetch_sub(&under_way, 1);
    pthread_mutex_lock(&errand->mutex);
    errand->ok = ok;
    errand->is_done = true;
    pthread_cond_signal(&errand->ended);
    leave(errand);
    return NULL;
}

static struct errand *errand_new(PGcancel *handle)
{
    struct errand *const errand = memory_alloc(sizeof *errand);
    errand->handle = handle;
    errand->owners = 2;
    pthread_mutex_init(&errand->mutex, NULL);
    thread_condition(&errand->ended);
    return errand;
}

static bool start(struct errand *errand)
{
    pthread_t thread;
    if (atomic_fetch_add(&under_way, 1) < MOST_AT_ONCE && pthread_create(&thread, NULL, ask, errand) == 0) {
        pthread_detach(thread);
        return true;
    }
    atomic_fetch_sub(&under_way, 1);
    errand->owners = 1;
    return false;
}

bool pg_cancel_send(PGconn *connection, uint32_t ms)
{
    PGcancel *const handle = PQgetCancel(connection);
    if (handle == NULL) {
        return false;
    }
    struct errand *const errand = errand_new(handle);
    const int64_t until = clock_ms() + ms;
    const bool is_started = start(errand);
    pthread_mutex_lock(&errand->mutex);
    while (is_started && !errand->is_done && thread_wait(&errand->ended, &errand->mutex, until)) {
    }
    const bool ok = errand->is_done && errand->ok;
    leave(errand);
    return ok;
}
