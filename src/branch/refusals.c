/*
 * Anybody may drop or rename a database at any time: only after a failure does this check whether it still exists.
 */
#include "branch/refusals.h"

#include "base/sqlstate.h"
#include "pg/query.h"
#include "pg/values.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define SETTLED_MS 10000 /* for a DROP DATABASE under way, with its checkpoint */

/* ---- who blocks ---- */

bool refuse_busy(const struct branch_call *call, const char *parent, const struct sessions *sessions)
{
    struct status *const status = call->status;
    status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_BUSY,
                        "The database \"%s\" has %" PRId64
                        " other session%s and cannot be copied while they are there. "
                        "Nobody was disturbed.",
                        parent, sessions->count, sessions->count == 1 ? "" : "s");
    status->detail = sessions->list;
    status->hint =
        "Choose how (--on-busy, in a request: onBusy): \"wait\" (new connections to it wait meanwhile), \"dump\" or "
        "\"schema\" (a logical copy, which disturbs nobody); or set up a golden copy (`truss branch golden refresh`).";
    return false;
}

bool refuse_large(const struct branch_call *call, const char *parent, int64_t size)
{
    struct status *const status = call->status;
    status_fail_because(status, STATUS_FAILED_PRECONDITION, REASON_BUSY,
                        "The database \"%s\" has %" PRId64 " MB: while it is copied, new connections to it have to "
                        "wait, for some seconds per gigabyte.",
                        parent, size / 1024 / 1024);
    status->hint = "Choose how (--on-busy, in a request: onBusy): \"wait\" if that is fine, \"dump\" or \"schema\" for "
                   "a logical copy, which disturbs nobody; or set up a golden copy (`truss branch golden refresh`).";
    return false;
}

bool refuse_protected(const struct branch_call *call, const struct branch_row *row)
{
    return status_fail_because(call->status, STATUS_FAILED_PRECONDITION, REASON_PROTECTED,
                               "The branch \"%s\" is protected; end that first: truss branch protect %" PRId64 " --off",
                               row->label, row->id);
}

bool refuse_taken(const struct branch_call *call, const struct branch_row *row)
{
    return status_fail_because(call->status, STATUS_ABORTED, REASON_BUSY,
                               "The branch \"%s\" is being made, reset or dropped at this moment.", row->label);
}

/* ---- what does not exist ---- */

static const char *what_became(struct arena *arena, const struct branch_row *row)
{
    return strcmp(row->status, "deleted") == 0 ? arena_printf(arena, "The branch \"%s\" was dropped.", row->label)
           : strcmp(row->kind, "golden") == 0
               ? arena_printf(arena, "The number %" PRId64 " is the golden copy's, which is no branch.", row->id)
           : strcmp(row->status, "creating") == 0
               ? arena_printf(arena, "The branch \"%s\" is being made: truss branch wait %" PRId64 ".", row->label,
                              row->id)
           : strcmp(row->status, "failed") == 0
               ? arena_printf(arena, "The branch \"%s\" could not be made: %s", row->label, row->last_error)
               : arena_printf(arena, "The branch \"%s\" has ended, and is being dropped.", row->label);
}

bool branch_not_found(struct status *status)
{
    status_fail(status, STATUS_NOT_FOUND, "Branch not found.");
    status->hint = "truss branch list (GET /api/branches) shows the branches and their numbers.";
    return false;
}

bool refuse_unknown(const struct branch_call *call, const struct branch_row *row)
{
    branch_not_found(call->status);
    call->status->detail = what_became(call->arena, row);
    return false;
}

bool refuse_gone(const struct branch_call *call, const char *parent, const struct branch_row *branch)
{
    struct status *const status = call->status;
    if (branch == NULL) {
        return status_fail(status, STATUS_NOT_FOUND, "There is no database \"%s\" on this server.", parent);
    }
    status_fail(
        status, STATUS_FAILED_PRECONDITION,
        "The database \"%s\", which the branch \"%s\" is a copy of, is not there: somebody dropped or renamed it.",
        parent, branch->label);
    status->hint = arena_printf(call->arena,
                                "Give it its name back, or delete the branch when nobody needs its data: truss branch "
                                "delete %" PRId64 ".",
                                branch->id);
    return false;
}

static void fail_without_own(const struct branch_call *call, const struct branch_row *row)
{
    status_fail(call->status, STATUS_FAILED_PRECONDITION,
                "The database \"%s\" of the branch \"%s\" is not there: somebody dropped or renamed it.", row->branch,
                row->label);
    call->status->hint = arena_printf(call->arena,
                                      "Give it its name back, make it again (truss branch reset %" PRId64
                                      "), or delete the branch (truss branch delete %" PRId64 ").",
                                      row->id, row->id);
}

bool branch_is_there(const struct branch_call *call, const struct branch_row *row)
{
    struct database own;
    struct pg_session *const session = server_open(call, NULL);
    const bool is_asked = session != NULL && server_find(call, session, row->branch, &own);
    pg_session_free(session);
    if (!is_asked || database_is_of(&own, row->token)) {
        return is_asked;
    }
    if (own.exists) {
        return status_fail(
            call->status, STATUS_FAILED_PRECONDITION,
            "The database \"%s\" is not the branch's: its comment does not say so. Nothing was run in it.",
            row->branch);
    }
    fail_without_own(call, row);
    return false;
}

/* For these errors, asking the server gives no new information. It does for a session that somebody ended: whoever
 * drops a database WITH (FORCE) ends its sessions first. */
static bool is_known(const struct status *status)
{
    return status->code == STATUS_CANCELLED || status->code == STATUS_DEADLINE_EXCEEDED ||
           (status->code == STATUS_UNAVAILABLE && !sqlstate_is(status->sqlstate, SQLSTATE_ADMIN_SHUTDOWN));
}

/* Is the database being dropped or renamed at this moment? Until that is done, it seems to exist. */
static bool is_changing(const struct branch_call *call, struct pg_session *session, const char *name)
{
    static const char sql[] =
        "SELECT 1 FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.objid WHERE l.locktype = "
        "'object' AND l.classid = 'pg_catalog.pg_database'::regclass AND l.mode = 'AccessExclusiveLock' AND d.datname "
        "= $1";
    PG_RESULT(result) = pg_query(session, sql, 1, &name, call->status);
    return result != NULL && PQntuples(result) > 0;
}

static bool find_settled(const struct branch_call *call, struct pg_session *session, const char *name,
                         struct database *database)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    const int64_t until = deadline_in(SETTLED_MS);
    while (is_changing(call, session, name) && !deadline_passed(until)) {
        nanosleep(&pause, NULL);
    }
    return server_find(call, session, name, database);
}

void explain_gone(const struct branch_call *call, const struct branch_row *row, bool is_new)
{
    const struct status said = *call->status;
    struct status ignored = {.arena = call->arena};
    const struct branch_call looking = {call->branches, call->arena, &ignored, call->deadline, NULL};
    struct pg_session *const session = is_known(&said) ? NULL : server_open(&looking, NULL);
    struct database parent;
    struct database own;
    if (session != NULL && find_settled(&looking, session, row->parent, &parent) &&
        server_find(&looking, session, row->branch, &own)) {
        if (!parent.exists && is_new) {
            status_fail(
                call->status, STATUS_NOT_FOUND,
                "The database \"%s\" is not there any more: somebody dropped or renamed it while the branch was "
                "made of it.",
                row->parent);
        } else if (!parent.exists) {
            refuse_gone(call, row->parent, row);
        } else if (!own.exists && strcmp(row->status, "active") == 0) {
            fail_without_own(call, row);
        }
        if (call->status->message != said.message) {
            call->status->sqlstate = said.sqlstate;
            call->status->detail = said.detail != NULL && said.detail[0] != '\0' ? said.detail : said.message;
        }
    }
    pg_session_free(session);
}
