/*
 * Everything is set for the transaction only (SET LOCAL), so that no pooler can pass a session with our settings to
 * others.
 */
#include "workbench/readonly.h"

#include "base/sqlstate.h"
#include "pg/query.h"
#include "pg/rows.h"
#include "pg/values.h"
#include "workbench/policy.h"

#include <stdio.h>
#include <string.h>

#define LARGE_MESSAGE ((size_t)64 * 1024)

#define ANSWER_BYTES ((size_t)16 << 20) /* of one row, plan or error: what is shown has less */
#define FILE_BYTES   ((size_t)64 << 20) /* of one row of a file */

#define GRACE_MS 2000 /* so that the server's own limit comes first */

/* ---- the connection ---- */

static bool is_wanted(void *data)
{
    struct readonly *const reading = data;
    const struct workbench_call *const call = reading->call;
    return !atomic_load(&reading->running.is_cancelled) && (call->is_wanted == NULL || call->is_wanted(call->asker));
}

static bool connect(struct readonly *reading, int64_t until)
{
    const struct workbench_call *const call = reading->call;
    const struct workbench *const workbench = call->workbench;
    if (workbench->conninfo == NULL) {
        return status_fail_because(call->status, workbench->conninfo_code, REASON_NO_DATABASE, "%s",
                                   workbench->conninfo_error);
    }
    const bool is_other = call->database[0] != '\0' && strcmp(call->database, workbench->conninfo->place.database) != 0;
    if (is_other && (strlen(call->database) > 63 || strchr(call->database, '=') != NULL)) {
        return status_fail(call->status, STATUS_INVALID_ARGUMENT, "\"database\" is the name of a database.");
    }
    if (is_other) {
        reading->other = arena_alloc(call->arena, sizeof *reading->other);
        *reading->other = conninfo_beside(call->arena, workbench->conninfo, call->database);
        reading->session = pg_session_open(reading->other, until, call->status);
        if (reading->session == NULL && call->status->code == STATUS_NOT_FOUND) {
            call->status->hint = "Is its name right? SELECT datname FROM pg_database shows those of the server.";
        }
    } else {
        reading->session = pg_pool_take(workbench->pool, until, call->status);
    }
    return reading->session != NULL;
}

static void disconnect(struct readonly *reading)
{
    if (reading->other != NULL) {
        pg_session_free(reading->session);
    } else {
        pg_pool_give(reading->call->workbench->pool, reading->session);
    }
    reading->session = NULL;
}

/* ---- the transaction ---- */

static const char *begin_sql(const struct readonly *reading, uint32_t ms)
{
    struct buffer sql = {.arena = reading->call->arena};
    buffer_printf(&sql,
                  "BEGIN READ ONLY; SET LOCAL standard_conforming_strings = on; SET LOCAL statement_timeout = %u; "
                  "SET LOCAL lock_timeout = 2000; SET LOCAL idle_in_transaction_session_timeout = 60000; "
                  "SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL TimeZone = 'UTC'; "
                  "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL jit = off; "
                  "SET LOCAL xmloption = 'content'; ",
                  ms);
    const char *const path = reading->call->workbench->conninfo->search_path;
    if (path == NULL) {
        buffer_puts(&sql, "SET LOCAL search_path TO DEFAULT; ");
    }
    if (reading->call->workbench->role != NULL) {
        buffer_puts(&sql, "SET LOCAL ROLE ");
        pg_quote_identifier(&sql, reading->call->workbench->role);
    }
    return buffer_string(&sql);
}

static bool set_search_path(const struct readonly *reading, const char *path)
{
    PG_RESULT(result) = pg_query(reading->session, "SELECT pg_catalog.set_config('search_path', $1, true)", 1, &path,
                                 reading->call->status);
    return result != NULL;
}

/* Asks the server what was really set: a pooler may have dropped something. */
static bool look_around(struct readonly *reading)
{
    static const char sql[] =
        "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_schemas(true)::pg_catalog.text, "
        "current_user, pg_catalog.current_setting('is_superuser'), "
        "pg_catalog.current_setting('transaction_read_only'), "
        "pg_catalog.current_setting('standard_conforming_strings'), pg_catalog.current_setting('client_encoding'), "
        "(SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) session_user)";
    struct arena *const arena = reading->call->arena;
    PG_RESULT(result) = pg_query(reading->session, sql, 0, NULL, reading->call->status);
    if (result == NULL) {
        return false;
    }
    reading->search_path = arena_strdup(arena, pg_field(result, 0, 0));
    reading->schemas = arena_strdup(arena, pg_field(result, 0, 1));
    reading->role = arena_strdup(arena, pg_field(result, 0, 2));
    reading->is_superuser = strcmp(pg_field(result, 0, 3), "on") == 0;
    reading->has_superuser = pg_field_bool(result, 0, 7);
    return (strcmp(pg_field(result, 0, 4), "on") == 0 && strcmp(pg_field(result, 0, 5), "on") == 0 &&
            strcmp(pg_field(result, 0, 6), "UTF8") == 0) ||
           status_fail(reading->call->status, STATUS_FAILED_PRECONDITION,
                       "The connection of the workbench did not become read-only; nothing was run.");
}

static void warn(struct readonly *reading)
{
    struct arena *const arena = reading->call->arena;
    const char *const warning = workbench_warning(reading->call->workbench, arena);
    if (warning != NULL) {
        reading->warnings[reading->warning_count++] = warning;
    }
    if (reading->is_superuser) {
        reading->warnings[reading->warning_count++] = arena_printf(
            arena, "%s is a superuser: what PostgreSQL keeps secret from others can be read here.", reading->role);
    }
}

static bool begin(struct readonly *reading, uint32_t ms)
{
    const char *const path = reading->call->workbench->conninfo->search_path;
    if (!pg_exec(reading->session, begin_sql(reading, ms), reading->call->status) ||
        (path != NULL && !set_search_path(reading, path)) || !look_around(reading)) {
        return false;
    }
    warn(reading);
    return true;
}

bool readonly_begin(const struct workbench_call *call, uint32_t ms, struct readonly *reading)
{
    const int64_t own = deadline_in(ms + GRACE_MS);
    const int64_t until = own < call->deadline ? own : call->deadline;
    *reading = (struct readonly){.call = call};
    if (!connect(reading, until)) {
        return false;
    }
    running_enter(call->workbench->running, &reading->running, call->query_id);
    pg_session_set_deadline(reading->session, until);
    pg_session_on_tick(reading->session, is_wanted, reading);
    pg_session_take_at_most(reading->session, ms == WORKBENCH_EXPORT_MS ? FILE_BYTES : ANSWER_BYTES);
    if (begin(reading, ms)) {
        return true;
    }
    readonly_end(reading);
    return false;
}

/* True if the answer was larger than allowed: libpq keeps the memory of its largest answer as long as the connection
 * exists. */
static bool was_large(const struct status *status)
{
    return status->code == STATUS_RESOURCE_EXHAUSTED ||
           (status->code != STATUS_OK && status->message != NULL && strlen(status->message) > LARGE_MESSAGE);
}

void readonly_end(struct readonly *reading)
{
    struct status ignored = {.arena = reading->call->arena};
    struct pg_session *const session = reading->session;
    if (reading->call->status->code == STATUS_CANCELLED) {
        status_fail(reading->call->status, STATUS_CANCELLED, "The query was cancelled.");
    }
    running_leave(reading->call->workbench->running, &reading->running);
    pg_rows_end(session);
    pg_session_on_tick(session, NULL, NULL);
    pg_session_take_at_most(session, 0);
    pg_session_set_deadline(session, deadline_in(GRACE_MS));
    const bool is_back = pg_exec(session, "ROLLBACK", &ignored);
    const bool is_clean =
        reading->call->workbench->conninfo->pgbouncer || (is_back && pg_exec(session, "DISCARD ALL", &ignored));
    if (!is_back || !is_clean || was_large(reading->call->status)) {
        pg_session_declare_lost(session);
    }
    disconnect(reading);
}

/* ---- running statements in it ---- */

bool readonly_look(struct readonly *reading)
{
    return set_search_path(reading, "pg_catalog, pg_temp");
}

/* The policy's queries run with only pg_catalog in the search path, so that nobody else decides what their operators
 * mean. */
bool readonly_admits(struct readonly *reading, const struct sql_statement *statement)
{
    const struct workbench *const workbench = reading->call->workbench;
    const struct policy_place place = {
        .arena = reading->call->arena,
        .session = reading->session,
        .schemas = reading->schemas,
        .allows_user_functions = workbench->allows_user_functions,
        .allows_foreign = workbench->allows_foreign_tables,
        .reads_only = (workbench->role != NULL || workbench->has_own_url) && !reading->is_superuser,
        .is_expendable = workbench->has_own_url && !reading->has_superuser,
        .user = reading->role,
        .login = pg_session_user(reading->session),
    };
    const char *unknown;
    if (!readonly_look(reading) || !policy_check(&place, &statement->uses, &unknown, reading->call->status) ||
        !set_search_path(reading, reading->search_path)) {
        return false;
    }
    if (unknown == NULL) {
        return true;
    }
    PG_RESULT(described) = readonly_describe(reading, statement);
    if (described != NULL) {
        status_fail_because(reading->call->status, STATUS_INVALID_ARGUMENT, REASON_FUNC,
                            "%s is not allowed here: it is not a function that can be looked at.", unknown);
    }
    return false;
}

PGresult *readonly_describe(struct readonly *reading, const struct sql_statement *statement)
{
    struct arena *const arena = reading->call->arena;
    PGresult *const result = pg_describe(
        reading->session, arena_strndup(arena, statement->query.data, statement->query.size), reading->call->status);
    if (result == NULL) {
        readonly_explain_failure(reading, statement, 0, 0);
    }
    return result;
}

void readonly_explain_failure(const struct readonly *reading, const struct sql_statement *statement, size_t before,
                              uint32_t ms)
{
    struct status *const status = reading->call->status;
    if (status->code == STATUS_DEADLINE_EXCEEDED ||
        (ms > 0 && status->sqlstate != NULL && sqlstate_is(status->sqlstate, SQLSTATE_QUERY_CANCELED))) {
        status_fail(status, STATUS_DEADLINE_EXCEEDED, "The query took longer than %u seconds and was cancelled.",
                    ms / 1000);
        return;
    }
    if (status->hint == NULL && sqlstate_is(status->sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE)) {
        status->hint =
            "Another session has locked what the query reads, and the workbench waits for it only briefly. Who "
            "holds such locks: SELECT a.pid, a.usename, a.state, l.relation::regclass, a.query FROM "
            "pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.mode = 'AccessExclusiveLock'";
    }
    if (status->position > before) {
        status->position = (uint32_t)(status->position - before + statement->characters);
    } else {
        status->position = 0;
    }
}
