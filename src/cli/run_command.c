/*
 * truss run: makes the request out of the options, and runs it in one of two ways. Without anybody to watch (a pipe,
 * --json, --dry-run) it is one call, which leaves nothing behind in the database; with somebody it is an operation
 * whose events are shown.
 */
#include "cli/run_command.h"

#include "base/options.h"
#include "cli/call.h"
#include "cli/result.h"
#include "cli/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_SECONDS 3600

typedef Truss__Migration__V1__Operation Operation;
typedef Truss__Migration__V1__RunRequest RunRequest;
typedef Truss__Migration__V1__RunResponse RunResponse;

/* ---- options ---- */

static bool read_milliseconds(const char *word, const char *name, uint32_t *ms, struct status *status)
{
    char *end;
    if (word == NULL) {
        return true;
    }
    errno = 0;
    const unsigned long number = strtoul(word, &end, 10);
    if (word[0] < '0' || word[0] > '9' || *end != '\0' || errno != 0 || number == 0 || number > UINT32_MAX) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--%s takes a number of milliseconds, not \"%s\".", name,
                           word);
    }
    *ms = (uint32_t)number;
    return true;
}

static bool read_seconds(const char *word, const char *name, uint32_t *ms, struct status *status)
{
    return word == NULL || option_seconds(word, name, false, ms, status);
}

static bool read_transaction(const struct cli *cli, Truss__Migration__V1__TransactionMode *mode)
{
    const bool all = cli->transaction != NULL && strcmp(cli->transaction, "all") == 0;
    if (cli->transaction != NULL && !all && strcmp(cli->transaction, "each") != 0) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT, "--transaction takes each or all, not \"%s\".",
                           cli->transaction);
    }
    *mode = all ? TRUSS__MIGRATION__V1__TRANSACTION_MODE__TRANSACTION_MODE_ALL
                : TRUSS__MIGRATION__V1__TRANSACTION_MODE__TRANSACTION_MODE_EACH;
    return true;
}

static bool read_order(const struct cli *cli, RunRequest *request)
{
    if (cli->allow_out_of_order != NULL && cli->no_out_of_order != NULL) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                           "--allow-out-of-order and --no-out-of-order exclude each other.");
    }
    if (cli->allow_out_of_order != NULL || cli->no_out_of_order != NULL) {
        request->_allow_out_of_order_case = TRUSS__MIGRATION__V1__RUN_REQUEST___ALLOW_OUT_OF_ORDER_ALLOW_OUT_OF_ORDER;
        request->allow_out_of_order = cli->allow_out_of_order != NULL;
    }
    return true;
}

bool run_request_read(struct cli *cli, RunRequest *request)
{
    struct status *const status = cli->status;
    request->n_migrations = (size_t)cli->word_count;
    request->migrations = cli->words;
    request->target = arena_strdup(cli->arena, cli->target == NULL ? "" : cli->target);
    request->plan_hash = arena_strdup(cli->arena, cli->plan_hash == NULL ? "" : cli->plan_hash);
    request->framework = framework_of(cli);
    request->ignore_history = cli->ignore_history != NULL;
    request->dry_run = cli->dry_run != NULL;
    return read_transaction(cli, &request->transaction) && read_order(cli, request) &&
           read_milliseconds(cli->lock_timeout, "lock-timeout", &request->lock_timeout_ms, status) &&
           read_seconds(cli->lock_retry, "lock-retry", &request->lock_retry_ms, status) &&
           read_seconds(cli->statement_timeout, "statement-timeout", &request->statement_timeout_ms, status);
}

/* ---- the two ways ---- */

static int run_at_once(struct cli *cli, const RunRequest *request)
{
    const RunResponse *const reply = call(cli, MIGRATION, "Run", &request->base, RUN_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json(cli, &reply->base)) {
        result_print(cli->arena, reply, NULL, 0);
    }
    return reply->ok ? EXIT_FINE : EXIT_ERROR;
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

/* A role that may not make the schema "truss" can still run, where nobody asked for more. */
static bool can_do_without(const struct cli *cli)
{
    return cli->progress == NULL && cli->detach == NULL && status_is_because(cli->status, REASON_NO_STATE_SCHEMA);
}

static int run_watched(struct cli *cli, RunRequest *request)
{
    const struct rpc_call_options options = {.timeout_ms = READ_SECONDS * 1000, .idempotency_key = cli->key};
    int code = EXIT_ERROR;
    /* The worker ends it in time, whether we are still there or not. */
    if (cli->timeout != NULL && !call_timeout(cli, 0, &request->timeout_ms)) {
        return EXIT_ERROR;
    }
    watch_hold_interrupts();
    struct rpc_channel *const channel = rpc_channel_open(cli->worker, cli->status);
    if (channel == NULL) {
        return EXIT_ERROR;
    }
    const Operation *const operation =
        call_on(channel, MIGRATION, "StartRun", &request->base, &options, cli->arena, cli->status);
    if (operation != NULL) {
        code =
            cli->detach != NULL ? print_started(cli, operation) : watch_operation(cli, channel, operation->id, true, 0);
    }
    rpc_channel_close(channel);
    watch_let_interrupts();
    if (operation == NULL && can_do_without(cli)) {
        fprintf(stderr, "truss: running without progress: the role may not make or use the schema \"truss\"\n");
        return run_at_once(cli, request);
    }
    return code;
}

/* A person at a terminal sees the plan and is asked; what is run then is that plan and no other. */
static bool is_confirmed(struct cli *cli, RunRequest *request, int *code)
{
    const bool asks = cli->yes == NULL && cli->json == NULL && cli->dry_run == NULL && cli->key == NULL &&
                      request->plan_hash[0] == '\0' && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
    char answer[16] = "";
    *code = EXIT_FINE;
    if (!asks) {
        return true;
    }
    const Truss__Migration__V1__PlanResponse *const plan = plan_ask(cli, request);
    if (plan == NULL) {
        *code = EXIT_ERROR;
        return false;
    }
    if (plan->n_migrations == 0) {
        return true;
    }
    cli->yes = "1";
    plan_print(cli, plan);
    if (plan->_refusal_case != 0) {
        *code = EXIT_ERROR;
        return false;
    }
    printf("\nRun this? [y/N] ");
    fflush(stdout);
    request->plan_hash = plan->plan_hash;
    if (fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y')) {
        return true;
    }
    printf("Nothing was run.\n");
    return false;
}

int command_run(struct cli *cli)
{
    RunRequest request = TRUSS__MIGRATION__V1__RUN_REQUEST__INIT;
    int code;
    if (!run_request_read(cli, &request)) {
        return EXIT_ERROR;
    }
    if (!is_confirmed(cli, &request, &code)) {
        return code;
    }
    const bool is_usual = isatty(STDOUT_FILENO) != 0 && cli->dry_run == NULL;
    const bool watched = cli->json == NULL && (cli->progress != NULL || is_usual);
    return cli->detach != NULL || watched ? run_watched(cli, &request) : run_at_once(cli, &request);
}
