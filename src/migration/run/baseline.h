/*
 * Adopts an existing database: records many migrations as applied without running them, in one transaction under the
 * run's locks.
 */
#ifndef MIGRATION_RUN_BASELINE_H
#define MIGRATION_RUN_BASELINE_H

#include "migration/look/place.h"
#include "migration/look/target.h"

/* Which migrations: names, through, or all. */
struct baseline_wish {
    const char *const *names;
    size_t name_count;
    const char *through; /* up to and including this one; NULL or "": not given */
    bool all;
    bool verify;
    bool dry_run;
};

/* Something that a script creates and that does not exist. */
struct baseline_missing {
    const char *migration;
    const char *type;
    const char *name;
    const char *difference; /* how the existing one differs; NULL: nothing has this name */
};

struct baseline_result {
    bool ok;
    const char *message;
    const char *warning; /* what it does to other migrations (late.h); NULL: nothing */
    const char **names;  /* the migrations recorded, or, in a dry run, to be recorded */
    size_t count;
    size_t already; /* how many were recorded before */
    struct baseline_missing *missing;
    size_t missing_count;
    size_t missing_capacity;
    const char **unverified;
    size_t unverified_count;
    const char **partly; /* those of which some objects exist and others could not be compared */
    size_t partly_count;
    const char *proposed; /* the last migration of the longest prefix that exists; NULL: none */
    struct target target;
};

/* Fails if it could not be done. A verification that finds something missing is a result, not a failure. */
bool baseline_record(const struct request *request, const struct baseline_wish *wish, struct baseline_result *result);

#endif
