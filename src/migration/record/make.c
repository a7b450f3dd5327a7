/*
 * Examines the catalogs first, so that a role with few rights needs no more than necessary. Our own tables are readable
 * for people: text and times, no blobs except the stored answers.
 */
#include "migration/record/make.h"

#include "migration/look/baseline.h"

#include "base/sqlstate.h"
#include "framework/core/ledger.h"
#include "migration/look/store.h"
#include "migration/plan/check/moment.h"
#include "pg/listeners.h"
#include "pg/own_tables.h"
#include "pg/query.h"
#include "pg/values.h"

/* ---- the framework's ledger ---- */

/* If we know better what is wrong and what to do, the server's message becomes the detail. */
static void explain_refusal(const struct request *request, struct pg_session *session, const struct ledger *ledger)
{
    struct status *const status = request->status;
    const bool is_refusal = sqlstate_is(status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) ||
                            sqlstate_is(status->sqlstate, SQLSTATE_READ_ONLY);
    const char *const why = is_refusal ? moment_why_not_made(request, session, ledger) : NULL;
    if (why != NULL) {
        status->detail = status->detail == NULL ? status->message : status->detail;
        status->message = arena_printf(request->arena, "%s Nothing was run.", why);
        return;
    }
    if (status->sqlstate == NULL || sqlstate_is(status->sqlstate, SQLSTATE_QUERY_CANCELED)) {
        return;
    }
    const char *const names = listeners_named(request->arena, session, NULL);
    status->message = arena_printf(request->arena, "The tracking table \"%s\".\"%s\" could not be made: %s",
                                   ledger->schema, ledger->table, status->message);
    if (names != NULL && status->hint == NULL) {
        status->hint = arena_printf(request->arena,
                                    "Event triggers run when it is made: %s. Let them pass this table, or disable them "
                                    "for the first run.",
                                    names);
    }
}

/* CREATE SCHEMA IF NOT EXISTS requires the right to create schemas even if it exists, so that is checked first.
 * Everything is on disk before the first script runs: if a server crash lost the table as well, nobody would know what
 * else it lost. An existing table beside the ledger is examined under its lock, with a newer snapshot. */
static void put_making(struct buffer *sql, const struct detection *detection, const struct ledger_ground *ground)
{
    buffer_puts(sql, "BEGIN ISOLATION LEVEL READ COMMITTED;");
    if (!ground->has_schema) {
        buffer_puts(sql, "CREATE SCHEMA ");
        pg_quote_identifier(sql, detection->ledger.schema);
        buffer_putc(sql, ';');
    }
    ledger_put(sql, detection->framework, LEDGER_CREATE, &detection->ledger, NULL);
    buffer_puts(sql, "COMMIT;");
}

/* An expression: the tables beside the ledger that exist and can be locked. */
static void put_beside(struct buffer *sql, const struct detection *detection)
{
    struct buffer tables = {.arena = sql->arena};
    ledger_put_beside(&tables, detection->framework, &detection->ledger, false);
    if (tables.size == 0) {
        buffer_puts(sql, "NULL");
        return;
    }
    buffer_printf(sql,
                  "(SELECT pg_catalog.string_agg(DISTINCT one.name, ', ') FROM pg_catalog.unnest(ARRAY[%s]) one (name) "
                  "JOIN pg_catalog.pg_class b ON b.oid = pg_catalog.to_regclass(one.name)::pg_catalog.oid "
                  "WHERE b.relkind IN ('r', 'p', 'v'))",
                  buffer_string(&tables));
}

/* A plain table without triggers, rules and policies takes every row. A database may lack PL/pgSQL, or have revoked it.
 * For the session: whether its transactions keep one snapshot. */
static void put_obstacles(struct buffer *sql, const struct detection *detection)
{
    const struct ledger *const ledger = &detection->ledger;
    buffer_puts(
        sql,
        "SELECT c.relkind = 'r' AND NOT c.relhastriggers AND NOT c.relhasrules AND NOT c.relrowsecurity, c.oid, NOT "
        "EXISTS (SELECT FROM pg_catalog.pg_language l WHERE l.lanname = 'plpgsql' AND "
        "pg_catalog.has_language_privilege(l.oid, 'USAGE')), "
        "pg_catalog.current_setting('default_transaction_isolation') <> 'read committed', ");
    put_beside(sql, detection);
    buffer_puts(sql, " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                     "WHERE n.nspname = ");
    ledger_put_text(sql, ledger->schema);
    buffer_puts(sql, " AND c.relname = ");
    ledger_put_text(sql, ledger->table);
}

static void note_obstacles(const struct request *request, const struct pg_session *session, const PGresult *result,
                           struct ledger *ledger)
{
    const bool is_there = PQntuples(result) == 1;
    ledger->takes_rows = is_there && pg_field_bool(result, 0, 0);
    ledger->lacks_plpgsql = is_there && pg_field_bool(result, 0, 2);
    ledger->is_vouched = request->site->is_ledger_vouched;
    ledger->own_schema = arena_strdup(request->arena, pg_session_own_schema(session));
    ledger->keeps_snapshot = is_there && pg_field_bool(result, 0, 3);
    ledger->beside =
        is_there && !PQgetisnull(result, 0, 4) ? arena_strdup(request->arena, pg_field(result, 0, 4)) : NULL;
    ledger->oid = is_there ? arena_strdup(request->arena, pg_field(result, 0, 1)) : NULL;
}

/* One message creates the ledger if necessary, and asks what could prevent it from taking a row. */
static bool make_and_note(const struct request *request, struct pg_session *session, struct detection *detection,
                          const struct ledger_ground *ground)
{
    struct buffer sql = {.arena = request->arena};
    if (!detection->has_ledger) {
        put_making(&sql, detection, ground);
    }
    put_obstacles(&sql, detection);
    PG_RESULT(result) = pg_query_simple(session, buffer_string(&sql), request->status);
    if (result != NULL) {
        detection->has_ledger = true;
        note_obstacles(request, session, result, &detection->ledger);
        return true;
    }
    pg_session_roll_back(session);
    if (!detection->has_ledger) {
        explain_refusal(request, session, &detection->ledger);
    }
    return false;
}

bool ledger_note_obstacles(const struct request *request, struct pg_session *session, struct detection *detection)
{
    struct buffer sql = {.arena = request->arena};
    put_obstacles(&sql, detection);
    PG_RESULT(result) = pg_query(session, buffer_string(&sql), 0, NULL, request->status);
    if (result != NULL) {
        note_obstacles(request, session, result, &detection->ledger);
    }
    return result != NULL;
}

bool ledger_ensure(const struct request *request, struct pg_session *session, struct detection *detection)
{
    struct ledger_ground ground = {0};
    return (detection->has_ledger || ledger_ground_look(request, session, detection, &ground)) &&
           make_and_note(request, session, detection, &ground);
}

bool ledger_make_ready(const struct request *request, struct pg_session *session, struct detection *detection)
{
    struct ledger_ground ground = {0};
    return (detection->has_ledger || (ledger_ground_look(request, session, detection, &ground) &&
                                      ledger_ground_check(request, detection, &ground))) &&
           make_and_note(request, session, detection, &ground);
}

/* ---- our own tables ---- */

static const char tables_sql[] =
    "CREATE TABLE IF NOT EXISTS {truss}.migration_steps ("
    "ledger text NOT NULL, migration text NOT NULL, step integer NOT NULL, steps integer NOT NULL, "
    "attempt text NOT NULL, checksum text NOT NULL, "
    "started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), finished_at timestamptz, "
    "indexes_before oid[], PRIMARY KEY (ledger, migration, step));"
    "COMMENT ON TABLE {truss}.migration_steps IS 'Steps of migrations that are under way or were interrupted; a run "
    "goes on behind them, and removes them with the last.';"
    "CREATE TABLE IF NOT EXISTS {truss}.operations ("
    "id uuid PRIMARY KEY, kind text NOT NULL, state text NOT NULL, worker text NOT NULL, "
    "started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), finished_at timestamptz, "
    "heartbeat_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), "
    "cancel_requested boolean NOT NULL DEFAULT false, summary text NOT NULL DEFAULT '', migration text, "
    "step integer NOT NULL DEFAULT 0, steps integer NOT NULL DEFAULT 0, outcome bytea);"
    "CREATE INDEX IF NOT EXISTS operations_started_at ON {truss}.operations (started_at);"
    "CREATE TABLE IF NOT EXISTS {truss}.operation_events ("
    "operation uuid NOT NULL REFERENCES {truss}.operations ON DELETE CASCADE, id integer NOT NULL, "
    "at timestamptz NOT NULL, kind text NOT NULL, message text NOT NULL, event bytea NOT NULL, "
    "PRIMARY KEY (operation, id));"
    "CREATE TABLE IF NOT EXISTS {truss}.idempotency_keys ("
    "key text PRIMARY KEY, method text NOT NULL, request text NOT NULL, "
    "created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), answered_at timestamptz, answer bytea);"
    "CREATE INDEX IF NOT EXISTS idempotency_keys_created_at ON {truss}.idempotency_keys (created_at);";

bool store_ensure(struct pg_session *session, struct status *status)
{
    static const struct own_tables tables = {.last = STORE_LAST, .sql = tables_sql};
    return own_tables_ensure(session, &tables, status);
}
