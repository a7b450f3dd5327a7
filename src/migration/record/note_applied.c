/*
 * One statement for a whole run.
 */
#include "migration/record/note_applied.h"

#include "base/log.h"
#include "framework/core/ledger.h"
#include "migration/look/failed_attempts.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/values.h"

static const struct own_tables tables = {
    .last = "{truss}.applied_by",
    .sql = "CREATE TABLE IF NOT EXISTS {truss}.applied_by ("
           "ledger text NOT NULL, migration text NOT NULL, run_began timestamptz NOT NULL, "
           "run_ended timestamptz NOT NULL, actor text NOT NULL, operation text, "
           "marked boolean NOT NULL DEFAULT false, duration_ms bigint, PRIMARY KEY (ledger, migration));"
           "ALTER TABLE {truss}.applied_by ADD COLUMN IF NOT EXISTS marked boolean NOT NULL DEFAULT false;"
           "ALTER TABLE {truss}.applied_by ADD COLUMN IF NOT EXISTS duration_ms bigint;"
           "COMMENT ON TABLE {truss}.applied_by IS 'Who had each migration applied by Truss, and in which run.';",
    .column = "duration_ms",
};

static void put_names(struct buffer *sql, const struct applied_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const uint32_t ms = names->ms == NULL ? 0 : names->ms[i];
        buffer_puts(sql, i == 0 ? "(" : "), (");
        ledger_put_text(sql, names->items[i]);
        buffer_printf(sql, ms > 0 ? ", %u" : ", NULL::pg_catalog.int8", ms);
    }
    buffer_putc(sql, ')');
}

bool applied_by_write(const struct request *request, struct pg_session *session, const struct applied_names *names,
                      bool *keeps, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    if (!own_tables_ensure_beside(session, &tables, keeps, status) || !*keeps) {
        return status->code == STATUS_OK;
    }
    own_put(&sql, pg_session_own_schema(session),
            "INSERT INTO {truss}.applied_by AS a (ledger, migration, run_began, run_ended, actor, "
            "operation, marked, duration_ms) SELECT ");
    ledger_put_text(&sql, ledger_full_name(status->arena, names->ledger));
    buffer_printf(&sql,
                  ", n.name, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) interval '%u milliseconds', "
                  "pg_catalog.clock_timestamp(), ",
                  names->run_ms);
    ledger_put_text(&sql, request->actor == NULL ? "" : request->actor);
    buffer_puts(&sql, ", ");
    ledger_put_text(&sql, request->operation);
    buffer_printf(&sql, ", %s, n.ms FROM (VALUES ", names->are_marked ? "true" : "false");
    put_names(&sql, names);
    buffer_puts(&sql, ") AS n (name, ms) ON CONFLICT (ledger, migration) DO UPDATE SET run_began = EXCLUDED.run_began, "
                      "run_ended = EXCLUDED.run_ended, actor = EXCLUDED.actor, operation = EXCLUDED.operation, "
                      "marked = EXCLUDED.marked, duration_ms = EXCLUDED.duration_ms");
    const struct own_statement statement = {.table = tables.last, .sql = buffer_string(&sql), .is_complete = true};
    PG_RESULT(result) = own_write(session, &statement, status);
    return result != NULL;
}

void applied_by_note(const struct request *request, struct pg_session *session, const struct applied_names *names)
{
    struct status status = {.arena = request->arena};
    bool keeps;
    if (!applied_by_write(request, session, names, &keeps, &status)) {
        char error[LOG_QUOTED_SIZE];
        log_warn("who marked a migration cannot be written down", "error=%s", log_quoted(status.message, error));
    }
}
