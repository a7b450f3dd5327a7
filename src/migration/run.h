/*
 * Running what is pending.
 */
#ifndef MIGRATION_RUN_H
#define MIGRATION_RUN_H

#include "migration/script.h"

struct run_applied {
    const char *name;
    const char *checksum;
    uint32_t duration_ms;
};

struct run_result {
    bool ok;
    const char *summary;
    struct run_applied *applied; /* by this call, and committed */
    size_t applied_count;
    const char *failed_name; /* NULL: none failed */
    struct script_failure failure;
};

/* Runs the pending migrations among `names` (none: all), in the order of the files, one after the other, each recorded
 * as the framework does. Takes the locks, re-reads the ledger under them, and reads and plans every script before the
 * first is run. False where it could not begin (no folder, another run, an unresolved failure, an unknown name); a
 * migration that failed is a result with ok false. */
bool run_migrations(struct work *work, const char *const *names, size_t name_count, struct run_result *result);

#endif
