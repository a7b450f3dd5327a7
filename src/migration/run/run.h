/*
 * Running what is pending.
 */
#ifndef MIGRATION_RUN_RUN_H
#define MIGRATION_RUN_RUN_H

#include "migration/plan/plan.h"

struct run_applied {
    const char *name;
    const char *checksum;
    uint32_t duration_ms;
    uint32_t resumed_steps; /* that an earlier run had finished */
};

struct run_untried {
    const char *migration;
    uint32_t step; /* 1-based */
    const char *reason;
};

struct run_result {
    bool ok;
    const char *summary;
    struct run_applied *applied; /* by this call, and committed; of a dry run: what would be */
    size_t applied_count;
    size_t applied_capacity;
    const char *failed_name; /* NULL: none failed */
    struct script_failure failure;
    bool dry_run;
    struct run_untried *untried; /* of a dry run */
    size_t untried_count;
    const char **warnings;
    size_t warning_count;
};

/* Runs the pending migrations that are asked for, in the order of the files, one after the other, each recorded as the
 * framework does. Takes the locks, re-reads the ledger under them, and reads and plans every script before the first is
 * run. work->watch may be NULL. False where it could not begin (no folder, another run, an unresolved failure, an
 * unknown name, a plan that changed); a migration that failed is a result with ok false. */
bool run_migrations(struct work *work, const struct run_request *request, struct run_result *result);

#endif
