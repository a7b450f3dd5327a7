#include "cli/commands/plan_done.h"

#include "base/words.h"
#include "cli/commands/run_request.h"
#include "cli/reach/call.h"

#include <string.h>

typedef Truss__Migration__V1__GetStatusResponse GetStatusResponse;
typedef Truss__Migration__V1__Migration Migration;
typedef Truss__Migration__V1__PlannedMigration PlannedMigration;
typedef Truss__Migration__V1__PlanResponse PlanResponse;
typedef Truss__Migration__V1__RunRequest RunRequest;
typedef Truss__Migration__V1__RunResponse RunResponse;

static const GetStatusResponse *ask(const struct cli *cli, const RunRequest *request)
{
    Truss__Migration__V1__GetStatusRequest asked = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
    struct status ignored = {.arena = cli->arena};
    struct cli asking = *cli;
    asking.status = &ignored;
    asking.given.timeout = 0;
    asking.given.key = NULL;
    asked.framework = request->framework;
    return call(&asking, MIGRATION, "GetStatus", &asked.base, READ_SECONDS);
}

/* The file is compared, too: the tracking table may have no checksum. */
static bool is_applied(const GetStatusResponse *status, const PlannedMigration *planned)
{
    for (size_t i = 0; i < status->n_migrations; i++) {
        const Migration *const one = status->migrations[i];
        if (strcmp(one->name, planned->name) == 0) {
            return one->state == TRUSS__MIGRATION__V1__STATE__STATE_APPLIED && planned->_hash_case != 0 &&
                   one->_file_hash_case != 0 && strcmp(planned->hash, one->file_hash) == 0;
        }
    }
    return false;
}

const RunResponse *plan_done(const struct cli *cli, const RunRequest *request, const PlanResponse *then,
                             const PlanResponse *now)
{
    for (size_t i = 0; i < then->n_migrations; i++) {
        if (run_request_planned(now, then->migrations[i]->name) != NULL) {
            return NULL;
        }
    }
    const GetStatusResponse *const status = then->n_migrations == 0 ? NULL : ask(cli, request);
    if (status == NULL || status->_problem_case != 0) {
        return NULL;
    }
    for (size_t i = 0; i < then->n_migrations; i++) {
        if (!is_applied(status, then->migrations[i])) {
            return NULL;
        }
    }
    static const RunResponse initial = TRUSS__MIGRATION__V1__RUN_RESPONSE__INIT;
    RunResponse *const done = arena_alloc(cli->arena, sizeof *done);
    *done = initial;
    done->ok = true;
    done->dry_run = request->dry_run;
    done->target = now->target;
    const char *const others = words_counted(cli->arena, now->n_migrations, "migration that is not in it is pending",
                                             "migrations that are not in it are pending");
    done->summary = arena_printf(cli->arena, "Nothing to run: all of %s is applied.%s%s%s", cli->given.plan,
                                 now->n_migrations == 0 ? "" : " ", now->n_migrations == 0 ? "" : others,
                                 now->n_migrations == 0 ? "" : ".");
    return done;
}
