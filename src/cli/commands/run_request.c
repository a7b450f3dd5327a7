/*
 * A plan is asked for with the same options as a run, so that what is shown is what will run.
 */
#include "cli/commands/run_request.h"

#include "cli/reach/call.h"

#include <string.h>

typedef Truss__Migration__V1__PlanRequest PlanRequest;
typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__RunRequest RunRequest;

static bool read_order(const struct cli *cli, RunRequest *request)
{
    if (cli->given.allow_out_of_order && cli->given.no_out_of_order) {
        return status_fail(cli->status, STATUS_INVALID_ARGUMENT,
                           "--allow-out-of-order and --no-out-of-order exclude each other.");
    }
    if (cli->given.allow_out_of_order || cli->given.no_out_of_order) {
        request->_allow_out_of_order_case = TRUSS__MIGRATION__V1__RUN_REQUEST___ALLOW_OUT_OF_ORDER_ALLOW_OUT_OF_ORDER;
        request->allow_out_of_order = cli->given.allow_out_of_order;
    }
    return true;
}

bool run_request_read(struct cli *cli, RunRequest *request)
{
    const struct options *const given = &cli->given;
    const bool all = given->transaction != NULL && strcmp(given->transaction, "all") == 0;
    request->n_migrations = (size_t)cli->word_count;
    request->migrations = cli->words;
    request->target = arena_strdup(cli->arena, given->target == NULL ? "" : given->target);
    request->plan_hash = arena_strdup(cli->arena, given->plan_hash == NULL ? "" : given->plan_hash);
    request->framework = framework_of(cli);
    request->confirm = confirm_of(cli);
    request->ignore_history = given->ignore_history;
    request->repair = given->repair;
    request->allow_other_database = given->allow_other_database;
    request->dry_run = given->dry_run;
    request->durable = given->durable != NULL && strcmp(given->durable, "each") == 0
                           ? TRUSS__MIGRATION__V1__DURABILITY__DURABILITY_EACH
                           : TRUSS__MIGRATION__V1__DURABILITY__DURABILITY_RUN;
    request->transaction = all ? TRUSS__MIGRATION__V1__TRANSACTION_MODE__TRANSACTION_MODE_ALL
                               : TRUSS__MIGRATION__V1__TRANSACTION_MODE__TRANSACTION_MODE_EACH;
    request->lock_timeout_ms = given->ask_lock_timeout;
    request->lock_retry_ms = given->ask_lock_retry;
    request->statement_timeout_ms = given->ask_statement_timeout;
    return read_order(cli, request);
}

PlanRequest run_request_as_plan(const RunRequest *run)
{
    PlanRequest request = TRUSS__MIGRATION__V1__PLAN_REQUEST__INIT;
    request.n_migrations = run->n_migrations;
    request.migrations = run->migrations;
    request.target = run->target;
    request.transaction = run->transaction;
    request.framework = run->framework;
    request.ignore_history = run->ignore_history;
    request.repair = run->repair;
    request.allow_other_database = run->allow_other_database;
    if (run->_allow_out_of_order_case != 0) {
        request._allow_out_of_order_case = TRUSS__MIGRATION__V1__PLAN_REQUEST___ALLOW_OUT_OF_ORDER_ALLOW_OUT_OF_ORDER;
        request.allow_out_of_order = run->allow_out_of_order;
    }
    return request;
}

const PlanResponse *run_request_plan(struct cli *cli, const RunRequest *run)
{
    const PlanRequest request = run_request_as_plan(run);
    return call(cli, MIGRATION, "Plan", &request.base, READ_SECONDS);
}

const Truss__Migration__V1__PlannedMigration *run_request_planned(const PlanResponse *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_migrations; i++) {
        if (strcmp(plan->migrations[i]->name, name) == 0) {
            return plan->migrations[i];
        }
    }
    return NULL;
}
