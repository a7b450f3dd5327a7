/*
 * What a program counts of itself while it works: numbers that any thread adds to, without a lock. Counting costs an
 * atomic addition; what it means is said where it is shown (rpc/metrics.h).
 */
#ifndef BASE_TALLY_H
#define BASE_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef _Atomic uint64_t tally;

static inline void tally_add(tally *count, uint64_t more)
{
    atomic_fetch_add_explicit(count, more, memory_order_relaxed);
}

static inline uint64_t tally_read(const tally *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

/* Upper bounds of the buckets, in seconds; what took longer is in none of them. */
#define TALLY_BUCKETS 14
extern const double tally_bounds[TALLY_BUCKETS];

/* How often something happened and how long it took. All zero at first. */
struct tally_times {
    tally buckets[TALLY_BUCKETS + 1]; /* each its own; the last: longer than all bounds */
    tally sum_us;
};

/* Something took so many microseconds. A time below 0 counts as 0. */
void tally_time(struct tally_times *times, int64_t us);

/* How often. */
uint64_t tally_times_count(const struct tally_times *times);

#endif
