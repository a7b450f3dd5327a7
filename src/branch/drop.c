/*
 * Right before the DROP, the owner of a database is checked, under the lock that every worker takes to make or drop it.
 */
#include "branch/drop.h"

#include "base/sqlstate.h"
#include "branch/names.h"
#include "branch/refusals.h"
#include "branch/registry.h"
#include "branch/server.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

static bool is_ours(const struct branch_call *call, const struct branch_row *row, const char *name,
                    const struct database *database)
{
    const bool has_prefix = strncmp(name, BRANCH_PREFIX, sizeof BRANCH_PREFIX - 1) == 0;
    const bool is_provisional = strlen(row->token) == BRANCH_TOKEN_SIZE - 1 &&
                                strcmp(name, branch_provisional_name(call->arena, row->token)) == 0;
    return has_prefix && (is_provisional || database_is_of(database, row->token));
}

static void advise(const struct branch_call *call)
{
    if (sqlstate_is(call->status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        call->status->hint =
            "The role must own the branch's database, and may not end a superuser's sessions: end those first.";
    }
}

/* First nobody can connect any more, then all sessions are ended. A broken database cannot be altered, and has no
 * sessions. */
static bool drop(const struct branch_call *call, struct pg_session *session, const char *name, bool is_broken)
{
    struct status ignored = {.arena = call->arena};
    const struct branch_call quiet = {call->branches, call->arena, &ignored, call->deadline, NULL};
    if (!is_broken) {
        server_alter(&quiet, session, "ALTER DATABASE ", name, " ALLOW_CONNECTIONS false");
    }
    if (server_alter(call, session, "DROP DATABASE IF EXISTS ", name, " WITH (FORCE)")) {
        return true;
    }
    if (sqlstate_is(call->status->sqlstate, SQLSTATE_INVALID_CATALOG_NAME)) {
        *call->status = (struct status){.arena = call->arena};
        return true; /* another worker was faster */
    }
    if (!is_broken) {
        server_alter(&quiet, session, "ALTER DATABASE ", name, " ALLOW_CONNECTIONS true");
    }
    advise(call);
    return false;
}

bool drop_database(const struct branch_call *call, struct pg_session *session, const struct branch_row *row,
                   const char *name)
{
    struct database database;
    if (!server_find(call, session, name, &database)) {
        return false;
    }
    if (!database.exists) {
        return true;
    }
    if (!is_ours(call, row, name, &database)) {
        return status_fail(call->status, STATUS_FAILED_PRECONDITION,
                           "The database \"%s\" is not this branch's: its comment does not say so. It was left alone.",
                           name);
    }
    return drop(call, session, name, database.is_broken);
}

/* If the database was renamed, somebody may use it by now: it is reported and left alone. */
static bool check_renamed(const struct branch_call *call, struct pg_session *session, const struct branch_row *row)
{
    const char *const oid = arena_printf(call->arena, "%u", row->oid);
    PG_RESULT(result) =
        pg_query(session, "SELECT d.datname FROM pg_catalog.pg_database d WHERE d.oid = $1::pg_catalog.oid", 1, &oid,
                 call->status);
    if (result == NULL || PQntuples(result) == 0) {
        return result != NULL;
    }
    struct database database;
    const char *const name = arena_strdup(call->arena, pg_field(result, 0, 0));
    return server_find(call, session, name, &database) &&
           (!database_is_of(&database, row->token) ||
            status_fail(call->status, STATUS_FAILED_PRECONDITION,
                        "Somebody renamed the branch's database to \"%s\". It was left alone: rename it back to \"%s\" "
                        "and delete the branch again, or drop it yourself.",
                        name, row->branch));
}

bool drop_branch(const struct branch_call *call, struct pg_session *maintenance, const struct branch_row *row)
{
    struct status problem = {.arena = call->arena};
    const struct branch_call dropping = {call->branches, call->arena, &problem, call->deadline, NULL};
    const bool is_gone = drop_database(&dropping, maintenance, row, branch_provisional_name(call->arena, row->token)) &&
                         drop_database(&dropping, maintenance, row, row->branch) &&
                         check_renamed(&dropping, maintenance, row);
    const bool is_foreign = !is_gone && problem.code == STATUS_FAILED_PRECONDITION && problem.sqlstate == NULL;
    struct pg_session *const home = registry_take(call);
    bool moved;
    if (home == NULL) {
        return false;
    }
    const struct registry_move move = {.id = row->id,
                                       .from = "active,creating,expiring,failed",
                                       .to = is_gone      ? "deleted"
                                             : is_foreign ? "failed"
                                                          : "expiring",
                                       .error = is_gone ? "" : problem.message};
    const bool ok = registry_move(call, home, &move, &moved);
    registry_give(call, home, true);
    if (ok && !is_gone) {
        *call->status = problem;
    }
    return ok && is_gone;
}

bool branch_delete(const struct branch_call *call, int64_t id)
{
    struct branch_row row;
    bool taken;
    bool moved = false;
    struct pg_session *const home = registry_take(call);
    if (home == NULL) {
        return false;
    }
    const bool found = registry_find(call, home, id, &row);
    const struct registry_move move = {.id = id, .from = "active,failed,expiring", .to = "expiring", .error = ""};
    if (!found || strcmp(row.status, "deleted") == 0) {
        registry_give(call, home, true);
        return found ? refuse_unknown(call, &row) : false;
    }
    if (row.is_protected) {
        registry_give(call, home, true);
        return refuse_protected(call, &row);
    }
    struct pg_session *const session = server_open(call, NULL);
    const bool ok = session != NULL && server_lock(session, row.token, &taken, call->status) &&
                    (taken || refuse_taken(call, &row)) && registry_move(call, home, &move, &moved);
    registry_give(call, home, true);
    if (ok && !moved && strcmp(row.status, "creating") == 0) {
        status_fail_because(
            call->status, STATUS_ABORTED, REASON_BUSY,
            "The worker that made the branch \"%s\" has ended: another one finishes or undoes it within a "
            "minute. Try again then.",
            row.label);
    } else if (ok && !moved) {
        branch_not_found(call->status);
    }
    const bool is_dropped = ok && moved && drop_branch(call, session, &row);
    pg_session_free(session);
    return is_dropped;
}
