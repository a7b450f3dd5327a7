/*
 * Work for the door's thread: from other threads, and what waits for its time.
 */
#include "rpc/door_private.h"

#include "base/clock.h"

#include <errno.h>
#include <unistd.h>

void door_wake(const struct door *door)
{
    const uint64_t one = 1;
    while (write(door->wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void door_post(struct door *door, struct door_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&door->mutex);
    const bool was_empty = door->first_job == NULL;
    *(was_empty ? &door->first_job : &door->last_job->next) = job;
    door->last_job = job;
    pthread_mutex_unlock(&door->mutex);
    if (was_empty) {
        door_wake(door);
    }
}

void door_run_jobs(struct door *door)
{
    uint64_t count;
    while (read(door->wake, &count, sizeof count) < 0 && errno == EINTR) {
    }
    pthread_mutex_lock(&door->mutex);
    struct door_job *job = door->first_job;
    door->first_job = NULL;
    pthread_mutex_unlock(&door->mutex);
    while (job != NULL) {
        struct door_job *const next = job->next;
        job->run(job);
        job = next;
    }
}

void door_post_in(struct door *door, struct door_job *job, uint32_t ms)
{
    struct door_job **place = &door->later;
    job->at = clock_ms() + ms;
    while (*place != NULL && (*place)->at <= job->at) {
        place = &(*place)->next;
    }
    job->next = *place;
    *place = job;
}

/* A job's time has come after its millisecond, so that it never waits for less than it was to. */
int64_t door_next_job(const struct door *door)
{
    return door->later == NULL ? NO_DEADLINE : door->later->at + 1;
}

void door_run_due(struct door *door)
{
    const int64_t now = clock_ms();
    for (struct door_job *job; (job = door->later) != NULL && now > job->at;) {
        door->later = job->next;
        job->run(job);
    }
}
