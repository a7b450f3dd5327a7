/* Additions to pthread.h. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Joins the thread if it ends within `ms` (0: if it has ended). Otherwise returns false: the thread goes on, neither
 * joined nor detached, and what it uses must stay. Uses the monotonic clock. */
bool thread_join_in_time(pthread_t thread, uint32_t ms);

/* How often this thread was blocked. Waiting for a CPU does not count. */
long thread_waits(void);

#endif
