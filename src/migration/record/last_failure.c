/*
 * One row for each migration: its last failure.
 */
#include "migration/record/last_failure.h"

#include "migration/look/store.h"
#include "migration/record/make.h"

#include "framework/core/ledger.h"
#include "pg/own_sql.h"

static const char table_sql[] =
    "SELECT pg_catalog.pg_advisory_xact_lock(1414681939, 0);"
    "CREATE TABLE IF NOT EXISTS {truss}.failed_attempts ("
    "ledger text NOT NULL, migration text NOT NULL, failed_at timestamptz NOT NULL, failed_by text NOT NULL, "
    "message text NOT NULL, sqlstate text, detail text, hint text, statement text, "
    "line integer NOT NULL, col integer NOT NULL, partially_applied boolean NOT NULL, PRIMARY KEY (ledger, migration));"
    "COMMENT ON TABLE {truss}.failed_attempts IS 'The last failed attempt of each migration, until its next success.';";

static bool exists(struct pg_session *session, bool *there, struct status *status)
{
    PG_RESULT(result) = own_query(
        session, "SELECT pg_catalog.to_regclass(pg_catalog.format('%I.failed_attempts', '{truss}')) IS NOT NULL", 0,
        NULL, status);
    *there = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

static void put_text(struct buffer *sql, const char *value)
{
    buffer_puts(sql, ", ");
    if (value == NULL) {
        buffer_puts(sql, "NULL");
    } else {
        ledger_put_text(sql, value);
    }
}

static void roll_back(struct pg_session *session, struct arena *arena)
{
    struct status ignored = {.arena = arena};
    if (pg_session_in_transaction(session)) {
        pg_exec(session, "ROLLBACK", &ignored);
    }
}

bool failure_write(struct pg_session *session, const struct ledger *ledger, const char *migration,
                   const struct failed_attempt *failure, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const char *const schema = pg_session_own_schema(session);
    bool there;
    if (!store_ensure(session, status) || !exists(session, &there, status)) {
        return false;
    }
    buffer_puts(&sql, "BEGIN;");
    own_put(&sql, schema, there ? "" : table_sql);
    own_put(&sql, schema, "INSERT INTO {truss}.failed_attempts AS f VALUES (");
    ledger_put_text(&sql, failures_ledger(status->arena, ledger));
    put_text(&sql, migration);
    buffer_puts(&sql, ", pg_catalog.clock_timestamp()");
    put_text(&sql, failure->by);
    put_text(&sql, failure->message);
    put_text(&sql, failure->sqlstate);
    put_text(&sql, failure->detail);
    put_text(&sql, failure->hint);
    put_text(&sql, failure->statement);
    buffer_printf(&sql,
                  ", %u, %u, %s) ON CONFLICT (ledger, migration) DO UPDATE SET failed_at = EXCLUDED.failed_at, "
                  "failed_by = EXCLUDED.failed_by, message = EXCLUDED.message, sqlstate = EXCLUDED.sqlstate, "
                  "detail = EXCLUDED.detail, hint = EXCLUDED.hint, statement = EXCLUDED.statement, "
                  "line = EXCLUDED.line, col = EXCLUDED.col, partially_applied = EXCLUDED.partially_applied;COMMIT;",
                  failure->line, failure->column, failure->partially_applied ? "true" : "false");
    const bool ok = own_exec_words(session, buffer_string(&sql), status);
    roll_back(session, status->arena);
    return ok;
}

bool failures_forget(struct pg_session *session, const struct ledger *ledger, const char *const *migrations,
                     size_t count, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    bool there = false;
    if (count == 0 || !exists(session, &there, status) || !there) {
        return count == 0 || status->code == STATUS_OK;
    }
    bool is_ours;
    if (!store_exists(session, &is_ours, status)) {
        return false;
    }
    own_put(&sql, pg_session_own_schema(session), "DELETE FROM {truss}.failed_attempts WHERE ledger = ");
    ledger_put_text(&sql, failures_ledger(status->arena, ledger));
    buffer_puts(&sql, " AND migration IN (");
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&sql, i == 0 ? "" : ", ");
        ledger_put_text(&sql, migrations[i]);
    }
    buffer_puts(&sql, ")");
    return pg_exec(session, buffer_string(&sql), status);
}
