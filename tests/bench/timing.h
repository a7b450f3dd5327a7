/*
 * The clock of the benches, and the order of what it tells.
 */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include <time.h>

/* Microseconds of a clock that only goes on. */
static inline double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* For qsort, of doubles. */
static inline int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

#endif
