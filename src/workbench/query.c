/*
 * Rows come one at a time, so that no more is held in memory than is shown; what is too much is cancelled at the
 * server.
 */
#include "workbench/query.h"

#include "base/clock.h"
#include "pg/rows.h"
#include "pg/values.h"
#include "workbench/policy.h"

#include <string.h>
#include <time.h>

#define BYTES      ((size_t)8 * 1024 * 1024) /* of all rows as JSON */
#define ROW_BYTES  ((size_t)2 * 1024 * 1024) /* of the long values of a row, in characters */
#define MOST_VALUE ((size_t)1024 * 1024)
#define FIRST_ROW  ((size_t)12 * 1024 * 1024) /* an answer has at most 16 MiB */

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1000000;
}

struct workbench_target workbench_target_of(const struct workbench_call *call, const struct pg_session *session)
{
    struct arena *const arena = call->arena;
    const char *const version = pg_session_parameter(session, "server_version");
    return (struct workbench_target){
        .host = arena_strdup(arena, pg_session_host(session)),
        .port = arena_strdup(arena, pg_session_port(session)),
        .database = arena_strdup(arena, pg_session_database(session)),
        .user = arena_strdup(arena, pg_session_user(session)),
        .server_version = version == NULL ? NULL : arena_strndup(arena, version, strcspn(version, " ")),
        .project = call->workbench->project,
        .environment = call->workbench->environment,
    };
}

/* ---- rows ---- */

static size_t value_limit(const struct columns *columns)
{
    size_t count = 0;
    for (size_t i = 0; i < columns->count; i++) {
        count += columns->items[i].is_long ? 1 : 0;
    }
    const size_t share = count == 0 ? MOST_VALUE : ROW_BYTES / count;
    return share < MOST_VALUE ? share : MOST_VALUE;
}

/* Keeps a row; returns false if there are too many rows or bytes. */
static bool keep_row(struct query_result *result, const struct workbench_call *call, const char *row, size_t *bytes)
{
    const size_t size = strlen(row);
    if (result->row_count == WORKBENCH_ROWS) {
        result->truncated_by = "rows";
        return false;
    }
    if (*bytes + size > (result->row_count == 0 ? FIRST_ROW : BYTES)) {
        result->truncated_by = "bytes";
        return false;
    }
    *bytes += size;
    result->rows = arena_grow(call->arena, result->rows, result->row_count, &result->capacity, sizeof *result->rows);
    result->rows[result->row_count++] = row;
    return true;
}

static bool read_rows(struct readonly *reading, const struct query_request *request, struct query_result *result)
{
    const struct workbench_call *const call = reading->call;
    PGresult *row;
    size_t bytes = 0;
    bool goes_on = true;
    while (goes_on && pg_rows_next(reading->session, &row, call->status)) {
        if (row == NULL) {
            result->truncated_by =
                result->has_cut_value && result->truncated_by == NULL ? "bytes" : result->truncated_by;
            return true;
        }
        struct buffer json = {.arena = call->arena};
        bool cut = false;
        columns_write_row(&json, &result->columns, row, request->as_lists, &cut);
        PQclear(row);
        goes_on = keep_row(result, call, buffer_string(&json), &bytes);
        result->has_cut_value = result->has_cut_value || (goes_on && cut);
    }
    return !goes_on;
}

static bool run_select(struct readonly *reading, const struct sql_statement *statement,
                       const struct query_request *request, struct query_result *result)
{
    const struct workbench_call *const call = reading->call;
    size_t before;
    PG_RESULT(described) = readonly_describe(reading, statement);
    if (described == NULL || !columns_read(reading, described, &result->columns)) {
        return false;
    }
    const struct columns_bounds most = {WORKBENCH_ROWS + 1, value_limit(&result->columns)};
    const char *const sql = columns_wrap(call->arena, &result->columns, statement->query, most, &before);
    if (!pg_rows_begin(reading->session, sql, (int)request->parameter_count, request->parameters, call->status) ||
        !read_rows(reading, request, result)) {
        readonly_explain_failure(reading, statement, before, WORKBENCH_QUERY_MS);
        return false;
    }
    if (result->has_cut_value) {
        result->warnings[result->warning_count++] = arena_printf(
            call->arena, "Values of more than %zu characters are cut; an export as csv has all of them.", most.bytes);
    }
    return true;
}

/* Runs EXPLAIN as a query: its lines are the rows. */
static bool run_explain(struct readonly *reading, const struct sql_statement *statement,
                        const struct query_request *request, struct query_result *result)
{
    const struct workbench_call *const call = reading->call;
    struct column *const column = arena_alloc(call->arena, sizeof *column);
    const char *const start = statement->explain.verbose ? "EXPLAIN (VERBOSE) " : "EXPLAIN ";
    const char *const sql =
        arena_printf(call->arena, "%s%.*s", start, (int)statement->query.size, statement->query.data);
    *column = (struct column){.name = "QUERY PLAN", .key = "QUERY PLAN", .type = "text", .oid = 25, .typmod = -1};
    result->columns = (struct columns){column, 1};
    if (statement->explain.analyze) {
        result->warnings[result->warning_count++] =
            "The query was not run: ANALYZE is not taken from the text. POST /api/sql/explain has \"analyze\": true.";
    }
    if (!pg_rows_begin(reading->session, sql, (int)request->parameter_count, request->parameters, call->status) ||
        !read_rows(reading, request, result)) {
        readonly_explain_failure(reading, statement, strlen(start), WORKBENCH_QUERY_MS);
        return false;
    }
    return true;
}

bool query_run(const struct workbench_call *call, const struct query_request *request, struct query_result *result)
{
    const struct statement_rules rules = {.parameters = request->parameter_count};
    struct sql_statement statement;
    struct readonly reading;
    *result = (struct query_result){0};
    if (!statement_read(call->arena, request->sql, &rules, &statement, call->status) ||
        !policy_check_names(&statement.uses, call->status) || !readonly_begin(call, WORKBENCH_QUERY_MS, &reading)) {
        return false;
    }
    const double started = now_ms();
    const bool ok = readonly_admits(&reading, &statement) &&
                    (statement.is_explain ? run_explain(&reading, &statement, request, result)
                                          : run_select(&reading, &statement, request, result));
    result->duration_ms = (double)(int64_t)((now_ms() - started) * 1000) / 1000;
    result->role = reading.role;
    for (size_t i = 0; i < reading.warning_count; i++) {
        result->warnings[result->warning_count++] = reading.warnings[i];
    }
    result->target = workbench_target_of(call, reading.session);
    readonly_end(&reading);
    return ok;
}
