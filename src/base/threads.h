/* What threads need beside pthread.h. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Joins the thread where it ends within `ms` (0: where it has ended). Returns false where it does not: then it goes on,
 * is neither joined nor detached, and what it uses has to stay. By the monotonic clock, which nobody sets. */
bool thread_join_in_time(pthread_t thread, uint32_t ms);

#endif
