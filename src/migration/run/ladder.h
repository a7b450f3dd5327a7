/*
 * A statement that would make others queue behind it waits only briefly for its lock, and tries again until its time is
 * over. The rungs of the ladder are short lock_timeouts.
 */
#ifndef MIGRATION_RUN_LADDER_H
#define MIGRATION_RUN_LADDER_H

#include "migration/failure.h"
#include "migration/run/current.h"

/* The state of these attempts. */
struct ladder {
    int64_t began;
    uint32_t timeout_ms;
    uint32_t pause_ms;
    uint32_t attempt;
};

struct ladder ladder_start(const struct run *run);

/* After a failure: waits and returns true if it was for a lock and the statement is to be tried again now. Otherwise
 * adds to the failure who held the lock and how often it was tried. migration: for the events; NULL: none. */
bool ladder_again(struct ladder *ladder, struct run *run, const char *migration, struct failure *failure);

/* Does this SQLSTATE mean that nothing was committed and another attempt may succeed (lock timeout, deadlock,
 * serialization failure)? */
bool is_for_a_lock(const char *sqlstate);

#endif
