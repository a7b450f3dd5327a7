/*
 * truss run: builds the request from the options, and runs it in one of two ways. If nobody watches (a pipe, --json,
 * --dry-run) it is one call, which stores nothing about the operation in the database; else it is an operation whose
 * events are shown.
 */
#include "cli/commands/confirm.h"
#include "cli/commands/left_behind.h"
#include "cli/commands/run_request.h"
#include "cli/commands/saved_plan.h"
#include "cli/commands/watch.h"
#include "cli/print/head.h"
#include "cli/print/output.h"
#include "cli/print/report.h"
#include "cli/print/run_result.h"
#include "cli/reach/call.h"
#include "cli/reach/interrupt.h"
#include "cli/reach/worker.h"

#include <stdio.h>
#include <unistd.h>

#define RUN_SECONDS 3600

typedef Truss__Migration__V1__Operation Operation;
typedef Truss__Migration__V1__RunRequest RunRequest;
typedef Truss__Migration__V1__RunResponse RunResponse;

/* ---- the two ways ---- */

/* The paths of the files are in the status. The run has happened by now: without a status, the report has no paths. */
static void print_report(const struct cli *cli, const RunResponse *reply)
{
    Truss__Migration__V1__GetStatusRequest request = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    struct status status = {.arena = cli->arena};
    struct cli asking = *cli;
    asking.status = &status;
    asking.given.key = NULL;
    request.framework = framework_of(cli);
    report_run(&asking, reply,
               reply->failed == NULL ? NULL : call(&asking, MIGRATION, "GetStatus", &request.base, READ_SECONDS));
}

static int print_result(struct cli *cli, const RunResponse *reply)
{
    if (cli->given.output != NULL) {
        print_report(cli, reply);
    } else if (!print_json(cli, &reply->base)) {
        result_print(cli, reply, NULL, 0);
    }
    return reply->ok ? EXIT_FINE : EXIT_ERROR;
}

/* No operation was started, so its id cannot be printed. */
static int print_done(struct cli *cli, const RunResponse *done)
{
    if (!cli->given.detach) {
        return print_result(cli, done);
    }
    fprintf(stderr, "truss: %s\n", output_safe(cli->arena, done->summary, false));
    return EXIT_FINE;
}

static int run_at_once(struct cli *cli, const RunRequest *request)
{
    interrupt_guard(cli);
    const RunResponse *const reply = call(cli, MIGRATION, "Run", &request->base, RUN_SECONDS);
    if (reply == NULL) {
        report_error(cli);
        return EXIT_ERROR;
    }
    return print_result(cli, reply);
}

static int print_started(const struct cli *cli, const Operation *operation)
{
    if (!print_json(cli, &operation->base)) {
        printf("%s\n", operation->id);
    }
    if (isatty(STDOUT_FILENO) != 0) {
        fprintf(stderr, "Follow it with: truss operations %s --follow\n", operation->id);
    }
    return EXIT_FINE;
}

/* A role that may not create the schema "truss" can still run, unless an option needs that schema. */
static bool can_do_without(const struct cli *cli)
{
    return !cli->given.progress && !cli->given.detach && status_is_because(cli->status, REASON_NO_STATE_SCHEMA);
}

static int run_watched(struct cli *cli, RunRequest *request)
{
    int code = EXIT_ERROR;
    /* The worker ends the run in time, even if this command is gone. */
    request->timeout_ms = cli->given.timeout;
    watch_hold_interrupts();
    struct rpc_channel *const channel = worker_channel(cli);
    if (channel == NULL) {
        return EXIT_ERROR;
    }
    const struct caller caller = {
        .channel = channel,
        .options = {.timeout_ms = READ_SECONDS * 1000, .idempotency_key = cli->given.key},
        .arena = cli->arena,
        .status = cli->status,
    };
    const Operation *const operation = call_on(&caller, "StartRun", &request->base);
    if (operation != NULL) {
        if (!cli->given.detach && !cli->given.json) {
            head_print(cli, operation->target);
        }
        code =
            cli->given.detach ? print_started(cli, operation) : watch_operation(cli, channel, operation->id, true, 0);
    }
    watch_let_interrupts();
    if (operation == NULL && can_do_without(cli)) {
        fprintf(stderr, "truss: running without progress: the role may not make or use Truss's own schema\n");
        return run_at_once(cli, request);
    }
    return code;
}

/* A report describes a run that has ended, and must be alone on standard output. */
static bool check_output(struct cli *cli)
{
    if (cli->given.output != NULL && (cli->given.detach || cli->given.progress)) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT, "--output and --%s exclude each other.",
                           cli->given.detach ? "detach" : "progress");
    }
    return report_check(cli);
}

int command_run(struct cli *cli)
{
    RunRequest request = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    if (!check_output(cli) || (cli->given.detach && !worker_stays(cli)) || !run_request_read(cli, &request)) {
        return EXIT_ERROR;
    }
    const RunResponse *done;
    if (!saved_plan_read(cli, &request, &done)) {
        report_error(cli);
        return EXIT_ERROR;
    }
    if (done != NULL) {
        cli->status->code = STATUS_OK;
        return print_done(cli, done);
    }
    if (!left_behind_check(cli, &request) || !confirm_run(cli, &request)) {
        report_error(cli);
        return EXIT_ERROR;
    }
    const bool is_usual = isatty(STDOUT_FILENO) != 0 && !cli->given.dry_run;
    const bool watched = cli->given.progress || (!cli->given.json && cli->given.output == NULL && is_usual);
    return cli->given.detach || watched ? run_watched(cli, &request) : run_at_once(cli, &request);
}
