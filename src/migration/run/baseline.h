/*
 * Adopting a database that is there already: many migrations are recorded as applied, without running any, in one
 * transaction under the run's locks.
 */
#ifndef MIGRATION_RUN_BASELINE_H
#define MIGRATION_RUN_BASELINE_H

#include "migration/look/place.h"
#include "migration/look/target.h"

/* Which ones: names, or through, or all. */
struct baseline_wish {
    const char *const *names;
    size_t name_count;
    const char *through; /* NULL or "": not said */
    bool all;
    bool verify;
    bool dry_run;
};

/* What a script makes and is not there. */
struct baseline_missing {
    const char *migration;
    const char *type;
    const char *name;
    const char *difference; /* NULL: nothing of this name is there */
};

struct baseline_result {
    bool ok;
    const char *message;
    const char **names; /* what was recorded, or would be */
    size_t count;
    size_t already; /* that were recorded before */
    struct baseline_missing *missing;
    size_t missing_count;
    size_t missing_capacity;
    const char **unverified;
    size_t unverified_count;
    const char **partly; /* those of which something is there, and not all of it could be compared */
    size_t partly_count;
    const char *proposed; /* the last of the longest prefix that is there; NULL: none */
    struct target target;
};

/* False and a status where it could not be done; a verification that finds something missing is a result. */
bool baseline_record(const struct request *request, const struct baseline_wish *wish, struct baseline_result *result);

#endif
