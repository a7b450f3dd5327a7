/*
 * Whether now is a good moment to run: what would make a run fail, and whom it would wait for. The plan is joined with
 * what the server says of locks, rights and itself (moment.c).
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
    uint32_t active_count;    /* others' sessions that are inside a transaction */
    struct warnings warnings; /* none: safe */
    struct warnings notes;    /* what to know, and no reason against it */
};

bool check_run(const struct request *request, struct check *check);

#endif
