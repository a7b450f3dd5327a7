/*
 * Every decision between workers is a single statement here, or one in a transaction that holds a lock.
 */
#include "backup/rows.h"

#include "pg/exec.h"
#include "pg/own_query.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/pool.h"
#include "pg/search.h"
#include "pg/values.h"

#include <inttypes.h>
#include <string.h>

#define MOST_AT_ONCE 2
#define MOST_A_DAY   10
#define LOCK         "SELECT pg_catalog.pg_advisory_xact_lock(1414681940, 1)"
#define UNDER_WAY    "('waiting', 'running')"

static const char tables_sql[] =
    "CREATE TABLE IF NOT EXISTS {truss}.backups ("
    "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, home text NOT NULL, filename text NOT NULL UNIQUE, "
    "state text NOT NULL, label text NOT NULL, kind text NOT NULL, database text NOT NULL, created_by text NOT NULL, "
    "protected boolean NOT NULL DEFAULT false, sha256 text NOT NULL DEFAULT '', "
    "server_version text NOT NULL DEFAULT '', size_bytes bigint NOT NULL DEFAULT 0, "
    "database_bytes bigint NOT NULL DEFAULT 0, tables_done integer NOT NULL DEFAULT 0, "
    "tables integer NOT NULL DEFAULT 0, facts jsonb, message text NOT NULL DEFAULT '', "
    "created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), completed_at timestamptz, "
    "verified text NOT NULL DEFAULT '', verified_at timestamptz, restore_state text NOT NULL DEFAULT '', "
    "restore_branch text NOT NULL DEFAULT '', restore_branch_id bigint NOT NULL DEFAULT 0, "
    "restore_ms integer NOT NULL DEFAULT 0, restore_message text NOT NULL DEFAULT '', restored_at timestamptz, "
    "claimed_by text NOT NULL DEFAULT '', claimed_until timestamptz, cancel_requested boolean NOT NULL DEFAULT false, "
    "request_key text, request text);"
    "COMMENT ON TABLE {truss}.backups IS 'Backups of this database: files in the folder that the worker is given.';"
    "CREATE TABLE IF NOT EXISTS {truss}.backup_schedule ("
    "home text PRIMARY KEY, enabled boolean NOT NULL, frequency text NOT NULL, hour integer NOT NULL, "
    "retention_days integer NOT NULL, keep_last integer NOT NULL, keep_daily integer NOT NULL, "
    "keep_weekly integer NOT NULL, verify text NOT NULL, last_slot timestamptz);";

static const struct own_tables tables = {.last = "{truss}.backup_schedule", .sql = tables_sql};

bool backup_rows_exist(struct pg_session *session, bool *exist, struct status *status)
{
    return own_tables_exist(session, &tables, exist, status);
}

bool backup_rows_ensure(struct pg_session *session, struct status *status)
{
    return own_tables_ensure(session, &tables, status);
}

const char *backup_id(struct arena *arena, int64_t id)
{
    return arena_printf(arena, "%" PRId64, id);
}

PGresult *backup_rows_write(struct pg_session *session, const char *sql, const struct backup_query *with,
                            struct status *status)
{
    const struct own_statement statement = {
        .table = "{truss}.backups", .beside = tables.last, .sql = sql, .count = with->count, .values = with->values};
    return own_write(session, &statement, status);
}

struct pg_session *backup_session(const struct backup_call *call, int64_t id)
{
    struct pg_session *const session = pg_session_open_pinned(call->backups->conninfo, call->deadline, call->status);
    const char *const name = id == 0 ? "truss" : arena_printf(call->arena, "truss backup %" PRId64, id);
    const char *const sql = arena_printf(call->arena, "SET application_name = '%s'", name);
    if (session != NULL && !pg_exec(session, sql, call->status)) {
        pg_session_free(session);
        return NULL;
    }
    return session;
}

struct pg_session *backup_take(const struct backup_call *call)
{
    return call->backups->pool == NULL ? backup_session(call, 0)
                                       : pg_pool_take_pinned(call->backups->pool, call->deadline, call->status);
}

void backup_give(const struct backup_call *call, struct pg_session *session)
{
    if (call->backups->pool == NULL) {
        pg_session_free(session);
    } else {
        pg_pool_give_briefly(call->backups->pool, session);
    }
}

/* ---- reading ---- */

#define US(time) "(extract(epoch FROM " time ") * 1000000)::bigint"

#define COLUMNS                                                                                                        \
    "b.id, b.filename, b.state, b.label, b.kind, b.database, b.created_by, b.sha256, b.server_version, b.verified, "   \
    "b.message, b.restore_state, b.restore_branch, b.restore_message, b.restore_branch_id, b.size_bytes, "             \
    "b.database_bytes, " US("b.created_at") ", " US("b.completed_at") ", " US("b.verified_at") ", " US(                \
        "b.restored_at") ", b.restore_ms, b.tables_done, b.tables, b.protected"

static struct backup_row row_of(struct arena *arena, const PGresult *result, int row)
{
    const char *words[14];
    for (int i = 1; i < 14; i++) {
        words[i] = arena_strdup(arena, pg_field(result, row, i));
    }
    return (struct backup_row){
        .id = pg_field_int(result, row, 0, 0),
        .filename = words[1],
        .state = words[2],
        .label = words[3],
        .kind = words[4],
        .database = words[5],
        .created_by = words[6],
        .sha256 = words[7],
        .server_version = words[8],
        .verified = words[9],
        .message = words[10],
        .restore_state = words[11],
        .restore_branch = words[12],
        .restore_message = words[13],
        .restore_branch_id = pg_field_int(result, row, 14, 0),
        .size = pg_field_int(result, row, 15, 0),
        .database_size = pg_field_int(result, row, 16, 0),
        .created_at = pg_field_us(result, row, 17),
        .completed_at = pg_field_us(result, row, 18),
        .verified_at = pg_field_us(result, row, 19),
        .restored_at = pg_field_us(result, row, 20),
        .restore_ms = (uint32_t)pg_field_int(result, row, 21, 0),
        .tables_done = (uint32_t)pg_field_int(result, row, 22, 0),
        .tables = (uint32_t)pg_field_int(result, row, 23, 0),
        .is_protected = pg_field_bool(result, row, 24),
    };
}

static void rows_of(struct arena *arena, const PGresult *result, struct backup_list *list)
{
    list->count = (size_t)PQntuples(result);
    list->rows = arena_array(arena, list->count + 1, sizeof *list->rows);
    for (size_t i = 0; i < list->count; i++) {
        list->rows[i] = row_of(arena, result, (int)i);
    }
}

bool backup_rows_read(const struct backup_call *call, struct pg_session *session, const struct backup_query *query,
                      struct backup_list *list)
{
    bool exist;
    *list = (struct backup_list){0};
    if (!backup_rows_exist(session, &exist, call->status) || !exist) {
        return call->status->code == STATUS_OK;
    }
    const char *const sql = arena_printf(
        call->arena, "SELECT " COLUMNS " FROM {truss}.backups b WHERE b.home = " BACKUP_HOME " AND %s", query->where);
    PG_RESULT(result) = own_query(session, sql, query->count, query->values, call->status);
    if (result != NULL) {
        rows_of(call->arena, result, list);
    }
    return result != NULL;
}

/* ---- adding ---- */

/* A scheduled backup does not count towards the limit for those that users ask for. */
static bool check_numbers(const struct backup_call *call, struct pg_session *session, const struct backup_new *what)
{
    PG_RESULT(result) = own_query(
        session,
        "SELECT pg_catalog.count(*) FILTER (WHERE state IN " UNDER_WAY
        " AND claimed_until > pg_catalog.clock_timestamp()), pg_catalog.count(*) FILTER (WHERE kind = 'manual' AND "
        "created_at > pg_catalog.now() - interval '1 day'), (extract(epoch FROM interval '1 day' + min(created_at) "
        "FILTER (WHERE kind = 'manual' AND created_at > pg_catalog.now() - interval '1 day') - pg_catalog.now()) * "
        "1000)::bigint FROM {truss}.backups WHERE home = " BACKUP_HOME,
        0, NULL, call->status);
    if (result == NULL) {
        return false;
    }
    if (pg_field_int(result, 0, 0, 0) >= MOST_AT_ONCE) {
        status_fail(call->status, STATUS_RESOURCE_EXHAUSTED,
                    "%d backups are under way already; try again when one has ended.", MOST_AT_ONCE);
        call->status->retry_ms = 60000;
        return false;
    }
    if (strcmp(what->kind, "manual") == 0 && pg_field_int(result, 0, 1, 0) >= MOST_A_DAY) {
        status_fail(call->status, STATUS_RESOURCE_EXHAUSTED,
                    "%d backups were begun in the last 24 hours, which is the most; a schedule is not counted.",
                    MOST_A_DAY);
        call->status->retry_ms = (uint32_t)pg_field_int(result, 0, 2, 60000);
        return false;
    }
    return true;
}

/* A dump is about a third as large as its database: that much is assumed for one under way, and for the new one. A
 * damaged backup has a checksum, and its file still exists. */
static bool check_quota(const struct backup_call *call, struct pg_session *session)
{
    static const char sql[] = "SELECT coalesce(pg_catalog.sum(CASE WHEN state IN " UNDER_WAY
                              " THEN database_bytes / 3 ELSE size_bytes END), 0)::bigint "
                              "/ 1048576, pg_catalog.pg_database_size(pg_catalog.current_database()) / 3 / 1048576 "
                              "FROM {truss}.backups WHERE state NOT IN ('deleted', 'cancelled') AND (state <> 'failed' "
                              "OR sha256 <> '') AND home = " BACKUP_HOME;
    const int64_t quota = call->backups->quota_mb;
    if (quota == 0) {
        return true;
    }
    PG_RESULT(result) = own_query(session, sql, 0, NULL, call->status);
    const int64_t used = result == NULL ? 0 : pg_field_int(result, 0, 0, 0);
    const int64_t wanted = result == NULL ? 0 : pg_field_int(result, 0, 1, 0);
    return result != NULL &&
           (used + wanted <= quota ||
            status_fail(call->status, STATUS_RESOURCE_EXHAUSTED,
                        "The backups of this database take %" PRId64 " MB, and the next one may take %" PRId64
                        " MB: that is more than their quota of %" PRId64 " MB. Delete one that nobody needs, or have "
                        "the worker allow more (--backup-quota).",
                        used, wanted, quota));
}

static bool insert(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                   struct backup_row *row)
{
    const char *const values[] = {
        row->filename,         what->label,         what->kind, what->created_by, what->is_protected ? "true" : "false",
        call->backups->worker, row->server_version, what->key,  what->request};
    PG_RESULT(result) = backup_rows_write(
        session,
        "INSERT INTO {truss}.backups AS b (home, filename, state, label, kind, database, created_by, protected, "
        "claimed_by, claimed_until, server_version, database_bytes, request_key, request) SELECT " BACKUP_HOME
        ", $1, 'waiting', $2, $3, pg_catalog.current_database(), $4, $5::boolean, $6, pg_catalog.clock_timestamp() + "
        "interval '" BACKUP_CLAIM "', $7, pg_catalog.pg_database_size(pg_catalog.current_database()), $8, $9 "
        "RETURNING " COLUMNS,
        &(struct backup_query){NULL, 9, values}, call->status);
    if (result != NULL) {
        *row = row_of(call->arena, result, 0);
    }
    return result != NULL;
}

bool backup_rows_reuse(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                       struct backup_row *row, bool *found)
{
    static const char sql[] =
        "SELECT " COLUMNS ", b.request IS NOT DISTINCT FROM $2 FROM {truss}.backups b WHERE b.home = " BACKUP_HOME
        " AND b.request_key = $1 AND b.created_at > pg_catalog.now() - interval '24 hours' "
        "ORDER BY b.id LIMIT 1";
    *found = false;
    if (what->key == NULL) {
        return true;
    }
    PG_RESULT(result) = own_query(session, sql, 2, (const char *const[]){what->key, what->request}, call->status);
    if (result == NULL || PQntuples(result) == 0) {
        return result != NULL;
    }
    if (!pg_field_bool(result, 0, 25)) {
        return status_fail_because(call->status, STATUS_INVALID_ARGUMENT, REASON_IDEMPOTENCY_KEY_REUSED,
                                   "The idempotency key was used for another request within 24 hours; take a new key "
                                   "for a new request.");
    }
    *row = row_of(call->arena, result, 0);
    *found = true;
    return true;
}

bool backup_rows_add(const struct backup_call *call, struct pg_session *session, const struct backup_new *what,
                     struct backup_row *row, bool *is_again)
{
    if (!pg_exec(session, OWN_BEGIN LOCK, call->status)) {
        return false;
    }
    if (backup_rows_reuse(call, session, what, row, is_again) &&
        (*is_again ||
         (check_numbers(call, session, what) && check_quota(call, session) && insert(call, session, what, row)))) {
        return pg_exec(session, "COMMIT", call->status);
    }
    struct status ignored = {.arena = call->arena};
    pg_exec(session, "ROLLBACK", &ignored);
    return false;
}

/* ---- changing ---- */

bool backup_rows_tell(const struct backup_call *call, struct pg_session *session,
                      const struct backup_progress *progress, bool *goes_on)
{
    const char *const values[] = {backup_id(call->arena, progress->id),
                                  call->backups->worker,
                                  progress->state,
                                  progress->message,
                                  progress->has_size ? backup_id(call->arena, progress->size) : NULL,
                                  arena_printf(call->arena, "%u", progress->tables_done)};
    PG_RESULT(result) = backup_rows_write(
        session,
        "UPDATE {truss}.backups SET claimed_until = pg_catalog.clock_timestamp() + interval '" BACKUP_CLAIM
        "', state = $3, message = $4, size_bytes = coalesce($5::bigint, size_bytes), tables_done = CASE WHEN "
        "$5 IS NULL THEN tables_done ELSE $6::int END WHERE id = $1::bigint AND claimed_by = $2 AND state IN "
        "('waiting', 'running', 'verifying', 'restoring') RETURNING NOT cancel_requested",
        &(struct backup_query){NULL, 6, values}, call->status);
    *goes_on = result != NULL && PQntuples(result) == 1 && pg_field_bool(result, 0, 0);
    return result != NULL;
}

bool backup_rows_change(struct pg_session *session, const char *sql, const struct backup_query *with, int *count,
                        struct status *status)
{
    PG_RESULT(result) = backup_rows_write(session, sql, with, status);
    *count = result == NULL ? 0 : PQntuples(result);
    return result != NULL;
}

bool backup_rows_move(const struct backup_call *call, struct pg_session *session, int64_t id, const char *to,
                      bool *moved)
{
    const char *const values[] = {backup_id(call->arena, id), to, call->backups->worker};
    int count;
    const bool ok = backup_rows_change(
        session,
        "UPDATE {truss}.backups SET state = $2, claimed_by = $3, claimed_until = pg_catalog.clock_timestamp() + "
        "interval '" BACKUP_CLAIM "', cancel_requested = false, message = '', verified = CASE state WHEN 'failed' THEN "
        "'" BACKUP_DAMAGED "' ELSE verified END, restore_state = CASE $2 WHEN 'restoring' THEN "
        "'running' ELSE restore_state END, restore_branch = CASE $2 WHEN 'restoring' THEN '' ELSE restore_branch END, "
        "restore_branch_id = CASE $2 WHEN 'restoring' THEN 0 ELSE restore_branch_id END, "
        "restore_message = CASE $2 WHEN 'restoring' THEN '' ELSE restore_message END "
        "WHERE id = $1::bigint AND (state = 'completed' OR (state = 'failed' AND sha256 <> '' AND $2 = 'verifying')) "
        "AND home = " BACKUP_HOME " RETURNING id",
        &(struct backup_query){NULL, 3, values}, &count, call->status);
    *moved = count == 1;
    return ok;
}
