#include "migration/meters.h"

#include "base/arena.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

const char *run_outcome_word(enum run_outcome outcome)
{
    static const char *const words[RUN_OUTCOMES] = {[RUN_SUCCEEDED] = "succeeded",
                                                    [RUN_FAILED] = "failed",
                                                    [RUN_CANCELLED] = "cancelled",
                                                    [RUN_REFUSED] = "refused"};
    return words[outcome];
}

struct meters *meters_new(void)
{
    struct meters *const meters = memory_alloc(sizeof *meters);
    pthread_mutex_init(&meters->mutex, NULL);
    return meters;
}

void meters_free(struct meters *meters)
{
    if (meters != NULL) {
        pthread_mutex_destroy(&meters->mutex);
        free(meters);
    }
}

/* The slot of this tracking table: its own, a free one, or the oldest. */
static struct seen_states *place_of(struct meters *meters, const struct seen_states *states)
{
    struct seen_states *oldest = &meters->states[0];
    for (size_t i = 0; i < METER_LEDGERS; i++) {
        struct seen_states *const one = &meters->states[i];
        if (one->at != 0 && strcmp(one->framework, states->framework) == 0 &&
            strcmp(one->ledger, states->ledger) == 0) {
            return one;
        }
        oldest = one->at < oldest->at ? one : oldest;
    }
    return oldest;
}

/* With the mutex held: once a table exists, drops the states from before it existed, whose migrations would be counted
 * as pending for ever. */
static void forget_without_table(struct meters *meters, const struct seen_states *states)
{
    for (size_t i = 0; states->ledger[0] != '\0' && i < METER_LEDGERS; i++) {
        struct seen_states *const one = &meters->states[i];
        if (one->ledger[0] == '\0' && strcmp(one->framework, states->framework) == 0) {
            one->at = 0;
        }
    }
}

void meters_saw(struct meters *meters, const struct seen_states *states)
{
    if (meters != NULL) {
        pthread_mutex_lock(&meters->mutex);
        forget_without_table(meters, states);
        struct seen_states *const place = place_of(meters, states);
        *place = *states;
        place->at = clock_wall_us();
        pthread_mutex_unlock(&meters->mutex);
    }
}

size_t meters_states(struct meters *meters, struct seen_states states[METER_LEDGERS])
{
    size_t count = 0;
    pthread_mutex_lock(&meters->mutex);
    for (size_t i = 0; i < METER_LEDGERS; i++) {
        if (meters->states[i].at != 0) {
            states[count++] = meters->states[i];
        }
    }
    pthread_mutex_unlock(&meters->mutex);
    return count;
}

void meters_lock_failed(struct meters *meters, uint32_t ms)
{
    if (meters != NULL) {
        tally_add(&meters->lock_failures, 1);
        tally_add(&meters->stall_us, (uint64_t)ms * 1000);
        tally_add(&meters->lock_wait_us, (uint64_t)ms * 1000);
    }
}

void meters_lock_paused(struct meters *meters, uint32_t ms)
{
    if (meters != NULL) {
        tally_add(&meters->lock_wait_us, (uint64_t)ms * 1000);
    }
}

void meters_run_waited(struct meters *meters, int64_t ms)
{
    if (meters != NULL && ms > 0) {
        tally_add(&meters->run_wait_us, (uint64_t)ms * 1000);
    }
}
