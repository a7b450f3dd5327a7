/*
 * Answers in the words of CI systems: JUnit for test reports, GitHub's workflow commands for annotations, SARIF for
 * code scanning, Markdown for a job's summary or a comment.
 */
#ifndef CLI_PRINT_REPORT_H
#define CLI_PRINT_REPORT_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Before anything is asked: false, with a message, for a format of --output that there is not for this command. */
bool report_check(struct cli *cli);

/* Prints the status in the format of --output. */
void report_status(struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply);

/* The same for a plan: what stops readers or writers, with its place in the file, which the status tells. */
void report_plan(struct cli *cli, const Truss__Migration__V1__PlanResponse *reply,
                 const Truss__Migration__V1__GetStatusResponse *status);

/* The same for a run. The status tells where the files are; NULL: it could not be had. */
void report_run(struct cli *cli, const Truss__Migration__V1__RunResponse *reply,
                const Truss__Migration__V1__GetStatusResponse *status);

/* Where there is no answer: the command's status in that format, so that no empty report reads as a good one. Nothing
 * without --output. */
void report_error(struct cli *cli);

#endif
