/*
 * All decisions are made in the database: this only calls periodically.
 */
#include "worker/branch_watch.h"

#include "base/clock.h"
#include "base/threads.h"

#include <pthread.h>
#include <stdlib.h>

#define LOOK_MS 120000 /* for one whole call */

struct branch_watch {
    const struct branches *branches;
    uint32_t every_ms;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    bool is_stopping;
};

/* Returns false if the thread must end. */
static bool sleep_until_next(struct branch_watch *watch)
{
    const uint32_t pause = watch->every_ms - watch->every_ms / 10 + (uint32_t)random() % (watch->every_ms / 5 + 1);
    const int64_t until = deadline_in(pause);
    pthread_mutex_lock(&watch->mutex);
    while (!watch->is_stopping && thread_wait(&watch->stopped, &watch->mutex, until)) {
    }
    const bool goes_on = !watch->is_stopping;
    pthread_mutex_unlock(&watch->mutex);
    return goes_on;
}

static void *look_again(void *data)
{
    struct branch_watch *const watch = data;
    while (sleep_until_next(watch)) {
        struct arena *const arena = arena_new(0);
        struct status status = {.arena = arena};
        const struct branch_call call = {watch->branches, arena, &status, deadline_in(LOOK_MS), NULL};
        branch_reap(&call);
        arena_free(arena);
    }
    return NULL;
}

struct branch_watch *branch_watch_start(const struct branches *branches, uint32_t every_ms)
{
    struct branch_watch *const watch = memory_alloc(sizeof *watch);
    *watch = (struct branch_watch){.branches = branches, .every_ms = every_ms};
    pthread_mutex_init(&watch->mutex, NULL);
    thread_condition(&watch->stopped);
    if (pthread_create(&watch->thread, NULL, look_again, watch) != 0) {
        free(watch);
        return NULL;
    }
    return watch;
}

bool branch_watch_stop(struct branch_watch *watch, uint32_t grace_ms)
{
    if (watch == NULL) {
        return true;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->is_stopping = true;
    pthread_cond_signal(&watch->stopped);
    pthread_mutex_unlock(&watch->mutex);
    if (!thread_join_in_time(watch->thread, grace_ms)) {
        return false;
    }
    pthread_mutex_destroy(&watch->mutex);
    pthread_cond_destroy(&watch->stopped);
    free(watch);
    return true;
}
