/*
 * Lists the backups and ends them. The file is deleted before the row, and both may be deleted twice (delete.c).
 */
#include "backup/backup.h"

#include "backup/delete.h"
#include "backup/rows.h"
#include "backup/store.h"
#include "base/log.h"
#include "pg/own_query.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

#define LISTED  "50"
#define LIST_MS 5000 /* for a store, which may be far away */

/* ---- lists ---- */

/* Files of this database without a row. */
static bool find_orphans(const struct backup_call *call, struct pg_session *session, struct backup_list *list)
{
    bool exist;
    struct words names = {0};
    PG_RESULT(home) = pg_query(session, "SELECT " BACKUP_HOME, 0, NULL, call->status);
    if (home == NULL || !backup_rows_exist(session, &exist, call->status)) {
        return false;
    }
    struct status problem = {.arena = call->arena};
    const struct backup_call listing = {call->backups, call->arena, &problem, deadline_in(LIST_MS)};
    if (!backup_files_list(&listing, pg_field(home, 0, 0), &names)) {
        list->problem = problem.message;
        return true;
    }
    for (size_t i = 0; i < names.count; i++) {
        PG_RESULT(known) =
            exist
                ? own_query(session,
                            "SELECT FROM {truss}.backups WHERE $1 IN (filename, pg_catalog.concat(filename, '.part')) "
                            "AND state <> 'deleted'",
                            1, &names.items[i], call->status)
                : NULL;
        if (known == NULL ? !exist : PQntuples(known) == 0) {
            words_add(call->arena, &list->orphans, names.items[i]);
        }
    }
    return call->status->code == STATUS_OK;
}

bool backup_list(const struct backup_call *call, struct backup_list *list)
{
    static const struct backup_query query = {
        "b.state <> 'deleted' ORDER BY b.created_at DESC, b.id DESC LIMIT " LISTED, 0, NULL};
    struct pg_session *const session = backup_take(call);
    const bool ok = session != NULL && backup_rows_read(call, session, &query, list) &&
                    (call->backups->folder == NULL || find_orphans(call, session, list));
    backup_give(call, session);
    return ok;
}

static bool find(const struct backup_call *call, struct pg_session *session, int64_t id, struct backup_row *row)
{
    struct backup_list list;
    const char *const values[] = {backup_id(call->arena, id)};
    const struct backup_query query = {"b.id = $1::bigint AND b.state <> 'deleted'", 1, values};
    if (!backup_rows_read(call, session, &query, &list)) {
        return false;
    }
    if (list.count == 0) {
        return status_fail(call->status, STATUS_NOT_FOUND, "Backup not found.");
    }
    *row = list.rows[0];
    return true;
}

bool backup_get(const struct backup_call *call, int64_t id, struct backup_row *row)
{
    struct pg_session *const session = backup_take(call);
    const bool ok = session != NULL && find(call, session, id, row);
    backup_give(call, session);
    return ok;
}

/* ---- claiming ---- */

static bool fail_state(const struct backup_call *call, const struct backup_row *row)
{
    const bool is_bad = strcmp(row->state, "failed") == 0 || strcmp(row->state, "cancelled") == 0;
    const bool was_complete = is_bad && row->sha256[0] != '\0';
    if (strcmp(row->state, "deleting") == 0) {
        return status_fail(call->status, STATUS_FAILED_PRECONDITION, "The backup %s is being deleted.", row->filename);
    }
    return status_fail(call->status, STATUS_FAILED_PRECONDITION,
                       was_complete ? "The backup %s is not to be trusted: it is %s. Where its file is good again, "
                                      "verify it (truss backup verify), and it is complete as before."
                       : is_bad     ? "The backup %s is not complete: it is %s."
                                    : "Something goes on with the backup %s: it is %s; try again when that has ended.",
                       row->filename, row->state);
}

static bool claim(const struct backup_call *call, int64_t id, const char *to, struct backup_row *row)
{
    struct pg_session *const session = backup_store_ready(call) ? backup_take(call) : NULL;
    bool moved = false;
    bool ok = session != NULL && find(call, session, id, row) && backup_rows_move(call, session, id, to, &moved) &&
              (moved || fail_state(call, row)) && find(call, session, id, row);
    backup_give(call, session);
    return ok;
}

bool backup_verify_begin(const struct backup_call *call, int64_t id, struct backup_row *row)
{
    return claim(call, id, "verifying", row);
}

bool backup_restore_begin(const struct backup_call *call, int64_t id, struct backup_row *row)
{
    return claim(call, id, "restoring", row);
}

bool backup_end(const struct backup_call *call, const struct backup_row *row, const struct backup_outcome *outcome)
{
    struct pg_session *const session = backup_session(call, 0);
    const char *const message =
        outcome->message == NULL || session == NULL ? "" : own_words(call->arena, session, outcome->message);
    const char *const values[] = {backup_id(call->arena, row->id),
                                  call->backups->worker,
                                  outcome->is_damaged         ? "failed"
                                  : outcome->verified != NULL ? "completed"
                                                              : NULL,
                                  message,
                                  outcome->is_damaged ? BACKUP_DAMAGED : outcome->verified,
                                  outcome->restore_state,
                                  outcome->branch,
                                  backup_id(call->arena, outcome->branch_id),
                                  arena_printf(call->arena, "%u", outcome->ms)};
    int count = 0;
    const bool ok =
        session != NULL &&
        backup_rows_change(
            session,
            "UPDATE {truss}.backups SET state = coalesce($3, CASE verified WHEN '" BACKUP_DAMAGED
            "' THEN 'failed' ELSE 'completed' END), message = CASE WHEN $6::text IS NULL OR $3 = 'failed' THEN $4 ELSE "
            "message END, verified = coalesce($5, verified), verified_at = CASE WHEN $5 IS NULL THEN verified_at ELSE "
            "pg_catalog.clock_timestamp() END, restore_state = coalesce($6, restore_state), restore_branch = CASE WHEN "
            "$6 IS NULL THEN restore_branch ELSE coalesce($7, '') END, restore_branch_id = CASE WHEN $6 IS NULL THEN "
            "restore_branch_id ELSE $8::bigint END, restore_ms = CASE WHEN $6 IS NULL THEN restore_ms ELSE $9::int "
            "END, restore_message = CASE WHEN $6 IS NULL THEN restore_message ELSE $4 END, restored_at = CASE WHEN $6 "
            "IS NULL THEN restored_at ELSE pg_catalog.clock_timestamp() END, claimed_until = NULL WHERE id = "
            "$1::bigint AND claimed_by = $2 AND state IN ('verifying', 'restoring') RETURNING id",
            &(struct backup_query){NULL, 9, values}, &count, call->status);
    pg_session_free(session);
    if (!ok) { /* the claim ends, and the backup is complete as before */
        log_warn("backup", "id=%s problem=%s", values[0],
                 log_quoted(call->status->message, (char[LOG_QUOTED_SIZE]){0}));
    }
    return ok && count == 1;
}

/* ---- ending ---- */

bool backup_cancel(const struct backup_call *call, int64_t id, bool *told)
{
    const char *const values[] = {backup_id(call->arena, id)};
    struct backup_row row;
    int count = 0;
    struct pg_session *const session = backup_take(call);
    const bool ok = session != NULL && find(call, session, id, &row) &&
                    backup_rows_change(session,
                                       "UPDATE {truss}.backups SET cancel_requested = true WHERE id = $1::bigint AND "
                                       "state IN ('waiting', 'running', 'verifying', 'restoring') RETURNING id",
                                       &(struct backup_query){NULL, 1, values}, &count, call->status);
    *told = count == 1;
    backup_give(call, session);
    return ok;
}

bool backup_take_back(const struct backup_call *call, int64_t id)
{
    const char *const values[] = {backup_id(call->arena, id), call->backups->worker};
    int count = 0;
    struct pg_session *const session = backup_session(call, 0);
    const bool ok =
        session != NULL &&
        backup_rows_change(session,
                           "UPDATE {truss}.backups SET state = 'cancelled', message = 'Too much was under way.', "
                           "request_key = NULL, claimed_until = NULL, completed_at = pg_catalog.clock_timestamp() "
                           "WHERE id = $1::bigint AND claimed_by = $2 AND state = 'waiting' RETURNING id",
                           &(struct backup_query){NULL, 2, values}, &count, call->status);
    pg_session_free(session);
    return ok;
}

/* Claims the row, so that no other work begins with it. A row that is "deleting" already is claimed again, because the
 * worker that was deleting it may have died. */
static bool claim_delete(const struct backup_call *call, struct pg_session *session, const struct backup_row *row,
                         bool force)
{
    const char *const values[] = {backup_id(call->arena, row->id), force ? "true" : "false", call->backups->worker};
    int count = 0;
    if (!backup_rows_change(session,
                            "UPDATE {truss}.backups SET state = 'deleting', claimed_by = $3, claimed_until = "
                            "pg_catalog.clock_timestamp() + interval '" BACKUP_CLAIM
                            "' WHERE id = $1::bigint AND (state = 'deleting' OR (state IN ('completed', 'failed', "
                            "'cancelled') AND (NOT protected OR $2::boolean))) RETURNING id",
                            &(struct backup_query){NULL, 3, values}, &count, call->status)) {
        return false;
    }
    if (count == 1) {
        return true;
    }
    return row->is_protected && !force
               ? status_fail(call->status, STATUS_FAILED_PRECONDITION,
                             "The backup %s is protected; say force to delete it anyway.", row->filename)
               : fail_state(call, row);
}

bool backup_delete(const struct backup_call *call, int64_t id, bool force)
{
    struct backup_row row;
    struct pg_session *const session = backup_is_set_up(call->backups, call->status) ? backup_take(call) : NULL;
    const bool ok = session != NULL && find(call, session, id, &row) && claim_delete(call, session, &row, force) &&
                    backup_delete_claimed(call, session, &row);
    backup_give(call, session);
    return ok;
}
