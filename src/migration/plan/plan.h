/*
 * What a run would do, found out without doing it: the catalog, the migrations that were asked for, each script read
 * and planned, what an interrupted run has left, and a hash over all of it. A plan is this shown; a run is this done.
 */
#ifndef MIGRATION_PLAN_PLAN_H
#define MIGRATION_PLAN_PLAN_H

#include "migration/failure.h"
#include "migration/look/catalog.h"
#include "migration/look/content.h"
#include "migration/plan/cut.h"
#include "migration/plan/flaws.h"
#include "migration/plan/steps.h"

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
    enum run_order order;
    struct run_settings settings; /* 0: the site's */
    const char *plan_hash;        /* refuse where it is another now */
    bool repair;                  /* mend first what the scripts would pass over (flaws.h), and then run */
    bool ignore_history;          /* run also where its own tool would refuse for what became of applied ones */
};

/* A migration that is to run. */
struct prepared {
    const struct catalog_item *item;
    struct migration_place place;
    const char *content_hash; /* of what is sent: it must be the same when it runs */
    struct plan plan;
    /* Set where an interrupted attempt is to be gone on with: the id of its ledger row. */
    const char *attempt;
    struct step_records steps;
    size_t done;
};

struct preparation {
    struct catalog catalog;
    struct prepared *items; /* in the order of the files */
    size_t count;
    bool delegate;    /* only the framework's own tool can run them: there are no plans */
    const char *hash; /* lower-case hex */
    /* The script that cannot run, with the reason in `problem`; NULL: all can. One whose file is too large is not among
     * the items, nor is what comes behind it: those before it run. */
    const struct catalog_item *unfit;
    struct status problem;
    struct flaws flaws; /* what the scripts would pass over */
};

/* The request's settings, filled up from the site's. INVALID_ARGUMENT beyond what the site allows. */
bool prepare_settings(const struct site *site, const struct run_options *options, struct run_settings *settings,
                      struct status *status);

/* Reads and plans, on this session. False where a run could not begin at all (no folder, an unknown name, an attempt
 * that failed and is not resolved, an order or a history that is not allowed, a hash that differs). */
bool prepare(const struct request *request, struct pg_session *session, const struct detection *detection,
             const struct run_options *options, struct preparation *preparation);

/* Reads it, which must still be what was planned. */
bool prepared_read(struct arena *arena, const struct prepared *prepared, struct loaded *loaded, struct status *status);

/* May a run begin: can all run, or those before a file that is too large? */
bool prepare_may_begin(const struct preparation *preparation, const struct run_options *options);

/* The failure of the script that cannot run. */
void prepare_failure(const struct preparation *preparation, struct failure *failure);

/* Why the migrations cannot share one transaction; NULL where they can. */
const char *prepare_obstacle(struct arena *arena, const struct preparation *preparation);

#endif
