/*
 * The migrations that are to run, each read and planned.
 */
#ifndef MIGRATION_PLAN_PREPARATION_H
#define MIGRATION_PLAN_PREPARATION_H

#include "migration/look/content.h"
#include "migration/look/history.h"
#include "migration/plan/cut/cut.h"
#include "migration/plan/cut/steps.h"
#include "migration/plan/flaws.h"

/* A migration that is to run. */
struct prepared {
    const struct catalog_item *item;
    struct migration_place place;
    const char *content_hash; /* of what is sent; it must not change until the run */
    struct text script;       /* that; data NULL: it is not kept, because there is too much of it */
    struct plan plan;
    /* Set if an interrupted attempt is to be continued: the id of its ledger row. */
    const char *attempt;
    struct step_records steps;
    size_t done;
};

struct preparation {
    struct catalog catalog;
    struct prepared *items; /* in the order of the files */
    size_t count;
    const char **around; /* the content_hash of each callback that is sent; NULL: none */
    bool delegate;       /* only the framework's own tool can run them: there are no plans */
    const char *hash;    /* lower-case hex */
    /* The script that cannot run, with the reason in `problem`; NULL: all can. A file that is too large, and what
     * follows it, is not among the items: the migrations before it run. */
    const struct catalog_item *unfit;
    struct status problem;
    struct flaws flaws;  /* what the scripts would silently pass over */
    struct words marked; /* migrations that begin with a byte order mark, which their own tool would send */
};

#endif
