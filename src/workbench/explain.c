/*
 * The plan is of the query as it was written. `query` runs it with a limit around it, which may have a different plan.
 */
#include "workbench/explain.h"

#include "pg/query.h"
#include "pg/values.h"
#include "workbench/policy.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_BYTES ((size_t)4 * 1024 * 1024)
#define MOST_NODES 5000

/* ---- the nodes ---- */

static struct plan_number number_of(const json_t *node, const char *key)
{
    const json_t *const value = json_object_get(node, key);
    return (struct plan_number){json_number_value(value), json_is_number(value)};
}

static const char *text_in(struct arena *arena, const json_t *node, const char *key)
{
    return arena_strdup(arena, json_string_value(json_object_get(node, key)));
}

static const char *relation_of(struct arena *arena, const json_t *node)
{
    const char *const schema = json_string_value(json_object_get(node, "Schema"));
    const char *const name = json_string_value(json_object_get(node, "Relation Name"));
    return name == NULL || schema == NULL ? arena_strdup(arena, name) : arena_printf(arena, "%s.%s", schema, name);
}

/* A node without the nodes below it. */
static const char *raw_of(struct arena *arena, const json_t *node)
{
    json_t *const copy = json_copy((json_t *)(uintptr_t)node);
    json_object_del(copy, "Plans");
    char *const text = json_dumps(copy, JSON_COMPACT | JSON_REAL_PRECISION(15));
    const char *const raw = arena_strdup(arena, text == NULL ? "{}" : text);
    free(text);
    json_decref(copy);
    return raw;
}

static struct plan_node node_of(struct arena *arena, const json_t *node, uint32_t depth)
{
    return (struct plan_node){
        .depth = depth,
        .node_type = text_in(arena, node, "Node Type"),
        .relation = relation_of(arena, node),
        .alias = text_in(arena, node, "Alias"),
        .index = text_in(arena, node, "Index Name"),
        .join_type = text_in(arena, node, "Join Type"),
        .filter = text_in(arena, node, "Filter"),
        .startup_cost = number_of(node, "Startup Cost"),
        .total_cost = number_of(node, "Total Cost"),
        .plan_rows = number_of(node, "Plan Rows"),
        .plan_width = number_of(node, "Plan Width"),
        .actual_rows = number_of(node, "Actual Rows"),
        .actual_loops = number_of(node, "Actual Loops"),
        .actual_time = number_of(node, "Actual Total Time"),
        .rows_removed = number_of(node, "Rows Removed by Filter"),
        .workers = number_of(node, "Workers Launched"),
        .buffers_hit = number_of(node, "Shared Hit Blocks"),
        .buffers_read = number_of(node, "Shared Read Blocks"),
        .raw = raw_of(arena, node),
    };
}

/* Each node comes before those below it. The recursion is as deep as the plan, which is limited by jansson. */
static void add_nodes(struct arena *arena, const json_t *node, uint32_t depth, struct explain_result *result)
{
    const json_t *const below = json_object_get(node, "Plans");
    if (!json_is_object(node) || result->node_count >= MOST_NODES) {
        return;
    }
    result->nodes = arena_grow(arena, result->nodes, result->node_count, &result->capacity, sizeof *result->nodes);
    result->nodes[result->node_count++] = node_of(arena, node, depth);
    for (size_t i = 0; i < json_array_size(below); i++) {
        add_nodes(arena, json_array_get(below, i), depth + 1, result);
    }
}

/* The server estimates up to 1e100 rows, and writes all the digits: jansson refuses integers that large. */
static json_t *load(const char *text)
{
    json_t *const plan = json_loads(text, 0, NULL);
    return plan != NULL ? plan : json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
}

static bool read_plan(const struct workbench_call *call, const char *text, struct explain_result *result)
{
    json_t *const plan = text == NULL || strlen(text) > PLAN_BYTES ? NULL : load(text);
    const json_t *const top = json_array_get(plan, 0);
    if (!json_is_object(top)) {
        json_decref(plan);
        return status_fail(call->status, STATUS_RESOURCE_EXHAUSTED, "The plan is larger than %zu bytes or no JSON.",
                           PLAN_BYTES);
    }
    result->plan = arena_strdup(call->arena, text);
    result->execution_time = number_of(top, "Execution Time");
    result->planning_time = number_of(top, "Planning Time");
    add_nodes(call->arena, json_object_get(top, "Plan"), 0, result);
    json_decref(plan);
    return true;
}

/* ---- asking ---- */

/* "EXPLAIN (FORMAT JSON, …) ", with the options that the text asks for and the server knows. */
static const char *explain_sql(struct arena *arena, const struct explain_options *options, bool analyze, int version)
{
    struct buffer sql = {.arena = arena};
    const struct {
        bool wanted;
        int since;
        const char *words;
    } known[] = {
        {analyze, 0, ", ANALYZE"},
        {true, 0, ", VERBOSE"},
        {!options->costs, 0, ", COSTS off"},
        {options->settings, 120000, ", SETTINGS"},
        {options->buffers || analyze, analyze ? 0 : 130000, ", BUFFERS"},
        {options->wal && analyze, 130000, ", WAL"},
        {options->generic_plan && !analyze, 160000, ", GENERIC_PLAN"},
        {options->memory, 170000, ", MEMORY"},
    };
    buffer_puts(&sql, "EXPLAIN (FORMAT JSON, SUMMARY on");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        buffer_puts(&sql, known[i].wanted && version >= known[i].since ? known[i].words : "");
    }
    buffer_puts(&sql, ") ");
    return buffer_string(&sql);
}

static bool ask(struct readonly *reading, const struct sql_statement *statement, const struct explain_request *request,
                struct explain_result *result)
{
    const struct workbench_call *const call = reading->call;
    const char *const start =
        explain_sql(call->arena, &statement->explain, request->analyze, pg_session_server_version(reading->session));
    const char *const sql =
        arena_printf(call->arena, "%s%.*s", start, (int)statement->query.size, statement->query.data);
    PG_RESULT(plan) = pg_query(reading->session, sql, (int)request->parameter_count, request->parameters, call->status);
    if (plan == NULL) {
        readonly_explain_failure(reading, statement, strlen(start), WORKBENCH_EXPLAIN_MS);
        return false;
    }
    return read_plan(call, pg_field(plan, 0, 0), result);
}

bool explain_run(const struct workbench_call *call, const struct explain_request *request,
                 struct explain_result *result)
{
    const struct statement_rules rules = {.parameters = request->parameter_count};
    struct sql_statement statement;
    struct readonly reading;
    *result = (struct explain_result){0};
    if (!statement_read(call->arena, request->sql, &rules, &statement, call->status) ||
        !policy_check_names(&statement.uses, call->status) || !readonly_begin(call, WORKBENCH_EXPLAIN_MS, &reading)) {
        return false;
    }
    statement.explain.costs = statement.is_explain ? statement.explain.costs : true;
    const bool ok = readonly_admits(&reading, &statement) && ask(&reading, &statement, request, result);
    result->role = reading.role;
    for (size_t i = 0; i < reading.warning_count; i++) {
        result->warnings[result->warning_count++] = reading.warnings[i];
    }
    if (statement.explain.analyze && !request->analyze) {
        result->warnings[result->warning_count++] =
            "The query was not run: ANALYZE is not taken from the text. Say \"analyze\": true.";
    }
    result->target = workbench_target_of(call, reading.session);
    readonly_end(&reading);
    return ok;
}
