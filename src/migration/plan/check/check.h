/*
 * Is now a good moment to run? Finds what would make a run fail and whom it would wait for, by comparing the plan with
 * the server's locks, rights and state (moment.c).
 */
#ifndef MIGRATION_PLAN_CHECK_CHECK_H
#define MIGRATION_PLAN_CHECK_CHECK_H

#include "migration/look/catalog.h"
#include "migration/look/target.h"
#include "migration/plan/check/moment.h"

struct check {
    struct target target;
    const char *database;
    const char *user;
    const struct catalog_item **pending;
    size_t pending_count;
    uint32_t lock_count;      /* sessions of this database that wait for a lock */
    uint32_t active_count;    /* other sessions inside a transaction */
    struct warnings warnings; /* none: it is safe */
    struct warnings notes;    /* worth knowing, but no reason against a run */
};

bool check_run(const struct request *request, struct check *check);

#endif
