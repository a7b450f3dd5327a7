/*
 * The options of a run.
 */
#ifndef MIGRATION_PLAN_RUN_OPTIONS_H
#define MIGRATION_PLAN_RUN_OPTIONS_H

#include "migration/look/place.h"

/* May a migration run if a later one is already applied? */
enum run_order {
    RUN_ORDER_OF_FRAMEWORK, /* as the framework's tool does */
    RUN_ORDER_ANY,
    RUN_ORDER_STRICT,
};

/* Zero and NULL mean: not given. */
struct run_options {
    const char *const *names; /* the migrations to run; none: all pending */
    size_t name_count;
    const char *target; /* run up to and including this one */
    bool dry_run;
    bool in_one_transaction; /* all or nothing */
    bool durable_each;       /* flush each migration to disk before the next, instead of all before the run answers */
    enum run_order order;
    struct run_settings settings; /* 0: the site's */
    const char *plan_hash;        /* refuse if the plan has another hash now */
    bool repair;                  /* first mend what the scripts would pass over (flaws.h) */
    bool ignore_history; /* run even if the framework's tool would refuse because of the state of applied migrations */
};

/* Fills in the request's settings, and the site's for those that are not given. INVALID_ARGUMENT if they exceed what
 * the site allows. */
bool prepare_settings(const struct site *site, const struct run_options *options, struct run_settings *settings,
                      struct status *status);

#endif
