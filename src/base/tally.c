#include "base/tally.h"

/* From an answer out of memory to a long run. */
const double tally_bounds[TALLY_BUCKETS] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800};

void tally_time(struct tally_times *times, int64_t us)
{
    const int64_t took = us < 0 ? 0 : us;
    size_t i = 0;
    while (i < TALLY_BUCKETS && (double)took > tally_bounds[i] * 1e6) {
        i++;
    }
    tally_add(&times->buckets[i], 1);
    tally_add(&times->sum_us, (uint64_t)took);
}

uint64_t tally_times_count(const struct tally_times *times)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= TALLY_BUCKETS; i++) {
        count += tally_read(&times->buckets[i]);
    }
    return count;
}
