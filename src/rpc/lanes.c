/*
 * A list under a mutex. Threads are joined, not detached: libraries (libcrypto, libpq) clean up in a thread's last
 * moments, and the worker's end must not interrupt that.
 */
#include "rpc/lanes.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"

#include <pthread.h>
#include <stdlib.h>

#define IDLE_MS     30000
#define LATE_MS     5000                      /* after its deadline */
#define STACK_SPACE ((size_t)8 * 1024 * 1024) /* address space of a thread */
#define FEW         8                         /* jobs that an owner may have waiting in any case */

struct lane_thread {
    struct lane_thread *next; /* of those that work, or have ended */
    int64_t late_at;          /* clock_ms: its work should have been done */
    struct lane *lane;
    pthread_t thread;
};

struct lane {
    pthread_mutex_t mutex;
    pthread_cond_t work;      /* a job was added, or the lane is stopping */
    pthread_cond_t ended;     /* a thread has ended */
    struct lane_thread *busy; /* have work */
    struct lane_thread *dead; /* have ended and are not joined yet */
    unsigned max_threads;
    unsigned max_queue;
    unsigned threads;
    unsigned idle;
    unsigned queued;
    unsigned running;
    bool stopping;
    uint64_t turn;          /* of the job that was begun last */
    struct lane_job *first; /* by their turns */
};

struct lane *lane_new(unsigned max_threads, unsigned max_queue)
{
    struct lane *lane = memory_alloc(sizeof *lane);
    pthread_mutex_init(&lane->mutex, NULL);
    thread_condition(&lane->work);
    pthread_cond_init(&lane->ended, NULL);
    lane->max_threads = max_threads;
    lane->max_queue = max_queue;
    return lane;
}

static struct lane_job *take_job(struct lane *lane)
{
    struct lane_job *const job = lane->first;
    if (job != NULL) {
        lane->first = job->next;
        lane->turn = job->turn;
        lane->queued--;
    }
    return job;
}

/* With the mutex held. NULL when the thread must end: the lane is stopping, or there was nothing to do for a while. */
static struct lane_job *wait_job(struct lane *lane)
{
    const int64_t until = deadline_in(IDLE_MS);
    struct lane_job *job = take_job(lane);
    while (job == NULL && !lane->stopping) {
        lane->idle++;
        const bool has_time = thread_wait(&lane->work, &lane->mutex, until);
        lane->idle--;
        job = take_job(lane);
        if (job == NULL && !has_time) {
            break;
        }
    }
    return job;
}

/* With the mutex held. */
static void begin_work(struct lane *lane, struct lane_thread *thread, int64_t deadline)
{
    thread->late_at = deadline == 0 || deadline == NO_DEADLINE ? NO_DEADLINE : deadline + LATE_MS;
    thread->next = lane->busy;
    lane->busy = thread;
    lane->running++;
}

/* With the mutex held. */
static void end_work(struct lane *lane, const struct lane_thread *thread)
{
    struct lane_thread **link = &lane->busy;
    while (*link != thread) {
        link = &(*link)->next;
    }
    *link = thread->next;
    lane->running--;
}

/* With the mutex held: how many threads are stuck with their work, at most as many as the lane may have. */
static unsigned count_stuck(const struct lane *lane)
{
    unsigned stuck = 0;
    for (const struct lane_thread *one = lane->busy; one != NULL; one = one->next) {
        stuck += deadline_passed(one->late_at) ? 1 : 0;
    }
    return stuck < lane->max_threads ? stuck : lane->max_threads;
}

static void *run_thread(void *data)
{
    struct lane_thread *const self = data;
    struct lane *const lane = self->lane;
    pthread_mutex_lock(&lane->mutex);
    for (struct lane_job *job; (job = wait_job(lane)) != NULL;) {
        begin_work(lane, self, job->deadline);
        pthread_mutex_unlock(&lane->mutex);
        job->run(job);
        pthread_mutex_lock(&lane->mutex);
        end_work(lane, self);
    }
    lane->threads--;
    self->next = lane->dead;
    lane->dead = self;
    pthread_cond_signal(&lane->ended);
    pthread_mutex_unlock(&lane->mutex);
    return NULL;
}

/* With the mutex held. These threads are about to end, so the wait is short. */
static void join_dead(struct lane *lane)
{
    while (lane->dead != NULL) {
        struct lane_thread *dead = lane->dead;
        lane->dead = dead->next;
        pthread_mutex_unlock(&lane->mutex);
        pthread_join(dead->thread, NULL);
        pthread_mutex_lock(&lane->mutex);
        free(dead);
    }
}

/* With the mutex held. A thread takes much address space and hardly any memory. */
static bool start_thread(struct lane *lane)
{
    if (lane->threads > 0 && !memory_has_room(STACK_SPACE)) {
        return false;
    }
    struct lane_thread *thread = memory_alloc(sizeof *thread);
    thread->lane = lane;
    if (pthread_create(&thread->thread, NULL, run_thread, thread) != 0) {
        free(thread);
        return false;
    }
    lane->threads++;
    return true;
}

/* With the mutex held: is the queue half full, and does this owner have many jobs in it, with others waiting too? */
static bool is_greedy(const struct lane *lane, uint64_t owner)
{
    unsigned own = 0;
    for (const struct lane_job *one = lane->first; one != NULL; one = one->next) {
        own += one->owner == owner ? 1 : 0;
    }
    return lane->queued > lane->max_queue / 2 && own >= FEW && own < lane->queued;
}

/* With the mutex held: gives the job its owner's next turn, after jobs with the same turn. */
static void put_in_turn(struct lane *lane, struct lane_job *job)
{
    job->turn = lane->turn;
    for (const struct lane_job *one = lane->first; one != NULL; one = one->next) {
        job->turn = one->owner == job->owner ? one->turn : job->turn;
    }
    job->turn++;
    struct lane_job **link = &lane->first;
    while (*link != NULL && (*link)->turn <= job->turn) {
        link = &(*link)->next;
    }
    job->next = *link;
    *link = job;
}

enum lane_answer lane_add(struct lane *lane, struct lane_job *job)
{
    pthread_mutex_lock(&lane->mutex);
    join_dead(lane);
    const bool greedy = is_greedy(lane, job->owner);
    const unsigned max_threads = lane->max_threads + count_stuck(lane);
    const bool has_room = !lane->stopping && !greedy && lane->queued + lane->running < max_threads + lane->max_queue;
    const bool wants_thread = lane->queued >= lane->idle && lane->threads < max_threads;
    const bool started = has_room && wants_thread && start_thread(lane);
    const bool ok = has_room && (started || lane->threads > 0);
    if (ok) {
        put_in_turn(lane, job);
        lane->queued++;
        pthread_cond_signal(&lane->work);
    }
    pthread_mutex_unlock(&lane->mutex);
    return ok ? LANE_ADDED : greedy ? LANE_GREEDY : LANE_FULL;
}

void lane_free(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    pthread_mutex_lock(&lane->mutex);
    lane->stopping = true;
    pthread_cond_broadcast(&lane->work);
    while (lane->threads > 0) {
        pthread_cond_wait(&lane->ended, &lane->mutex);
    }
    join_dead(lane);
    pthread_mutex_unlock(&lane->mutex);
    pthread_cond_destroy(&lane->ended);
    pthread_cond_destroy(&lane->work);
    pthread_mutex_destroy(&lane->mutex);
    free(lane);
}
