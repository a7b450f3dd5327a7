/*
 * What would make others queue behind it never waits long for a lock at a time, and comes back for it until its time is
 * over: the rungs are short lock_timeouts.
 */
#ifndef MIGRATION_RUN_LADDER_H
#define MIGRATION_RUN_LADDER_H

#include "migration/failure.h"
#include "migration/run/current.h"

/* How long the next try may wait, and whether there is one. */
struct ladder {
    int64_t began;
    uint32_t timeout_ms;
    uint32_t pause_ms;
    uint32_t attempt;
};

struct ladder ladder_start(const struct run *run);

/* After a failure: true where it was for a lock, and it is to be tried again now (the pause is over). Else the failure
 * says who had the lock, and how often it was tried. migration: for what is told; NULL: of none. */
bool ladder_again(struct ladder *ladder, struct run *run, const char *migration, struct failure *failure);

/* True for an SQLSTATE that says: nothing of it stays, and the next moment may be better (no lock in time, a deadlock,
 * a serialization failure). */
bool is_for_a_lock(const char *sqlstate);

#endif
