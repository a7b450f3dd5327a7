/*
 * Numbers that may be missing are members of a one-member oneof.
 */
#include "worker/messages/sql_messages.h"

#include "pg/values.h"
#include "worker/messages/messages.h"

#include <stdlib.h>

#define NEW(arena, Type, type) MESSAGE_NEW(arena, Truss__Sql__V1__##Type, truss__sql__v1__##type)

#define SET_NUMBER(message, field, CASE, number)                                                                       \
    do {                                                                                                               \
        if ((number).is_known) {                                                                                       \
            (message)->_##field##_case = CASE;                                                                         \
            (message)->field = (number).value;                                                                         \
        }                                                                                                              \
    } while (0)

static Truss__Rpc__V1__Target *target_message(struct arena *arena, const struct workbench_target *target)
{
    const struct target same = {.host = target->host,
                                .port = target->port,
                                .database = target->database,
                                .user = target->user,
                                .server_version = target->server_version,
                                .project = target->project,
                                .environment = target->environment};
    return message_target(arena, &same);
}

static Truss__Rpc__V1__Json *json_message(struct arena *arena, const char *text)
{
    Truss__Rpc__V1__Json *const message = MESSAGE_NEW(arena, Truss__Rpc__V1__Json, truss__rpc__v1__json);
    message->text = message_string(text);
    return message;
}

/* ---- query ---- */

static void put_columns(struct arena *arena, const struct columns *columns, Truss__Sql__V1__QueryResponse *reply)
{
    reply->n_columns = reply->n_columns_detail = columns->count;
    reply->columns = arena_array(arena, columns->count + 1, sizeof *reply->columns);
    reply->columns_detail = arena_array(arena, columns->count + 1, sizeof *reply->columns_detail);
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *const column = &columns->items[i];
        Truss__Sql__V1__Column *const detail = NEW(arena, Column, column);
        detail->name = reply->columns[i] = message_string(column->name);
        detail->type = message_string(column->type);
        detail->oid = column->oid;
        detail->typmod = column->typmod;
        reply->columns_detail[i] = detail;
    }
}

Truss__Sql__V1__QueryResponse *query_message(struct arena *arena, const struct query_result *result, bool as_lists)
{
    Truss__Sql__V1__QueryResponse *const reply = NEW(arena, QueryResponse, query_response);
    Truss__Rpc__V1__Json **const rows = arena_array(arena, result->row_count + 1, sizeof(Truss__Rpc__V1__Json *));
    for (size_t i = 0; i < result->row_count; i++) {
        rows[i] = json_message(arena, result->rows[i]);
    }
    put_columns(arena, &result->columns, reply);
    *(as_lists ? &reply->values : &reply->rows) = rows;
    *(as_lists ? &reply->n_values : &reply->n_rows) = result->row_count;
    reply->row_count = (uint32_t)result->row_count;
    reply->duration_ms = result->duration_ms;
    reply->truncated = result->truncated_by != NULL;
    reply->max_rows = WORKBENCH_ROWS;
    MESSAGE_SET_OPTIONAL(reply, truncated_by, TRUSS__SQL__V1__QUERY_RESPONSE___TRUNCATED_BY_TRUNCATED_BY,
                         result->truncated_by);
    reply->role = message_string(result->role);
    reply->n_warnings = result->warning_count;
    reply->warnings = message_strings(arena, result->warnings, result->warning_count);
    reply->target = target_message(arena, &result->target);
    return reply;
}

/* ---- explain ---- */

static Truss__Sql__V1__PlanNode *node_message(struct arena *arena, const struct plan_node *node)
{
    Truss__Sql__V1__PlanNode *const message = NEW(arena, PlanNode, plan_node);
    message->depth = node->depth;
    message->node_type = message_string(node->node_type);
    MESSAGE_SET_OPTIONAL(message, relation, TRUSS__SQL__V1__PLAN_NODE___RELATION_RELATION, node->relation);
    MESSAGE_SET_OPTIONAL(message, alias, TRUSS__SQL__V1__PLAN_NODE___ALIAS_ALIAS, node->alias);
    MESSAGE_SET_OPTIONAL(message, index, TRUSS__SQL__V1__PLAN_NODE___INDEX_INDEX, node->index);
    MESSAGE_SET_OPTIONAL(message, join_type, TRUSS__SQL__V1__PLAN_NODE___JOIN_TYPE_JOIN_TYPE, node->join_type);
    MESSAGE_SET_OPTIONAL(message, filter, TRUSS__SQL__V1__PLAN_NODE___FILTER_FILTER, node->filter);
    SET_NUMBER(message, startup_cost, TRUSS__SQL__V1__PLAN_NODE___STARTUP_COST_STARTUP_COST, node->startup_cost);
    SET_NUMBER(message, total_cost, TRUSS__SQL__V1__PLAN_NODE___TOTAL_COST_TOTAL_COST, node->total_cost);
    SET_NUMBER(message, plan_rows, TRUSS__SQL__V1__PLAN_NODE___PLAN_ROWS_PLAN_ROWS, node->plan_rows);
    SET_NUMBER(message, plan_width, TRUSS__SQL__V1__PLAN_NODE___PLAN_WIDTH_PLAN_WIDTH, node->plan_width);
    SET_NUMBER(message, actual_rows, TRUSS__SQL__V1__PLAN_NODE___ACTUAL_ROWS_ACTUAL_ROWS, node->actual_rows);
    SET_NUMBER(message, actual_loops, TRUSS__SQL__V1__PLAN_NODE___ACTUAL_LOOPS_ACTUAL_LOOPS, node->actual_loops);
    SET_NUMBER(message, actual_time, TRUSS__SQL__V1__PLAN_NODE___ACTUAL_TIME_ACTUAL_TIME, node->actual_time);
    SET_NUMBER(message, rows_removed, TRUSS__SQL__V1__PLAN_NODE___ROWS_REMOVED_ROWS_REMOVED, node->rows_removed);
    SET_NUMBER(message, buffers_hit, TRUSS__SQL__V1__PLAN_NODE___BUFFERS_HIT_BUFFERS_HIT, node->buffers_hit);
    SET_NUMBER(message, buffers_read, TRUSS__SQL__V1__PLAN_NODE___BUFFERS_READ_BUFFERS_READ, node->buffers_read);
    if (node->workers.is_known) {
        message->_workers_case = TRUSS__SQL__V1__PLAN_NODE___WORKERS_WORKERS;
        message->workers = (uint32_t)node->workers.value;
    }
    message->raw = json_message(arena, node->raw);
    return message;
}

Truss__Sql__V1__ExplainResponse *explain_message(struct arena *arena, const struct explain_result *result)
{
    Truss__Sql__V1__ExplainResponse *const reply = NEW(arena, ExplainResponse, explain_response);
    reply->plan = json_message(arena, result->plan);
    reply->n_nodes = result->node_count;
    reply->nodes = arena_array(arena, result->node_count + 1, sizeof(Truss__Sql__V1__PlanNode *));
    for (size_t i = 0; i < result->node_count; i++) {
        reply->nodes[i] = node_message(arena, &result->nodes[i]);
    }
    SET_NUMBER(reply, execution_time, TRUSS__SQL__V1__EXPLAIN_RESPONSE___EXECUTION_TIME_EXECUTION_TIME,
               result->execution_time);
    SET_NUMBER(reply, planning_time, TRUSS__SQL__V1__EXPLAIN_RESPONSE___PLANNING_TIME_PLANNING_TIME,
               result->planning_time);
    reply->role = message_string(result->role);
    reply->n_warnings = result->warning_count;
    reply->warnings = message_strings(arena, result->warnings, result->warning_count);
    reply->target = target_message(arena, &result->target);
    return reply;
}

/* ---- export ---- */

Truss__Sql__V1__ExportResponse *export_message(struct arena *arena, const struct export_piece *piece)
{
    Truss__Sql__V1__ExportResponse *const reply = NEW(arena, ExportResponse, export_response);
    reply->data = (ProtobufCBinaryData){piece->data.size, (uint8_t *)(uintptr_t)piece->data.data};
    reply->last = piece->is_last;
    reply->export_id = message_string(piece->id);
    reply->content_type = message_string(piece->content_type);
    reply->filename = message_string(piece->filename);
    return reply;
}

/* ---- tables ---- */

static struct plan_number number_at(const PGresult *rows, int row, int column)
{
    const char *const text = pg_field(rows, row, column);
    return (struct plan_number){text == NULL ? 0 : strtod(text, NULL), text != NULL};
}

static char *string_at(struct arena *arena, const PGresult *rows, int row, int column)
{
    return message_string(arena_strdup(arena, pg_field(rows, row, column)));
}

static Truss__Sql__V1__Relation *relation_message(struct arena *arena, const PGresult *rows, int row)
{
    Truss__Sql__V1__Relation *const relation = NEW(arena, Relation, relation);
    relation->schema = string_at(arena, rows, row, TABLES_SCHEMA);
    relation->name = string_at(arena, rows, row, TABLES_NAME);
    relation->kind = string_at(arena, rows, row, TABLES_KIND);
    SET_NUMBER(relation, rows_estimate, TRUSS__SQL__V1__RELATION___ROWS_ESTIMATE_ROWS_ESTIMATE,
               number_at(rows, row, TABLES_ROWS));
    SET_NUMBER(relation, bytes, TRUSS__SQL__V1__RELATION___BYTES_BYTES, number_at(rows, row, TABLES_BYTES));
    return relation;
}

Truss__Sql__V1__ListTablesResponse *tables_message(struct arena *arena, const PGresult *tables,
                                                   const struct workbench_target *target)
{
    Truss__Sql__V1__ListTablesResponse *const reply = NEW(arena, ListTablesResponse, list_tables_response);
    const size_t count = (size_t)PQntuples(tables);
    reply->n_tables = reply->n_relations = count;
    reply->tables = arena_array(arena, count + 1, sizeof *reply->tables);
    reply->relations = arena_array(arena, count + 1, sizeof *reply->relations);
    for (size_t i = 0; i < count; i++) {
        Truss__Sql__V1__Relation *const relation = relation_message(arena, tables, (int)i);
        reply->relations[i] = relation;
        reply->tables[i] = arena_printf(arena, "%s.%s", relation->schema, relation->name);
    }
    reply->target = target_message(arena, target);
    return reply;
}

static void put_table_columns(struct arena *arena, const PGresult *rows, Truss__Sql__V1__DescribeResponse *reply)
{
    reply->n_columns = (size_t)PQntuples(rows);
    reply->columns = arena_array(arena, reply->n_columns + 1, sizeof *reply->columns);
    for (int i = 0; i < PQntuples(rows); i++) {
        Truss__Sql__V1__TableColumn *const column = NEW(arena, TableColumn, table_column);
        column->name = string_at(arena, rows, i, 0);
        column->type = string_at(arena, rows, i, 1);
        column->nullable = pg_field_bool(rows, i, 2);
        MESSAGE_SET_OPTIONAL(column, default_value, TRUSS__SQL__V1__TABLE_COLUMN___DEFAULT_VALUE_DEFAULT_VALUE,
                             arena_strdup(arena, pg_field(rows, i, 3)));
        MESSAGE_SET_OPTIONAL(column, identity, TRUSS__SQL__V1__TABLE_COLUMN___IDENTITY_IDENTITY,
                             arena_strdup(arena, pg_field(rows, i, 4)));
        column->generated = pg_field_bool(rows, i, 5);
        MESSAGE_SET_OPTIONAL(column, comment, TRUSS__SQL__V1__TABLE_COLUMN___COMMENT_COMMENT,
                             arena_strdup(arena, pg_field(rows, i, 6)));
        reply->columns[i] = column;
    }
}

static void put_indexes(struct arena *arena, const PGresult *rows, Truss__Sql__V1__DescribeResponse *reply)
{
    reply->n_indexes = (size_t)PQntuples(rows);
    reply->indexes = arena_array(arena, reply->n_indexes + 1, sizeof *reply->indexes);
    for (int i = 0; i < PQntuples(rows); i++) {
        Truss__Sql__V1__TableIndex *const index = NEW(arena, TableIndex, table_index);
        index->name = string_at(arena, rows, i, 0);
        index->definition = string_at(arena, rows, i, 1);
        index->is_unique = pg_field_bool(rows, i, 2);
        index->is_primary = pg_field_bool(rows, i, 3);
        index->is_valid = pg_field_bool(rows, i, 4);
        index->bytes = number_at(rows, i, 5).value;
        reply->indexes[i] = index;
    }
}

static void put_constraints(struct arena *arena, const PGresult *rows, Truss__Sql__V1__DescribeResponse *reply)
{
    reply->n_constraints = (size_t)PQntuples(rows);
    reply->constraints = arena_array(arena, reply->n_constraints + 1, sizeof *reply->constraints);
    for (int i = 0; i < PQntuples(rows); i++) {
        Truss__Sql__V1__TableConstraint *const constraint = NEW(arena, TableConstraint, table_constraint);
        constraint->name = string_at(arena, rows, i, 0);
        constraint->kind = string_at(arena, rows, i, 1);
        constraint->definition = string_at(arena, rows, i, 2);
        constraint->is_validated = pg_field_bool(rows, i, 3);
        reply->constraints[i] = constraint;
    }
}

Truss__Sql__V1__DescribeResponse *describe_message(struct arena *arena, const struct description *description)
{
    Truss__Sql__V1__DescribeResponse *const reply = NEW(arena, DescribeResponse, describe_response);
    const PGresult *const relation = description->relation;
    reply->relation = relation_message(arena, relation, 0);
    reply->owner = string_at(arena, relation, 0, DESCRIBED_OWNER);
    reply->table_bytes = number_at(relation, 0, DESCRIBED_TABLE_BYTES).value;
    reply->index_bytes = number_at(relation, 0, DESCRIBED_INDEX_BYTES).value;
    reply->toast_bytes = number_at(relation, 0, DESCRIBED_TOAST_BYTES).value;
    MESSAGE_SET_OPTIONAL(reply, definition, TRUSS__SQL__V1__DESCRIBE_RESPONSE___DEFINITION_DEFINITION,
                         arena_strdup(arena, pg_field(relation, 0, DESCRIBED_DEFINITION)));
    put_table_columns(arena, description->columns, reply);
    put_indexes(arena, description->indexes, reply);
    put_constraints(arena, description->constraints, reply);
    reply->target = target_message(arena, &description->target);
    return reply;
}
