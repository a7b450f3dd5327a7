/*
 * One row for each migration: its last failure.
 */
#include "migration/record/last_failure.h"

#include "base/log.h"
#include "migration/look/store.h"
#include "migration/record/make.h"

#include "framework/core/ledger.h"
#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/values.h"

#define TABLE "{truss}.failed_attempts"

static const struct own_tables tables = {
    .last = TABLE,
    .sql = "CREATE TABLE IF NOT EXISTS " TABLE " ("
           "ledger text NOT NULL, migration text NOT NULL, failed_at timestamptz NOT NULL, failed_by text NOT NULL, "
           "message text NOT NULL, sqlstate text, detail text, hint text, statement text, line integer NOT NULL, "
           "col integer NOT NULL, partially_applied boolean NOT NULL, content_hash text, "
           "PRIMARY KEY (ledger, migration));"
           "ALTER TABLE " TABLE " ADD COLUMN IF NOT EXISTS content_hash text;"
           "COMMENT ON TABLE " TABLE " IS 'The last failed attempt of each migration, until its next success.';",
    .column = "content_hash",
};

static bool exists(struct pg_session *session, bool *there, struct status *status)
{
    PG_RESULT(result) = own_query(
        session, "SELECT pg_catalog.to_regclass(pg_catalog.format('%I.failed_attempts', '{truss}')) IS NOT NULL", 0,
        NULL, status);
    *there = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

static bool write_it(struct pg_session *session, const struct buffer *sql, struct status *status)
{
    const struct own_statement statement = {.table = TABLE, .sql = buffer_string(sql), .is_complete = true};
    PG_RESULT(result) = own_write(session, &statement, status);
    return result != NULL;
}

static void put_text(struct buffer *sql, const char *value)
{
    buffer_puts(sql, ", ");
    ledger_put_text(sql, value);
}

bool failure_write(struct pg_session *session, const struct ledger *ledger, const char *migration,
                   const struct failed_attempt *failure, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    if (!store_ensure(session, status) || !own_tables_ensure(session, &tables, status)) {
        return false;
    }
    own_put(&sql, pg_session_own_schema(session),
            "INSERT INTO {truss}.failed_attempts AS f "
            "(ledger, migration, failed_at, failed_by, message, sqlstate, detail, hint, statement, content_hash, line, "
            "col, partially_applied) VALUES (");
    ledger_put_text(&sql, ledger_full_name(status->arena, ledger));
    put_text(&sql, migration);
    buffer_puts(&sql, ", pg_catalog.clock_timestamp()");
    put_text(&sql, failure->by);
    put_text(&sql, failure->message);
    put_text(&sql, failure->sqlstate);
    put_text(&sql, failure->detail);
    put_text(&sql, failure->hint);
    put_text(&sql, failure->statement);
    put_text(&sql, failure->content_hash);
    buffer_printf(&sql,
                  ", %u, %u, %s) ON CONFLICT (ledger, migration) DO UPDATE SET failed_at = EXCLUDED.failed_at, "
                  "failed_by = EXCLUDED.failed_by, message = EXCLUDED.message, sqlstate = EXCLUDED.sqlstate, "
                  "detail = EXCLUDED.detail, hint = EXCLUDED.hint, statement = EXCLUDED.statement, "
                  "content_hash = EXCLUDED.content_hash, line = EXCLUDED.line, col = EXCLUDED.col, "
                  "partially_applied = EXCLUDED.partially_applied",
                  failure->line, failure->column, failure->partially_applied ? "true" : "false");
    return write_it(session, &sql, status);
}

bool failures_forget(struct pg_session *session, const struct ledger *ledger, const char *const *migrations,
                     size_t count, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    bool there = false;
    if (count == 0 || !exists(session, &there, status) || !there) {
        return count == 0 || status->code == STATUS_OK;
    }
    own_put(&sql, pg_session_own_schema(session), "DELETE FROM {truss}.failed_attempts WHERE ledger = ");
    ledger_put_text(&sql, ledger_full_name(status->arena, ledger));
    buffer_puts(&sql, " AND migration IN (");
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&sql, i == 0 ? "" : ", ");
        ledger_put_text(&sql, migrations[i]);
    }
    buffer_puts(&sql, ")");
    return write_it(session, &sql, status);
}

void failures_settle(struct arena *arena, struct pg_session *session, const struct ledger *ledger,
                     const char *const *migrations, size_t count)
{
    struct status status = {.arena = arena};
    char error[LOG_QUOTED_SIZE];
    if (!failures_forget(session, ledger, migrations, count, &status)) {
        log_warn("a failed attempt that is settled cannot be forgotten", "error=%s", log_quoted(status.message, error));
    }
}
