/*
 * Whether now is a good moment to run.
 */
#ifndef MIGRATION_LOOK_CHECK_H
#define MIGRATION_LOOK_CHECK_H

#include "migration/look/catalog.h"
#include "migration/look/target.h"

struct check {
    struct target target;
    const char *database;
    const char *user;
    const struct catalog_item **pending;
    size_t pending_count;
    uint32_t lock_count;   /* sessions of this database that wait for a lock */
    uint32_t active_count; /* others' sessions that are inside a transaction */
    const char *warnings[8];
    size_t warning_count; /* none: safe */
};

bool check_run(const struct request *request, struct check *check);

#endif
