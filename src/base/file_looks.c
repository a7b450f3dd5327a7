/*
 * The names are processed in batches by the caller and by a helper. Helpers are threads that are kept for a while: to
 * wake one costs less than to make one. The caller waits for batches that were taken, not for the helper: if there is
 * no free CPU for it, it finds nothing left to do.
 */
#include "base/file_looks.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define MANY    256 /* below that a helper costs more than it saves (20 us) */
#define PIECE   32
#define STACK   ((size_t)64 * 1024)
#define HELPERS 4     /* more callers at once have a processor each */
#define IDLE_MS 10000 /* then a helper ends */

struct looks {
    struct looks *next; /* that no helper has taken yet */
    int directory;
    const char *const *names; /* the caller's, like the next: not used after all batches are done */
    struct file_seen *seen;
    size_t count;
    pthread_mutex_t mutex; /* protects the rest */
    pthread_cond_t done_all;
    size_t taken;
    size_t done;
    unsigned holders;
};

/* Of the process. */
static struct {
    pthread_once_t once;
    pthread_mutex_t mutex; /* protects the rest */
    pthread_cond_t offered;
    struct looks *offers;
    unsigned offer_count;
    unsigned idle;
    unsigned count;
} helpers = {.once = PTHREAD_ONCE_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER};

static void begin(void)
{
    thread_condition(&helpers.offered);
}

/* The next batch; false: none. */
static bool take(struct looks *looks, size_t *from, size_t *to)
{
    pthread_mutex_lock(&looks->mutex);
    *from = looks->taken;
    *to = looks->count - *from < PIECE ? looks->count : *from + PIECE;
    looks->taken = *to;
    pthread_mutex_unlock(&looks->mutex);
    return *from < *to;
}

static void note_done(struct looks *looks, size_t count)
{
    pthread_mutex_lock(&looks->mutex);
    looks->done += count;
    if (looks->done == looks->count) {
        pthread_cond_signal(&looks->done_all);
    }
    pthread_mutex_unlock(&looks->mutex);
}

static void look_at_each(int directory, const char *const *names, size_t count, struct file_seen *seen)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i] != NULL) {
            file_see(directory, names[i], &seen[i]);
        }
    }
}

static void look_at_pieces(struct looks *looks)
{
    for (size_t from, to; take(looks, &from, &to);) {
        look_at_each(looks->directory, looks->names + from, to - from, looks->seen + from);
        note_done(looks, to - from);
    }
}

/* The last one frees it. */
static void let_go(struct looks *looks)
{
    pthread_mutex_lock(&looks->mutex);
    const bool is_last = --looks->holders == 0;
    pthread_mutex_unlock(&looks->mutex);
    if (is_last) {
        pthread_cond_destroy(&looks->done_all);
        pthread_mutex_destroy(&looks->mutex);
        free(looks);
    }
}

/* The next ones to help with; NULL: there were none for a while. */
static struct looks *next_offer(void)
{
    const int64_t until = deadline_in(IDLE_MS);
    pthread_mutex_lock(&helpers.mutex);
    helpers.idle++;
    while (helpers.offers == NULL && thread_wait(&helpers.offered, &helpers.mutex, until)) {
    }
    helpers.idle--;
    struct looks *const looks = helpers.offers;
    if (looks != NULL) {
        helpers.offers = looks->next;
        helpers.offer_count--;
    } else {
        helpers.count--;
    }
    pthread_mutex_unlock(&helpers.mutex);
    return looks;
}

static void *help(void *data)
{
    for (struct looks *looks = data; looks != NULL; looks = next_offer()) {
        look_at_pieces(looks);
        let_go(looks);
    }
    return NULL;
}

static bool start_helper(struct looks *looks)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    const bool is_started = pthread_create(&thread, &attributes, help, looks) == 0;
    pthread_attr_destroy(&attributes);
    return is_started;
}

/* Gives them to a helper, too, if there is one to be had. They have two holders already. */
static bool find_helper(struct looks *looks)
{
    pthread_once(&helpers.once, begin);
    pthread_mutex_lock(&helpers.mutex);
    const bool is_idle = helpers.idle > helpers.offer_count;
    const bool is_started = !is_idle && helpers.count < HELPERS && start_helper(looks);
    if (is_idle) {
        looks->next = helpers.offers;
        helpers.offers = looks;
        helpers.offer_count++;
        pthread_cond_signal(&helpers.offered);
    }
    helpers.count += is_started ? 1 : 0;
    pthread_mutex_unlock(&helpers.mutex);
    return is_idle || is_started;
}

static bool has_two_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
}

void files_see(int directory, const char *const *names, size_t count, struct file_seen *seen)
{
    if (count < MANY || !has_two_processors()) {
        look_at_each(directory, names, count, seen);
        return;
    }
    struct looks *const looks = memory_alloc(sizeof *looks);
    *looks = (struct looks){.directory = directory, .names = names, .seen = seen, .count = count, .holders = 2};
    pthread_mutex_init(&looks->mutex, NULL);
    pthread_cond_init(&looks->done_all, NULL);
    if (!find_helper(looks)) {
        looks->holders = 1;
    }
    look_at_pieces(looks);
    pthread_mutex_lock(&looks->mutex);
    while (looks->done < looks->count) {
        pthread_cond_wait(&looks->done_all, &looks->mutex);
    }
    pthread_mutex_unlock(&looks->mutex);
    let_go(looks);
}
