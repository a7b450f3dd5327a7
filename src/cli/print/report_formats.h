/*
 * The formats of report.c that have their own files. All print to standard output.
 */
#ifndef CLI_PRINT_REPORT_FORMATS_H
#define CLI_PRINT_REPORT_FORMATS_H

#include "base/status.h"
#include "cli/print/findings.h"

/* report_fault.c: why a migration is not as it should be; NULL: it is. */
const char *report_fault(const Truss__Migration__V1__Migration *migration);

/* report_fault.c: what there is to say of a pending migration: a sentence. */
const char *report_pending(struct arena *arena, const Truss__Migration__V1__Migration *migration);

/* report_run.c: each migration is a test case; what a dry run could not try is skipped. */
void run_junit(struct arena *arena, const Truss__Migration__V1__RunResponse *reply);

/* An annotation for the failure, at its line; without the file if the status is NULL. */
void run_github(struct arena *arena, const Truss__Migration__V1__RunResponse *reply,
                const Truss__Migration__V1__GetStatusResponse *status);

/* markdown.c: the first line of each is a comment, "<!-- truss plan -->", for finding and replacing an earlier one.
 * What does not fit into a GitHub comment (65,536 characters) is counted instead of listed. */
void markdown_status(struct arena *arena, const Truss__Migration__V1__GetStatusResponse *reply);
void markdown_plan(const Truss__Migration__V1__PlanResponse *reply, const struct findings *findings,
                   const char *command);
void markdown_run(struct arena *arena, const Truss__Migration__V1__RunResponse *reply);
void markdown_diff(struct arena *arena, const Truss__Migration__V1__DiffResponse *reply);
void markdown_error(struct arena *arena, const char *command, const struct status *status);

#endif
