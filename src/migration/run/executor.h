/*
 * The ways to run a preparation.
 */
#ifndef MIGRATION_RUN_EXECUTOR_H
#define MIGRATION_RUN_EXECUTOR_H

#include "migration/plan/plan.h"
#include "migration/result.h"
#include "migration/run/current.h"

/* What is to be run, under the run's locks, and its result. There is at least one migration, and all of them can
 * run. */
struct execution {
    struct run *run;
    const struct run_options *options;
    struct preparation *preparation; /* read and planned again after a lost connection */
    struct run_result *result;
    int64_t began; /* clock_ms */
};

struct executor {
    /* The last check that may refuse, with the request's status; then the first write. */
    bool (*begin)(const struct execution *execution);
    /* Fills the result except for its duration: ok, summary, what was applied, what failed. Returns false with the
     * request's status if nothing was run. */
    bool (*run)(const struct execution *execution);
};

extern const struct executor run_each;  /* one after the other, each recorded when it is done */
extern const struct executor run_whole; /* all in one transaction, or nothing */
extern const struct executor run_trial; /* all in one transaction that is rolled back */
extern const struct executor run_tool;  /* by the framework's own tool, where migrations are programs */

/* If nothing is pending, deletes the note of an earlier run that its tool was started and its end not seen: the tool
 * has done everything. */
void run_tool_settled(const struct execution *execution);

#endif
