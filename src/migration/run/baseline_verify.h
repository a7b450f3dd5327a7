/*
 * Whether what migrations make is in the database: their scripts are read, never executed, and compared with the
 * catalogue, object by object and by definition.
 */
#ifndef MIGRATION_RUN_BASELINE_VERIFY_H
#define MIGRATION_RUN_BASELINE_VERIFY_H

#include "migration/look/history.h"
#include "migration/run/baseline.h"
#include "migration/run/current.h"

struct verification {
    struct run *run;
    const struct catalog *catalog;
    const struct catalog_item *const *chosen; /* in the order of the files */
    size_t count;
    struct baseline_result *result;
};

/* Fills the result: what is missing, what cannot be looked for, the longest prefix that is there, and ok. False and the
 * run's status where it cannot be looked at all. */
bool baseline_verify(const struct verification *verification);

#endif
