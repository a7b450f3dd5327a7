#include "base/threads.h"

#include "base/clock.h"

#include <sys/resource.h>
#include <time.h>

/* Polls, because gcc 12's ThreadSanitizer knows pthread_tryjoin_np but not pthread_clockjoin_np. */
bool thread_join_in_time(pthread_t thread, uint32_t ms)
{
    const struct timespec tick = {.tv_nsec = 500000};
    const int64_t deadline = deadline_in(ms == 0 ? 1 : ms);
    while (pthread_tryjoin_np(thread, NULL) != 0) {
        if (ms == 0 || deadline_passed(deadline)) {
            return false;
        }
        nanosleep(&tick, NULL);
    }
    return true;
}

void thread_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until)
{
    const struct timespec time = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    return (until == NO_DEADLINE ? pthread_cond_wait(condition, mutex)
                                 : pthread_cond_timedwait(condition, mutex, &time)) == 0;
}

long thread_waits(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}
