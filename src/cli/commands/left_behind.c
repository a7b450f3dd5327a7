/*
 * The plan has the names as the worker reads them, the status has the order. A migration that was late before this run
 * is not counted as left behind by it.
 */
#include "cli/commands/left_behind.h"

#include "base/text.h"
#include "base/words.h"
#include "cli/commands/run_request.h"
#include "cli/reach/call.h"

#include <string.h>

#define NAMES_SHOWN 5

typedef Truss__Migration__V1__GetStatusResponse StatusReply;
typedef Truss__Migration__V1__Migration Migration;
typedef Truss__Migration__V1__PlanResponse PlanResponse;

static bool stays(const PlanResponse *plan, const Migration *migration)
{
    return migration->state == TRUSS__MIGRATION__V1__STATE__STATE_PENDING &&
           migration->detail_state != TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_OUT_OF_ORDER &&
           migration->detail_state != TRUSS__MIGRATION__V1__DETAIL_STATE__DETAIL_STATE_SKIPPED &&
           run_request_planned(plan, migration->name) == NULL;
}

/* Counts the migrations before the last one of the plan that would stay pending, and lists the names of the first. */
static size_t count_left(const PlanResponse *plan, const StatusReply *status, struct buffer *names)
{
    size_t end = status->n_migrations;
    size_t count = 0;
    while (end > 0 && run_request_planned(plan, status->migrations[end - 1]->name) == NULL) {
        end--;
    }
    for (size_t i = 0; i < end; i++) {
        if (stays(plan, status->migrations[i])) {
            if (count < NAMES_SHOWN) {
                buffer_printf(names, "%s\"%s\"", count == 0 ? "" : ", ", status->migrations[i]->name);
            }
            count++;
        }
    }
    return count;
}

bool left_behind_check(struct cli *cli, const Truss__Migration__V1__RunRequest *request)
{
    Truss__Migration__V1__GetStatusRequest ask = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    struct status status = {.arena = cli->arena};
    struct cli asking = *cli;
    struct buffer names = {.arena = cli->arena};
    if (request->n_migrations == 0 || cli->given.allow_out_of_order || request->dry_run) {
        return true;
    }
    asking.status = &status;
    asking.given.key = NULL;
    ask.framework = request->framework;
    const PlanResponse *const plan = run_request_plan(&asking, request);
    const StatusReply *const reply =
        plan == NULL ? NULL : call(&asking, MIGRATION, "GetStatus", &ask.base, READ_SECONDS);
    const size_t count = reply == NULL ? 0 : count_left(plan, reply, &names);
    if (count == 0) {
        return true;
    }
    status_fail(cli->status, STATUS_FAILED_PRECONDITION, "Nothing was run. %s would stay pending: %s%s.",
                words_counted(cli->arena, count, "earlier migration", "earlier migrations"), buffer_string(&names),
                count > NAMES_SHOWN ? ", …" : "");
    cli->status->hint = "Run them too: name them, or use --target NAME. To run it out of order: --allow-out-of-order.";
    return false;
}
