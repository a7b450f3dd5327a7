/*
 * Counters for a program's own statistics, which any thread may increase without a lock. Counting takes one atomic
 * addition; names and meanings are given where they are shown (rpc/metrics.h).
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

/* Upper bounds of the buckets in seconds; longer times go into the last bucket. */
#define TALLY_BUCKETS 14
extern const double tally_bounds[TALLY_BUCKETS];

/* A histogram of durations. All zero at first. */
struct tally_times {
    tally buckets[TALLY_BUCKETS + 1]; /* not cumulative; the last one is for times above all bounds */
    tally sum_us;
};

/* Counts a duration. Negative ones count as 0. */
void tally_time(struct tally_times *times, int64_t us);

/* The number of durations. */
uint64_t tally_times_count(const struct tally_times *times);

#endif
