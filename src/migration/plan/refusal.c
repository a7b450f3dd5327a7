/*
 * In the order in which a run checks.
 */
#include "migration/plan/refusal.h"

#include "migration/look/baseline.h"
#include "migration/plan/plan.h"
#include "migration/tool/start.h"
#include "pg/session.h"
#include "pg/synchronous.h"

/* ---- the project's own tool ---- */

const char *const *tool_arguments_for(const struct delegate *delegate, const struct preparation *preparation)
{
    const struct catalog *const catalog = &preparation->catalog;
    const struct catalog_item *const last = preparation->items[preparation->count - 1].item;
    size_t pending = 0;
    size_t pending_to_last = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        if (catalog->items[i].state == MIGRATION_PENDING) {
            pending++;
            pending_to_last += &catalog->items[i] <= last ? 1 : 0;
        }
    }
    for (size_t i = 0; i < preparation->count; i++) { /* of a run of everything: what the tool runs each time */
        const bool is_again = preparation->items[i].item->state != MIGRATION_PENDING;
        pending += is_again ? 1 : 0;
        pending_to_last += is_again ? 1 : 0;
    }
    return preparation->count == pending                          ? delegate->run
           : preparation->count == 1 && delegate->run_one != NULL ? delegate->run_one
           : preparation->count == pending_to_last                ? delegate->run_to
                                                                  : NULL;
}

const char *preparation_first_program(const struct preparation *preparation)
{
    size_t i = 0;
    while (i + 1 < preparation->count && !preparation->items[i].item->file->is_code) {
        i++;
    }
    return preparation->items[i].item->name;
}

/* Only the project's own tool can run what is pending, and it may not be started, or is unknown to us. */
static bool fail_for_tool(const struct request *request, const struct preparation *preparation, bool has_tool,
                          struct status *status)
{
    const struct detection *const detection = &preparation->catalog.detection;
    const char *const own = detection->framework->display_name;
    const char *const needs = preparation->catalog.files.needs_tool;
    const char *const command = tool_run_command(request->arena, request->site, detection);
    const char *const allowed = has_tool ? " Truss starts it if that is allowed: truss run --allow-delegate, or "
                                           "truss-worker --allow-delegate if a worker is asked."
                                         : "";
    if (needs != NULL) {
        return status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_NEEDS_DELEGATE,
                                   "Only %s itself can run the folder %s: %s. Its command is %s.%s", own,
                                   detection->folder.path, needs, command, allowed);
    }
    return status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_NEEDS_DELEGATE,
                               "Migration \"%s\" is a program, which only %s itself can run: %s.%s",
                               preparation_first_program(preparation), own, command, allowed);
}

bool refusal_check_tool(const struct request *request, const struct run_options *options,
                        const struct preparation *preparation, struct status *status)
{
    const struct detection *const detection = &preparation->catalog.detection;
    const struct tool tool = tool_of(request->site, detection);
    const struct delegate *const delegate = tool.delegate;
    const char *const own = detection->framework->display_name;
    const char *const name = preparation_first_program(preparation);
    const char *const stops = preparation->catalog.files.stops_tool != NULL ? preparation->catalog.files.stops_tool
                                                                            : preparation->catalog.entries.stops_tool;
    const bool has_tool = delegate != NULL && delegate->run != NULL;
    if (stops != NULL) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s", stops);
    } else if (!has_tool || !request->site->allow_delegate) {
        fail_for_tool(request, preparation, has_tool, status);
    } else if (options->dry_run || options->in_one_transaction) {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" is a program, which %s runs in its own transactions: it cannot be %s.", name, own,
                    options->dry_run ? "tried" : "part of one transaction with all others");
    } else if (tool_arguments_for(delegate, preparation) == NULL) {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" is a program, and %s cannot run just what was asked for: run all that is "
                    "pending%s%s.",
                    name, own, delegate->run_to != NULL ? ", or all up to a target" : "",
                    delegate->run_one != NULL ? ", or one alone" : "");
    } else if (tool_is_there(request->arena, &tool, status)) {
        return true;
    }
    status->migration = name;
    return false;
}

/* ---- all of it ---- */

/* A flaw without a repair stops a repairing run, too. */
static bool has_unmended(const struct flaws *flaws, bool repairs)
{
    for (size_t i = 0; i < flaws->count; i++) {
        if (!repairs || flaws->items[i].repair == NULL) {
            return true;
        }
    }
    return false;
}

bool refusal_find(const struct request *request, struct pg_session *session, const struct run_options *options,
                  const struct preparation *preparation, const char **refusal)
{
    struct status of_tool = {.arena = request->arena};
    const char *const obstacle = prepare_obstacle(request->arena, preparation);
    *refusal = NULL;
    if (preparation->unfit != NULL) {
        *refusal = arena_printf(request->arena, "\"%s\" cannot run: %s", preparation->unfit->name,
                                preparation->problem.message);
    } else if (has_unmended(&preparation->flaws,
                            options->repair)) { /* of a callback, too: those run with none pending */
        *refusal = flaws_refusal(request->arena, &preparation->flaws);
    } else if (preparation->count == 0) {
        return true;
    } else if (pg_session_is_pooled(session)) {
        *refusal = PG_SESSION_POOLED;
    } else if (preparation->delegate) {
        *refusal = refusal_check_tool(request, options, preparation, &of_tool) ? NULL : of_tool.message;
    } else if (options->in_one_transaction && obstacle != NULL) {
        *refusal = arena_printf(request->arena, "These migrations cannot share one transaction: %s.", obstacle);
    } else if (!baseline_problem(request, session, &preparation->catalog.detection, refusal)) {
        return false;
    }
    return *refusal != NULL || options->dry_run || synchronous_why_commits_wait(session, refusal, request->status);
}
