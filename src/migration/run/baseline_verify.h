/*
 * Does what the migrations create exist in the database? Their scripts are read, never executed, and compared with the
 * catalogs, object by object and by definition.
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

/* Fills the result: what is missing, what cannot be checked, the longest prefix that exists, and ok. Returns false with
 * the run's status if nothing can be checked. */
bool baseline_verify(const struct verification *verification);

#endif
