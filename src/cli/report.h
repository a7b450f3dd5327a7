/*
 * Answers in the words of CI systems: JUnit for test reports, GitHub's workflow commands for annotations, SARIF for
 * code scanning.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/cli.h"
#include "truss/migration/v1/migration.pb-c.h"

/* Prints the status in the format of --output. False, with a message, for a format that there is not for it. */
bool report_status(struct cli *cli, const Truss__Migration__V1__GetStatusResponse *reply);

/* The same for a plan: what stops readers or writers, with its place in the file, which the status tells. */
bool report_plan(struct cli *cli, const Truss__Migration__V1__PlanResponse *reply,
                 const Truss__Migration__V1__GetStatusResponse *status);

#endif
