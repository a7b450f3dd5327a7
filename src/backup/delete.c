/*
 * Deleting files twice does no harm, so two workers may delete the same ones.
 */
#include "backup/delete.h"

#include "backup/store.h"
#include "base/clock.h"
#include "base/log.h"
#include "pg/own_query.h"
#include "pg/values.h"

#define TELL_MS    3000  /* to write a failure into the row */
#define FILES_MS   30000 /* for the files, if the call has no deadline */
#define LEFT_MS    10000 /* for everything that a sweep finds: other work waits for it */
#define NEXT_TRY   "5 minutes"
#define WHERE_LEFT "(state = 'deleting' OR (state = 'deleted' AND claimed_until IS NOT NULL))"

static int64_t files_deadline(int64_t deadline)
{
    const int left = deadline_left(deadline);
    return left < 0             ? deadline_in(FILES_MS)
           : left > 2 * TELL_MS ? deadline - TELL_MS
                                : deadline_in((uint32_t)(left / 2) + 1);
}

static bool tell_deleted(const struct backup_call *call, struct pg_session *session, const char *id)
{
    int count;
    return backup_rows_change(session,
                              "UPDATE {truss}.backups SET state = 'deleted', message = '', claimed_until = NULL WHERE "
                              "id = $1::bigint AND state = 'deleting' RETURNING 1",
                              &(struct backup_query){NULL, 1, &id}, &count, call->status);
}

static void tell_failed(const struct backup_call *call, struct pg_session *session, const char *id)
{
    struct status ignored = {.arena = call->arena};
    int count;
    const char *const values[] = {
        id, own_words(call->arena, session,
                      arena_printf(call->arena, "Its file could not be deleted, and will be tried again: %s",
                                   call->status->message))};
    backup_rows_change(session,
                       "UPDATE {truss}.backups SET message = $2, claimed_by = '', claimed_until = "
                       "pg_catalog.clock_timestamp() + interval '" NEXT_TRY
                       "' WHERE id = $1::bigint AND state = 'deleting' RETURNING 1",
                       &(struct backup_query){NULL, 2, values}, &count, &ignored);
}

bool backup_delete_claimed(const struct backup_call *call, struct pg_session *session, const struct backup_row *row)
{
    const char *const id = backup_id(call->arena, row->id);
    const struct backup_call files = {call->backups, call->arena, call->status, files_deadline(call->deadline)};
    const bool ok = backup_files_delete(&files, row->filename);
    if (ok) {
        return tell_deleted(call, session, id);
    }
    log_warn("backup is not deleted", "id=%s problem=%s", id,
             log_quoted(call->status->message, (char[LOG_QUOTED_SIZE]){0}));
    tell_failed(call, session, id);
    return false;
}

/* Sets id and filename in *row; *found is false if there is none. */
static bool claim_left(const struct backup_call *call, struct pg_session *session, struct backup_row *row, bool *found)
{
    PG_RESULT(result) = backup_rows_write(
        session,
        "UPDATE {truss}.backups SET state = 'deleting', claimed_by = $1, claimed_until = "
        "pg_catalog.clock_timestamp() + interval '" BACKUP_CLAIM
        "' WHERE id = (SELECT id FROM {truss}.backups WHERE home = " BACKUP_HOME " AND " WHERE_LEFT
        " AND coalesce(claimed_until, '-infinity') <= pg_catalog.clock_timestamp() ORDER BY claimed_until, id "
        "LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, filename",
        &(struct backup_query){NULL, 1, &call->backups->worker}, call->status);
    *found = result != NULL && PQntuples(result) == 1;
    if (*found) {
        row->id = pg_field_int(result, 0, 0, 0);
        row->filename = arena_strdup(call->arena, pg_field(result, 0, 1));
    }
    return result != NULL;
}

bool backup_delete_left(const struct backup_call *call, struct pg_session *session)
{
    const int64_t until = deadline_in(LEFT_MS);
    bool goes_on = true;
    while (goes_on && !deadline_passed(until)) {
        struct status status = {.arena = call->arena};
        const struct backup_call own = {call->backups, call->arena, &status, until};
        struct backup_row row = {0};
        if (!claim_left(call, session, &row, &goes_on)) {
            return false;
        }
        goes_on = goes_on && backup_delete_claimed(&own, session, &row);
    }
    return true;
}
