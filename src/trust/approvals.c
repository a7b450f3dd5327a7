/*
 * The statement that writes an approval also compares who asked and who approves, so that nothing can change in
 * between.
 */
#include "trust/approvals.h"

#include "base/clock.h"
#include "pg/own_query.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/values.h"

#include <inttypes.h>
#include <stdio.h>

static const struct own_tables tables = {
    .last = "{truss}.approvals",
    .sql = "CREATE TABLE IF NOT EXISTS {truss}.approvals ("
           "database text NOT NULL, hash text NOT NULL, what text NOT NULL, requested_by text NOT NULL DEFAULT '', "
           "requested_at timestamptz, approved_by text NOT NULL DEFAULT '', approved_at timestamptz, "
           "expires_at timestamptz, comment text NOT NULL DEFAULT '', revoked_by text NOT NULL DEFAULT '', "
           "revoked_at timestamptz, PRIMARY KEY (database, hash));"
           "COMMENT ON TABLE {truss}.approvals IS 'What was asked for, and who approved it: truss approvals.';",
};

#define KEPT_DAYS "30"

#define US(column) "(EXTRACT(epoch FROM " column ") OPERATOR(pg_catalog.*) 1000000)::bigint"
/* Also its oid: a copy of the database may get its name, with what was approved for it. */
#define DATABASE                                                                                                       \
    "(SELECT pg_catalog.concat(d.datname, ' ', d.oid) FROM pg_catalog.pg_database d WHERE d.datname "                  \
    "OPERATOR(pg_catalog.=) pg_catalog.current_database())"
#define HERE "database OPERATOR(pg_catalog.=) " DATABASE

static const char columns_sql[] =
    "SELECT hash, what, CASE WHEN approved_at IS NULL THEN 1 WHEN revoked_at IS NOT NULL THEN 4 "
    "WHEN expires_at OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp() THEN 3 ELSE 2 END, "
    "requested_by, " US("requested_at") ", approved_by, " US("approved_at") ", " US(
        "expires_at") ", comment, "
                      "revoked_by, " US("revoked_at") " FROM {truss}.approvals WHERE " HERE;

static struct approval row_of(struct arena *arena, const PGresult *result, int index)
{
    return (struct approval){
        .hash = arena_strdup(arena, pg_field(result, index, 0)),
        .what = arena_strdup(arena, pg_field(result, index, 1)),
        .state = (enum approval_state)pg_field_int(result, index, 2, APPROVAL_WAITING),
        .requested_by = arena_strdup(arena, pg_field(result, index, 3)),
        .requested_at = pg_field_us(result, index, 4),
        .approved_by = arena_strdup(arena, pg_field(result, index, 5)),
        .approved_at = pg_field_us(result, index, 6),
        .expires_at = pg_field_us(result, index, 7),
        .comment = arena_strdup(arena, pg_field(result, index, 8)),
        .revoked_by = arena_strdup(arena, pg_field(result, index, 9)),
        .revoked_at = pg_field_us(result, index, 10),
    };
}

static PGresult *write_row(struct pg_session *session, const char *sql, int count, const char *const *values,
                           struct status *status)
{
    const struct own_statement statement = {.table = tables.last, .sql = sql, .count = count, .values = values};
    return own_write(session, &statement, status);
}

/* Requests that nobody needs any more are deleted a month after their last change; the audit log keeps everything. If
 * the deletion fails, the next one does it. */
static void sweep(struct pg_session *session, struct arena *arena)
{
    static const char sql[] =
        "DELETE FROM {truss}.approvals WHERE " HERE " AND GREATEST(requested_at, expires_at, revoked_at) "
        "OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) "
        "pg_catalog.make_interval(days => " KEPT_DAYS "))";
    struct status ignored = {.arena = arena};
    PG_RESULT(result) = write_row(session, sql, 0, NULL, &ignored);
    (void)result;
}

bool approvals_request(struct pg_session *session, const struct approval *asked, struct status *status)
{
    static const char sql[] =
        "INSERT INTO {truss}.approvals (database, hash, what, requested_by, requested_at) VALUES "
        "(" DATABASE ", $1, $2, $3, pg_catalog.clock_timestamp()) ON CONFLICT (database, hash) DO "
        "UPDATE SET requested_by = EXCLUDED.requested_by, requested_at = EXCLUDED.requested_at "
        "WHERE approvals.requested_at IS NULL";
    const char *const values[] = {asked->hash, asked->what, asked->requested_by};
    if (!own_tables_ensure(session, &tables, status)) {
        return false;
    }
    sweep(session, status->arena);
    PG_RESULT(result) = write_row(session, sql, 3, values, status);
    return result != NULL;
}

bool approvals_find(struct pg_session *session, const char *hash, struct approval *approval, bool *found,
                    struct status *status)
{
    const char *const sql = arena_printf(status->arena, "%s AND hash OPERATOR(pg_catalog.=) $1", columns_sql);
    *found = false;
    bool exists;
    if (!own_tables_exist(session, &tables, &exists, status) || !exists) {
        return status->code == STATUS_OK;
    }
    PG_RESULT(result) = own_query(session, sql, 1, (const char *const[]){hash}, status);
    *found = result != NULL && PQntuples(result) == 1;
    if (*found) {
        *approval = row_of(status->arena, result, 0);
    }
    return result != NULL;
}

bool approvals_give(struct pg_session *session, const struct approval *wish, uint32_t for_ms, bool *given,
                    struct status *status)
{
    static const char sql[] =
        "INSERT INTO {truss}.approvals AS a (database, hash, what, approved_by, approved_at, expires_at, comment) "
        "VALUES (" DATABASE ", $1, $2, $3, pg_catalog.clock_timestamp(), "
        "pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => $5::double precision), "
        "$4) ON CONFLICT (database, hash) DO UPDATE SET approved_by = EXCLUDED.approved_by, "
        "approved_at = EXCLUDED.approved_at, expires_at = EXCLUDED.expires_at, comment = EXCLUDED.comment, "
        "revoked_by = '', revoked_at = NULL WHERE a.requested_by OPERATOR(pg_catalog.<>) EXCLUDED.approved_by "
        "RETURNING a.hash";
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%u.%03u", for_ms / 1000, for_ms % 1000);
    const char *const values[] = {wish->hash, wish->what, wish->approved_by, wish->comment, seconds};
    *given = false;
    if (!own_tables_ensure(session, &tables, status)) {
        return false;
    }
    sweep(session, status->arena);
    PG_RESULT(result) = write_row(session, sql, 5, values, status);
    *given = result != NULL && PQntuples(result) == 1;
    return result != NULL;
}

bool approvals_revoke(struct pg_session *session, const char *hash, const char *who, bool *found, struct status *status)
{
    static const char sql[] =
        "UPDATE {truss}.approvals SET revoked_by = $2, revoked_at = pg_catalog.clock_timestamp() WHERE " HERE
        " AND hash OPERATOR(pg_catalog.=) $1 AND approved_at IS NOT NULL AND revoked_at IS NULL RETURNING hash";
    bool exists;
    *found = false;
    if (!own_tables_exist(session, &tables, &exists, status) || !exists) {
        return status->code == STATUS_OK;
    }
    PG_RESULT(result) = write_row(session, sql, 2, (const char *const[]){hash, who}, status);
    *found = result != NULL && PQntuples(result) == 1;
    return result != NULL;
}

bool approvals_list(struct pg_session *session, uint32_t most, struct approval **rows, size_t *count,
                    struct status *status)
{
    const char *const sql =
        arena_printf(status->arena, "%s ORDER BY GREATEST(requested_at, approved_at, revoked_at) DESC, hash LIMIT %u",
                     columns_sql, most == 0 || most > APPROVALS_MOST ? APPROVALS_MOST : most);
    bool exists;
    *count = 0;
    if (!own_tables_exist(session, &tables, &exists, status) || !exists) {
        return status->code == STATUS_OK;
    }
    PG_RESULT(result) = own_query(session, sql, 0, NULL, status);
    if (result == NULL) {
        return false;
    }
    *rows = arena_array(status->arena, (size_t)PQntuples(result) + 1, sizeof **rows);
    for (int i = 0; i < PQntuples(result); i++) {
        (*rows)[(*count)++] = row_of(status->arena, result, i);
    }
    return true;
}
