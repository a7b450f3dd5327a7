/*
 * Lists what there is, and makes changes that do not touch the data.
 */
#include "base/log.h"
#include "branch/drop.h"
#include "branch/make.h"
#include "branch/names.h"
#include "branch/refusals.h"
#include "branch/registry.h"
#include "branch/server.h"
#include "pg/query.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ACTIVE                                                                                                         \
    "b.status = 'active' AND b.kind <> 'golden' AND (b.expires_at IS NULL OR b.expires_at > pg_catalog.now())"
#define UNFINISHED "(" ACTIVE ") OR (b.status = 'creating' AND b.kind <> 'golden')"
#define NEWEST     " ORDER BY b.id DESC"

/* Rows of branches that have ended are kept for weeks; of these only the newest are listed. One more tells that there
 * are more. */
#define MOST_ENDED   500
#define HAS_ENDED(b) b ".status IN ('deleted', 'failed')"

static bool has_ended(const struct branch_row *row)
{
    return strcmp(row->status, "deleted") == 0 || strcmp(row->status, "failed") == 0;
}

static void put_sizes(const struct branch_call *call, struct pg_session *home, struct branch_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        list->rows[i].size = has_ended(&list->rows[i]) ? -1 : server_size(call, home, list->rows[i].branch);
    }
}

/* Leaves out the oldest row of more ended branches than are listed. */
static void cut_ended(struct branch_list *list)
{
    size_t ended = 0;
    size_t oldest = 0;
    for (size_t i = 0; i < list->count; i++) {
        ended += has_ended(&list->rows[i]) ? 1 : 0;
        oldest = has_ended(&list->rows[i]) ? i : oldest;
    }
    if (ended > MOST_ENDED) {
        list->count--;
        memmove(&list->rows[oldest], &list->rows[oldest + 1], (list->count - oldest) * sizeof *list->rows);
        list->is_truncated = true;
    }
}

/* ---- rows without database, databases without row ---- */

/* Databases with one of our comments, whoever owns the branches. */
static PGresult *commented(const struct branch_call *call, struct pg_session *home)
{
    return pg_query(home,
                    "SELECT d.datname, d.oid, s.description FROM pg_catalog.pg_database d JOIN "
                    "pg_catalog.pg_shdescription s ON s.objoid = d.oid AND s.classoid = "
                    "'pg_catalog.pg_database'::regclass WHERE s.description LIKE 'truss-branch {%' "
                    "AND d.datname LIKE 'truss\\_branch\\_%'",
                    0, NULL, call->status);
}

/* Is the token of this comment in a row that is still in use? */
static bool is_known(const struct branch_list *rows, const char *comment)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct database one = {.exists = true, .comment = comment};
        if (database_is_of(&one, rows->rows[i].token) && !has_ended(&rows->rows[i])) {
            return true;
        }
    }
    return false;
}

static struct branch_row orphan(const struct branch_call *call, const char *database, const char *comment)
{
    return (struct branch_row){
        .token = "",
        .parent = "",
        .branch = arena_strdup(call->arena, database),
        .label = "",
        .status = "orphan",
        .kind = "",
        .strategy = "",
        .source = "",
        .created_by = "",
        .last_error = arena_printf(call->arena, "No row of this database knows it. Its comment: %s", comment),
        .created_at = NO_TIME,
        .expires_at = NO_TIME,
        .data_at = NO_TIME,
        .size = -1,
        .wal_bytes = -1,
    };
}

static bool add_orphans(const struct branch_call *call, struct pg_session *home, struct branch_list *list)
{
    PG_RESULT(found) = commented(call, home);
    if (found == NULL) {
        return false;
    }
    const struct branch_list known = *list;
    list->rows = arena_array(call->arena, known.count + (size_t)PQntuples(found) + 1, sizeof *list->rows);
    memcpy(list->rows, known.rows, known.count * sizeof *known.rows);
    for (int row = 0; row < PQntuples(found); row++) {
        const char *const name = pg_field(found, row, 0);
        if (!is_known(&known, pg_field(found, row, 2))) {
            list->rows[list->count] = orphan(call, name, pg_field(found, row, 2));
            list->rows[list->count++].size = server_size(call, home, name);
        }
    }
    return true;
}

/* Handles an active row whose database was dropped by somebody else. */
static bool mark_lost(const struct branch_call *call, struct pg_session *home, struct branch_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct branch_row *const row = &list->rows[i];
        struct database database;
        if (strcmp(row->status, "active") != 0) {
            continue;
        }
        if (!server_find(call, home, row->branch, &database)) {
            return false;
        }
        if (!database.exists) {
            row->last_error = "Its database is not there: somebody dropped or renamed it. Delete the branch.";
        } else if (!database_is_of(&database, row->token)) {
            row->last_error = "The database of this name is another one: its comment is not the branch's.";
        }
    }
    return true;
}

bool branch_list(const struct branch_call *call, enum branch_which which, struct branch_list *list)
{
    static const char *const wheres[] = {
        [BRANCHES_ACTIVE] = ACTIVE NEWEST,
        [BRANCHES_UNFINISHED] = "(" UNFINISHED ")" NEWEST,
        [BRANCHES_ALL] =
            "(NOT " HAS_ENDED("b") " OR b.id IN (SELECT e.id FROM {truss}.branches e WHERE e." REGISTRY_HERE
                                   " AND " HAS_ENDED("e") " ORDER BY e.id DESC LIMIT $1::bigint))" NEWEST,
    };
    const bool all = which == BRANCHES_ALL;
    const char *const limit = arena_printf(call->arena, "%d", MOST_ENDED + 1);
    const struct registry_query query = {wheres[which], all ? 1 : 0, &limit};
    struct pg_session *const home = registry_take(call);
    bool ok = home != NULL && registry_read(call, home, &query, list);
    if (ok) {
        cut_ended(list);
        put_sizes(call, home, list);
        ok = !all || (mark_lost(call, home, list) && add_orphans(call, home, list));
    }
    registry_give(call, home, !ok || registry_is_quiet(list));
    return ok;
}

static bool find(const struct branch_call *call, struct pg_session *home, const char *condition, int64_t id,
                 struct branch_row *row)
{
    const char *const values[] = {arena_printf(call->arena, "%" PRId64, id)};
    const char *const where = arena_printf(call->arena, "(%s) AND b.id = $1::bigint", condition);
    struct branch_list list;
    if (!registry_read(call, home, &(struct registry_query){where, 1, values}, &list)) {
        return false;
    }
    if (list.count == 0) {
        return registry_find(call, home, id, row) && refuse_unknown(call, row);
    }
    *row = list.rows[0];
    row->size = server_size(call, home, row->branch);
    return true;
}

bool branch_get(const struct branch_call *call, int64_t id, struct branch_row *row)
{
    struct pg_session *const home = registry_take(call);
    const bool ok = home != NULL && find(call, home, ACTIVE, id, row);
    registry_give(call, home, true);
    return ok;
}

bool branch_find(const struct branch_call *call, int64_t id, struct branch_row *row)
{
    static const char condition[] =
        "(" ACTIVE ") OR b.status IN ('creating', 'failed') OR (b.status = 'active' AND b.kind = 'golden')";
    struct pg_session *const home = registry_take(call);
    const bool ok = home != NULL && find(call, home, condition, id, row);
    registry_give(call, home, !ok || strcmp(row->status, "creating") != 0);
    return ok;
}

bool branch_has(const struct branch_call *call, const char *database, bool *has)
{
    const struct registry_query query = {"b.status = 'active' AND b.branch_db = $1", 1, &database};
    struct pg_session *const home = registry_take(call);
    struct branch_list list = {0};
    const bool ok = home != NULL && registry_read(call, home, &query, &list);
    registry_give(call, home, true);
    *has = list.count > 0;
    return ok;
}

/* ---- changes ---- */

static bool write_change(const struct branch_call *call, struct pg_session *home, int64_t id,
                         const struct branch_change *change)
{
    struct arena *const arena = call->arena;
    const bool has_end = change->expires_at != NO_TIME;
    bool is_cut;
    const char *const values[] = {
        arena_printf(arena, "%" PRId64, id),
        change->label == NULL ? NULL : branch_label(arena, change->label, clock_wall_us(), &is_cut),
        change->has_ttl ? arena_printf(arena, "%u", change->ttl_hours) : NULL,
        has_end ? arena_printf(arena, "%" PRId64, change->expires_at) : NULL,
        !change->has_protected ? NULL
        : change->is_protected ? "true"
                               : "false",
    };
    PG_RESULT(result) = registry_write(
        home,
        "UPDATE {truss}.branches SET label = coalesce($2, label), ttl_hours = coalesce($3::integer, ttl_hours), "
        "expires_at = CASE WHEN $4::numeric IS NOT NULL THEN pg_catalog.to_timestamp($4::numeric / 1000000) WHEN "
        "$3::integer IS NOT NULL THEN pg_catalog.now() + pg_catalog.make_interval(hours => nullif($3::integer, 0)) "
        "ELSE expires_at END, protected = coalesce($5::boolean, protected) WHERE id = $1::bigint AND status = 'active' "
        "RETURNING id",
        5, values, call->status);
    return result != NULL &&
           (PQntuples(result) > 0 || status_fail_because(call->status, STATUS_ABORTED, REASON_BUSY,
                                                         "The branch was not changed: it is being reset or dropped at "
                                                         "this moment."));
}

/* The comment holds the same data: the row could be restored from it. */
static void renew_comment(const struct branch_call *call, const struct branch_row *row)
{
    struct status problem = {.arena = call->arena};
    const struct branch_call writing = {call->branches, call->arena, &problem, call->deadline, NULL};
    struct pg_session *const session = server_open(&writing, NULL);
    struct database database;
    bool taken;
    const bool ok = session != NULL && server_lock(session, row->token, &taken, &problem) && taken &&
                    server_find(&writing, session, row->branch, &database) && database_is_of(&database, row->token) &&
                    server_comment(&writing, session, row, row->branch, true);
    pg_session_free(session);
    if (!ok) {
        log_warn("comment of a branch not renewed", "branch=%s", row->branch);
    }
}

static bool check_end(const struct branch_call *call, const struct branch_change *change, const struct branch_row *row)
{
    return change->expires_at == NO_TIME || change->expires_at > row->now ||
           status_fail(call->status, STATUS_INVALID_ARGUMENT,
                       "\"expiresAt\" is over already: say a time to come, or delete the branch.");
}

bool branch_change(const struct branch_call *call, int64_t id, const struct branch_change *change,
                   struct branch_row *row)
{
    struct pg_session *home;
    if (change->has_ttl && change->expires_at != NO_TIME) {
        return status_fail(call->status, STATUS_INVALID_ARGUMENT, "Say \"ttlHours\" or \"expiresAt\", not both.");
    }
    home = registry_take(call);
    const bool ok = home != NULL && find(call, home, ACTIVE, id, row) && check_end(call, change, row) &&
                    write_change(call, home, id, change) && registry_find(call, home, id, row);
    if (ok) {
        row->size = server_size(call, home, row->branch);
    }
    registry_give(call, home, true);
    if (ok) {
        renew_comment(call, row);
    }
    return ok;
}

/* ---- deleting what is over ---- */

static void reap_one(const struct branch_call *call, struct branch_row *row)
{
    bool taken = false;
    struct pg_session *const session = server_open(call, NULL);
    bool ok = session != NULL && server_lock(session, row->token, &taken, call->status);
    if (ok && taken) {
        /* The row may have changed between reading it and taking the lock. */
        struct pg_session *const home = registry_open(call);
        ok = home != NULL && registry_find(call, home, row->id, row);
        pg_session_free(home);
        if (ok && strcmp(row->status, "creating") == 0) {
            ok = make_recover(call, session, row);
        } else if (ok && strcmp(row->status, "expiring") == 0) {
            ok = drop_branch(call, session, row);
        }
    }
    pg_session_free(session);
    if (!ok) {
        char error[LOG_QUOTED_SIZE];
        log_warn("branch cannot be ended or finished", "branch=%s error=%s", row->branch,
                 log_quoted(call->status->message, error));
    } else if (taken) {
        log_info("branch ended or finished", "branch=%s", row->branch);
    }
}

/* Adds rows for branches whose databases exist and whose rows are lost, as after a restore of the home database. */
static void find_again(const struct branch_call *call, struct pg_session *home)
{
    const struct registry_query all = {"true", 0, NULL};
    struct branch_list rows;
    PG_RESULT(found) = commented(call, home);
    if (found == NULL || PQntuples(found) == 0 || !registry_read(call, home, &all, &rows)) {
        return;
    }
    for (int row = 0; row < PQntuples(found); row++) {
        struct status problem = {.arena = call->arena};
        const bool known = is_known(&rows, pg_field(found, row, 2));
        if (!known && registry_ensure(home, &problem)) {
            registry_add_found(home, pg_field(found, row, 0), pg_field(found, row, 1), pg_field(found, row, 2),
                               &problem);
        }
    }
}

void branch_reap(const struct branch_call *call)
{
    struct branch_list list;
    struct pg_session *const home = registry_open(call);
    const bool ok = home != NULL && registry_claim(call, home, &list);
    if (ok) {
        find_again(call, home);
    } else {
        char error[LOG_QUOTED_SIZE];
        log_warn("branches cannot be looked at", "error=%s", log_quoted(call->status->message, error));
    }
    pg_session_free(home);
    for (size_t i = 0; ok && i < list.count; i++) {
        struct status status = {.arena = call->arena};
        const struct branch_call one = {call->branches, call->arena, &status, call->deadline, NULL};
        reap_one(&one, &list.rows[i]);
    }
}
