/* Additions to pthread.h. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Joins the thread if it ends within `ms` (0: if it has ended). Otherwise returns false: the thread goes on, neither
 * joined nor detached, and what it uses must stay. Uses the monotonic clock. */
bool thread_join_in_time(pthread_t thread, uint32_t ms);

/* Initialises a condition for thread_wait. */
void thread_condition(pthread_cond_t *condition);

/* Waits for the condition until a time of clock_ms, whatever happens to the wall clock; NO_DEADLINE: for ever. Returns
 * false when the time is over. As with every condition, it may return true without a signal. */
bool thread_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until);

/* How often this thread was blocked. Waiting for a CPU does not count. */
long thread_waits(void);

#endif
