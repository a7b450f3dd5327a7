/*
 * Taking a row makes it due again a moment later: that is its lease, which needs no cleanup.
 */
#include "worker/telemetry/webhook_rows.h"

#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/values.h"

#include <stdio.h>

static const struct own_tables tables = {
    .last = "{truss}.webhook_events",
    .sql =
        "CREATE TABLE IF NOT EXISTS {truss}.webhook_events ("
        "event text NOT NULL, hook text NOT NULL, operation text NOT NULL, kind text NOT NULL, body text NOT NULL, "
        "created_at timestamptz NOT NULL, next_at timestamptz NOT NULL, tries integer NOT NULL, error text NOT NULL, "
        "PRIMARY KEY (event, hook));"
        "COMMENT ON TABLE {truss}.webhook_events IS 'What is still to be told to webhooks. A row goes when its "
        "receiver has taken it.';",
};

#define TABLE tables.last
#define NOW   "pg_catalog.clock_timestamp()"
#define LEASE "30" /* seconds; a delivery takes 10 at most */

bool hook_rows_ensure(struct pg_session *session, struct status *status)
{
    return own_tables_ensure(session, &tables, status);
}

static void put_row(struct buffer *sql, const char *schema, const char *operation, const struct hook_row *row)
{
    /* After a commit without an answer the rows are written again. */
    own_put(sql, schema, "INSERT INTO {truss}.webhook_events VALUES (");
    const char *const texts[] = {row->event, row->hook, operation, row->kind, row->body};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        pg_quote_literal(sql, text_of(texts[i]));
        buffer_puts(sql, ", ");
    }
    buffer_printf(sql,
                  NOW ", " NOW " + pg_catalog.make_interval(secs => %u::float8 / 1000), 0, '') "
                      "ON CONFLICT DO NOTHING;",
                  row->due_in_ms);
}

static PGresult *write_row(struct pg_session *session, const char *sql, int count, const char *const *values,
                           struct status *status)
{
    return own_write(session, &(struct own_statement){.table = TABLE, .sql = sql, .count = count, .values = values},
                     status);
}

bool hook_rows_add(struct pg_session *session, const struct hook_rows *rows, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    const char *const schema = pg_session_own_schema(session);
    if (rows->ends) {
        own_put(&sql, schema, "DELETE FROM {truss}.webhook_events WHERE kind = 'run.lost' AND operation = ");
        pg_quote_literal(&sql, text_of(rows->subject));
        buffer_putc(&sql, ';');
    }
    for (size_t i = 0; i < rows->count; i++) {
        put_row(&sql, schema, rows->subject, &rows->items[i]);
    }
    if (sql.size == 0) {
        return true;
    }
    const struct own_statement statement = {.table = TABLE, .sql = buffer_string(&sql), .is_complete = true};
    PG_RESULT(result) = own_write(session, &statement, status);
    return result != NULL;
}

/* What is not an id of ours is somebody's, and would stand in a header. */
bool hook_rows_take(struct arena *arena, struct pg_session *session, const char *hook, struct hook_due *due,
                    struct status *status)
{
    static const char sql[] =
        "UPDATE {truss}.webhook_events e SET next_at = " NOW " + interval '" LEASE
        " seconds', tries = e.tries + 1 FROM ("
        "SELECT event, hook FROM {truss}.webhook_events WHERE next_at <= " NOW " AND hook = $1 "
        "AND event ~ '^[-0-9a-f]{36}$' "
        "ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) d WHERE e.event = d.event AND e.hook = d.hook "
        "RETURNING e.event, e.hook, e.kind, e.body, e.tries";
    PG_RESULT(result) = write_row(session, sql, 1, &hook, status);
    *due = (struct hook_due){0};
    if (result != NULL && PQntuples(result) == 1) {
        *due = (struct hook_due){
            .event = arena_strdup(arena, pg_field(result, 0, 0)),
            .hook = arena_strdup(arena, pg_field(result, 0, 1)),
            .kind = arena_strdup(arena, pg_field(result, 0, 2)),
            .body = arena_strdup(arena, pg_field(result, 0, 3)),
            .tries = pg_field_int(result, 0, 4, 1),
        };
    }
    return result != NULL;
}

bool hook_rows_drop(struct pg_session *session, const struct hook_due *due, struct status *status)
{
    PG_RESULT(result) = write_row(session, "DELETE FROM {truss}.webhook_events WHERE event = $1 AND hook = $2", 2,
                                  (const char *const[]){due->event, due->hook}, status);
    return result != NULL;
}

bool hook_rows_put_off(struct pg_session *session, const struct hook_due *due, uint32_t seconds, const char *error,
                       struct status *status)
{
    char text[16];
    snprintf(text, sizeof text, "%u", seconds);
    PG_RESULT(result) = write_row(
        session,
        "UPDATE {truss}.webhook_events SET next_at = " NOW
        " + pg_catalog.make_interval(secs => $3::float8), error = $4 WHERE event = $1 AND hook = $2",
        4, (const char *const[]){due->event, due->hook, text, own_words(status->arena, session, error)}, status);
    return result != NULL;
}

bool hook_rows_renew(struct pg_session *session, const char *operations, uint32_t ms, struct status *status)
{
    char text[16];
    snprintf(text, sizeof text, "%u", ms);
    PG_RESULT(result) = write_row(session,
                                  "UPDATE {truss}.webhook_events SET next_at = " NOW
                                  " + pg_catalog.make_interval(secs => $2::float8 / 1000) "
                                  "WHERE kind = 'run.lost' AND operation = ANY ($1::text[])",
                                  2, (const char *const[]){operations, text}, status);
    return result != NULL;
}

bool hook_rows_sweep(struct pg_session *session, size_t *dropped, struct status *status)
{
    /* The row that would report a run as lost is put off as long as the run lasts. */
    PG_RESULT(result) =
        write_row(session,
                  "DELETE FROM {truss}.webhook_events WHERE created_at < " NOW
                  " - interval '7 days' AND (kind <> 'run.lost' OR next_at < " NOW " - interval '7 days') RETURNING 1",
                  0, NULL, status);
    *dropped = result == NULL ? 0 : (size_t)PQntuples(result);
    return result != NULL;
}
