/*
 * Sessions on the home database. A request reads or writes a few rows: for these the worker's pool has sessions, since
 * a login costs more than all its statements. Who makes a branch opens one each time: the pool keeps none meanwhile.
 */
#include "branch/registry.h"
#include "pg/pool.h"
#include "pg/search.h"

#include <string.h>

/* NOT_FOUND is for a branch; here the database is missing. */
static void explain_no_home(struct status *status)
{
    if (status->code == STATUS_NOT_FOUND) {
        status->code = STATUS_FAILED_PRECONDITION;
        status->hint =
            strstr(status->message, "does not exist") == NULL
                ? NULL
                : "The list of branches and backups is in this database, which somebody dropped or renamed. Give it "
                  "its name back, or tell the worker the new one (DATABASE_URL). If it was dropped, its branches still "
                  "exist (truss_branch_…, each with a comment that says what it is): drop them by hand.";
    }
}

struct pg_session *registry_open(const struct branch_call *call)
{
    struct pg_session *const session = pg_session_open_pinned(call->branches->conninfo, call->deadline, call->status);
    if (session == NULL) {
        explain_no_home(call->status);
    }
    return session;
}

struct pg_session *registry_take(const struct branch_call *call)
{
    if (call->branches->pool == NULL) {
        return registry_open(call);
    }
    struct pg_session *const session = pg_pool_take_pinned(call->branches->pool, call->deadline, call->status);
    if (session == NULL) {
        explain_no_home(call->status);
    }
    return session;
}

void registry_give(const struct branch_call *call, struct pg_session *session, bool keep)
{
    const struct branches *const branches = call->branches;
    const bool lets_go = !keep && branches->let_go != NULL;
    if (branches->pool == NULL) {
        pg_session_free(session);
        return;
    }
    if (lets_go) {
        branches->let_go(branches->let_go_data, true);
    }
    pg_pool_give_briefly(branches->pool, session);
    if (lets_go) {
        branches->let_go(branches->let_go_data, false);
    }
}

bool registry_is_quiet(const struct branch_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->rows[i].status, "creating") == 0) {
            return false;
        }
    }
    return true;
}
