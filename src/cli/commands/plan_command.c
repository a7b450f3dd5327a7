/*
 * truss plan: asks for the plan of a run, and shows it to a person or a program.
 */
#include "base/words.h"
#include "cli/commands/run_request.h"
#include "cli/commands/saved_plan.h"
#include "cli/print/again.h"
#include "cli/print/output.h"
#include "cli/print/plan_view.h"
#include "cli/print/report.h"
#include "cli/reach/call.h"

#include <stdio.h>

typedef Truss__Migration__V1__PlanResponse PlanResponse;

/* The paths of the files are in the status. */
static bool print_report(struct cli *cli, const PlanResponse *reply)
{
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    request.framework = framework_of(cli);
    const Truss__Migration__V1__GetStatusResponse *const status =
        call(cli, MIGRATION, "GetStatus", &request.base, READ_SECONDS);
    if (status == NULL) {
        report_error(cli);
        return false;
    }
    report_plan(cli, reply, status);
    return true;
}

static void print(struct cli *cli, const PlanResponse *reply)
{
    plan_print(cli, reply, cli->given.verbose);
    if (reply->_refusal_case != 0 || reply->n_migrations == 0) {
        return;
    }
    if (reply->n_failures > 0) {
        printf("\nA run would fail now. Correct what is named, and then: truss plan\n");
    } else if (cli->given.save != NULL) {
        printf("\nTo run this plan and no other:\n  %s --plan %s\n",
               output_safe(cli->arena, again_place(cli, "run"), false),
               output_safe(cli->arena, words_quoted(cli->arena, cli->given.save), false));
    } else {
        printf("\nTo run this plan and no other:\n  %s\n",
               output_safe(cli->arena, again_run(cli, reply->plan_hash), false));
    }
}

/* A plan that would be refused or is known to fail cannot be approved: it is shown, but not saved. */
static bool save(struct cli *cli, const Truss__Migration__V1__RunRequest *run, const PlanResponse *reply)
{
    if (reply->_refusal_case != 0 || reply->n_failures > 0) {
        fprintf(stderr, "truss: %s is not written: this plan would %s.\n", cli->given.save,
                reply->_refusal_case != 0 ? "be refused" : "fail");
        return true;
    }
    return saved_plan_write(cli, run, reply);
}

int command_plan(struct cli *cli)
{
    Truss__Migration__V1__RunRequest run = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    if (!report_check(cli) || !run_request_read(cli, &run)) {
        return EXIT_ERROR;
    }
    const PlanResponse *const reply = run_request_plan(cli, &run);
    if (reply == NULL) {
        report_error(cli);
        return EXIT_ERROR;
    }
    if (cli->given.save != NULL && !save(cli, &run, reply)) {
        report_error(cli);
        return EXIT_ERROR;
    }
    if (cli->given.output != NULL && !print_report(cli, reply)) {
        return EXIT_ERROR;
    }
    if (cli->given.output == NULL && !print_json(cli, &reply->base)) {
        print(cli, reply);
    }
    return reply->_refusal_case == 0 && reply->n_failures == 0 ? EXIT_FINE : EXIT_ERROR;
}
