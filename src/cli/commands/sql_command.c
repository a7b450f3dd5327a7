/*
 * truss sql: one read-only query, its plan, all of its rows as a file, or what can be queried. truss connection: how to
 * connect to the database.
 */
#include "cli/commands/input.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "rpc/json.h"
#include "truss/connection/v1/connection.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL            &truss__sql__v1__sql_service__descriptor
#define CONNECTION     &truss__connection__v1__connection_service__descriptor
#define EXPORT_SECONDS 300
#define MOST_SHOWN     ((size_t)200) /* bytes of a value in a table */

/* ---- requests ---- */

/* The query from the command line, or from standard input; NULL with a status if that cannot be one. */
static char *query_of(struct cli *cli)
{
    struct text text;
    if (cli->word_count > 0 && strcmp(cli->words[0], "-") != 0) {
        return cli->words[0];
    }
    return input_read(cli->arena, &text, cli->status) ? arena_strdup(cli->arena, text.data) : NULL;
}

static char *database_of(const struct cli *cli)
{
    return arena_strdup(cli->arena, cli->given.database == NULL ? "" : cli->given.database);
}

static void print_warnings(struct arena *arena, char *const *warnings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        output_tell(arena, "note", warnings[i], false);
    }
}

/* ---- rows ---- */

/* The value of a row that begins at this offset, unchanged: a number may have more digits than a double or an int64 can
 * hold. *at moves to the next one. */
static struct text cut_value(struct text row, size_t *at)
{
    const size_t start = *at;
    size_t depth = 0;
    bool is_quoted = false;
    for (; *at < row.size; ++*at) {
        const char c = row.data[*at];
        if (is_quoted) {
            *at += c == '\\' ? 1 : 0;
            is_quoted = c != '"';
        } else if (depth == 0 && (c == ',' || c == ']')) {
            break;
        } else {
            is_quoted = c == '"';
            depth += c == '[' || c == '{' ? 1 : 0;
            depth -= c == ']' || c == '}' ? 1 : 0;
        }
    }
    const struct text value = text_slice(row, start, *at < row.size ? *at : row.size);
    ++*at;
    return value;
}

/* A value for a table: a string unquoted, NULL as empty, everything else as JSON. */
static const char *cell_of(struct arena *arena, struct text value)
{
    json_t *const string = text_starts_with(value, "\"")
                               ? json_loadb(value.data, value.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
                               : NULL;
    const char *const cell =
        string == NULL ? arena_strndup(arena, value.data, value.size) : arena_strdup(arena, json_string_value(string));
    json_decref(string);
    return text_is(value, "null") ? "" : text_clean(arena, cell, MOST_SHOWN);
}

/* A row is a JSON array. */
static void add_row(struct table *table, const char *json)
{
    const struct text row = text_of(json);
    size_t at = text_starts_with(row, "[") ? 1 : row.size;
    for (size_t i = 0; i < table->columns; i++) {
        table_add(table, COLOUR_NONE, cell_of(table->arena, cut_value(row, &at)));
    }
}

static void print_rows(struct arena *arena, const Truss__Sql__V1__QueryResponse *reply)
{
    struct table table = table_new(arena, reply->n_columns);
    for (size_t i = 0; i < reply->n_columns; i++) {
        table_add(&table, COLOUR_BOLD, reply->columns[i]);
    }
    for (size_t i = 0; reply->n_columns > 0 && i < reply->n_values; i++) {
        add_row(&table, reply->values[i]->text);
    }
    if (reply->n_columns > 0) {
        table_print(&table);
    }
    printf("%s%u %s in %s%s\n", reply->n_columns > 0 ? "\n" : "", reply->row_count,
           reply->row_count == 1 ? "row" : "rows", output_duration(arena, (uint32_t)reply->duration_ms),
           reply->truncated ? "; there is more: `truss sql --export csv` writes all of it" : "");
}

static int query(struct cli *cli)
{
    Truss__Sql__V1__QueryRequest request = TRUSS__SQL__V1__QUERY_REQUEST__INIT;
    request.sql = query_of(cli);
    request.database = database_of(cli);
    request.row_mode = arena_strdup(cli->arena, cli->given.json ? "object" : "array");
    const Truss__Sql__V1__QueryResponse *const reply =
        request.sql == NULL ? NULL : call(cli, SQL, "Query", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json_camel(cli, &reply->base)) {
        print_rows(cli->arena, reply);
        print_warnings(cli->arena, reply->warnings, reply->n_warnings);
    }
    return EXIT_FINE;
}

/* ---- the plan ---- */

static void print_node(struct arena *arena, const Truss__Sql__V1__PlanNode *node)
{
    printf("%*s%s", (int)(node->depth < 40 ? node->depth * 2 : 80), "", output_safe(arena, node->node_type, false));
    if (node->_relation_case != 0) {
        printf(" on %s", output_safe(arena, node->relation, false));
    }
    if (node->_index_case != 0) {
        printf(" by %s", output_safe(arena, node->index, false));
    }
    printf("  (cost %g, %g rows", node->total_cost, node->plan_rows);
    if (node->_actual_rows_case != 0) {
        printf("; in fact %g rows in %g ms, %g times", node->actual_rows, node->actual_time, node->actual_loops);
    }
    printf(")\n");
    if (node->_filter_case != 0) {
        printf("%*sfilter: %s\n", (int)(node->depth < 40 ? node->depth * 2 + 2 : 82), "",
               output_safe(arena, node->filter, false));
    }
}

static int explain(struct cli *cli)
{
    Truss__Sql__V1__ExplainRequest request = TRUSS__SQL__V1__EXPLAIN_REQUEST__INIT;
    request.sql = query_of(cli);
    request.database = database_of(cli);
    request.analyze = cli->given.analyze;
    const Truss__Sql__V1__ExplainResponse *const reply =
        request.sql == NULL ? NULL : call(cli, SQL, "Explain", &request.base, READ_SECONDS * 2);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (!print_json_camel(cli, &reply->base)) {
        for (size_t i = 0; i < reply->n_nodes; i++) {
            print_node(cli->arena, reply->nodes[i]);
        }
        print_warnings(cli->arena, reply->warnings, reply->n_warnings);
    }
    return EXIT_FINE;
}

/* ---- all rows ---- */

/* Writes pieces until the last one; each has an arena of its own. */
static bool write_pieces(struct caller *caller, const Truss__Sql__V1__ExportRequest *request)
{
    char id[64];
    Truss__Sql__V1__ReadExportRequest next = TRUSS__SQL__V1__READ_EXPORT_REQUEST__INIT;
    const Truss__Sql__V1__ExportResponse *piece = call_service(caller, SQL, "Export", &request->base);
    while (piece != NULL) {
        const bool is_written = fwrite(piece->data.data, 1, piece->data.len, stdout) == piece->data.len;
        if (piece->last || !is_written) {
            return is_written || status_fail(caller->status, STATUS_ABORTED, "The output could not be written.");
        }
        snprintf(id, sizeof id, "%s", piece->export_id);
        next.export_id = id;
        arena_free(caller->arena);
        caller->arena = arena_new(0);
        piece = call_service(caller, SQL, "ReadExport", &next.base);
    }
    return false;
}

static int export_all(struct cli *cli)
{
    Truss__Sql__V1__ExportRequest request = TRUSS__SQL__V1__EXPORT_REQUEST__INIT;
    request.sql = query_of(cli);
    request.database = database_of(cli);
    request.format = arena_strdup(cli->arena, cli->given.export_as);
    struct caller caller = {
        .channel = worker_channel(cli),
        .options = {.timeout_ms = call_timeout(cli, EXPORT_SECONDS)},
        .arena = arena_new(0),
        .status = cli->status,
    };
    const bool ok = request.sql != NULL && caller.channel != NULL && write_pieces(&caller, &request);
    arena_free(caller.arena);
    return ok ? EXIT_FINE : EXIT_ERROR;
}

/* ---- what can be queried ---- */

static int tables(struct cli *cli)
{
    Truss__Sql__V1__ListTablesRequest request = TRUSS__SQL__V1__LIST_TABLES_REQUEST__INIT;
    request.database = database_of(cli);
    const Truss__Sql__V1__ListTablesResponse *const reply = call(cli, SQL, "ListTables", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    for (size_t i = 0; !cli->given.json && i < reply->n_tables; i++) {
        printf("%s\n", output_safe(cli->arena, reply->tables[i], false));
    }
    print_json_camel(cli, &reply->base);
    return EXIT_FINE;
}

int command_sql(struct cli *cli)
{
    return cli->given.tables                          ? tables(cli)
           : cli->given.export_as != NULL             ? export_all(cli)
           : cli->given.explain || cli->given.analyze ? explain(cli)
                                                      : query(cli);
}

/* Which pooler or proxy is between Truss and the server, and what to do about it. */
static void print_pooler(struct arena *arena, const Truss__Connection__V1__Pooler *pooler)
{
    if (pooler == NULL || !pooler->found) {
        return;
    }
    printf("\nA pooler answers: %s%s%s%s%s (%s).\n",
           pooler->name[0] == '\0' ? "unknown" : output_safe(arena, pooler->name, false),
           pooler->version[0] == '\0' ? "" : " ", output_safe(arena, pooler->version, false),
           pooler->mode[0] == '\0' ? "" : ", mode ", output_safe(arena, pooler->mode, false),
           output_safe(arena, pooler->evidence, false));
    printf("%s\n%s\n", output_safe(arena, pooler->meaning, false), output_safe(arena, pooler->advice, false));
}

int command_connection(struct cli *cli)
{
    const Truss__Connection__V1__GetConnectionRequest request = TRUSS__CONNECTION__V1__GET_CONNECTION_REQUEST__INIT;
    const Truss__Connection__V1__Connection *const reply =
        call(cli, CONNECTION, cli->given.reveal ? "RevealConnection" : "GetConnection", &request.base, READ_SECONDS);
    if (reply == NULL) {
        return EXIT_ERROR;
    }
    if (print_json_camel(cli, &reply->base)) {
        return EXIT_FINE;
    }
    struct table table = table_new(cli->arena, 2);
    for (size_t i = 0; i < reply->n_forms; i++) {
        table_add(&table, COLOUR_DIM, reply->forms[i]->title);
        table_add(&table, COLOUR_NONE, reply->forms[i]->text);
    }
    table_print(&table);
    print_pooler(cli->arena, reply->pooler);
    return EXIT_FINE;
}
