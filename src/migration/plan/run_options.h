/*
 * What is asked of a run.
 */
#ifndef MIGRATION_PLAN_RUN_OPTIONS_H
#define MIGRATION_PLAN_RUN_OPTIONS_H

#include "migration/look/place.h"

/* May a migration run behind which a later one is applied? */
enum run_order {
    RUN_ORDER_OF_FRAMEWORK, /* as its own tool does */
    RUN_ORDER_ANY,
    RUN_ORDER_STRICT,
};

/* What is asked for. Zero and NULL where nothing is said. */
struct run_options {
    const char *const *names; /* those to run; none: all that is pending */
    size_t name_count;
    const char *target; /* up to and including this one */
    bool dry_run;
    bool in_one_transaction; /* the whole batch or nothing */
    bool durable_each;       /* each is on disk before the next begins, and not only all before the run answers */
    enum run_order order;
    struct run_settings settings; /* 0: the site's */
    const char *plan_hash;        /* refuse where it is another now */
    bool repair;                  /* mend first what the scripts would pass over (flaws.h), and then run */
    bool ignore_history;          /* run also where its own tool would refuse for what became of applied ones */
};

/* The request's settings, filled up from the site's. INVALID_ARGUMENT beyond what the site allows. */
bool prepare_settings(const struct site *site, const struct run_options *options, struct run_settings *settings,
                      struct status *status);

#endif
