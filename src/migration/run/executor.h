/*
 * The ways to run what is prepared.
 */
#ifndef MIGRATION_RUN_EXECUTOR_H
#define MIGRATION_RUN_EXECUTOR_H

#include "migration/plan/plan.h"
#include "migration/result.h"
#include "migration/run/current.h"

/* What is to be run, under its locks, and what comes of it. At least one migration, and all can run. */
struct execution {
    struct run *run;
    const struct run_options *options;
    struct preparation *preparation; /* read and planned again after a lost connection */
    struct run_result *result;
    int64_t began; /* clock_ms units */
};

struct executor {
    /* The last that may refuse, with the request's status; and then the first that writes. */
    bool (*begin)(const struct execution *execution);
    /* Fills the result, but for its time: ok, summary, what was applied, what failed. False, with the request's status,
     * where nothing was run. */
    bool (*run)(const struct execution *execution);
};

extern const struct executor run_each;  /* one after the other, each recorded as it is done */
extern const struct executor run_whole; /* all in one transaction, or nothing */
extern const struct executor run_trial; /* all in one transaction that is rolled back */
extern const struct executor run_tool;  /* by the framework's own tool, where migrations are programs */

/* Forgets what an earlier run has noted of its tool, whose end nobody saw, where nothing is pending: then the tool did
 * all of it. */
void run_tool_settled(const struct execution *execution);

#endif
