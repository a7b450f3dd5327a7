/*
 * Reports in the formats of CI systems: JUnit for test reports, GitHub workflow commands for annotations, SARIF for
 * code scanning, Markdown for a job's summary or a comment.
 */
#ifndef CLI_PRINT_REPORT_H
#define CLI_PRINT_REPORT_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Checks, before any call, that this command supports the format of --output; false with a message. */
bool report_check(struct cli *cli);

/* Prints the status in the format of --output. */
void report_status(struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply);

/* The same for a plan: statements that block readers or writers, with their places in the files, which the status
 * provides. */
void report_plan(struct cli *cli, const Truss__Migration__V1__PlanResponse *reply,
                 const Truss__Migration__V1__GetStatusResponse *status);

/* The same for a run. The status provides the files; NULL: it could not be read. */
void report_run(struct cli *cli, const Truss__Migration__V1__RunResponse *reply,
                const Truss__Migration__V1__GetStatusResponse *status);

/* If there is no answer: prints the command's error in that format, so that no empty report looks like success. Does
 * nothing without --output. */
void report_error(struct cli *cli);

#endif
