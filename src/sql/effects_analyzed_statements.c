/*
 * One query for all that a statement stores: what is computed without a table is in its WHERE, what is computed for
 * the rows of a table in an EXISTS over that table, or, if the statement makes the table, over a query with the same
 * columns. A view or a table that is made of a query is that query.
 */
#include "sql/analyzing.h"
#include "sql/effects_reader.h"

#include <string.h>

#define MOST_BYTES 8192 /* of a statement */

/* ---- statements ---- */

/* Of a table with columns from elsewhere only what needs no other column is known. */
static void of_table(struct analyzing *analyzing, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "tableElts");
    const json_t *const parameters = json_object_get(json_object_get(body, "partspec"), "partParams");
    const json_t *const parents = json_object_get(body, "inhRelations");
    bool is_whole = parents == NULL && json_object_get(body, "ofTypename") == NULL;
    for (size_t i = 0; i < json_array_size(elements); i++) {
        is_whole = is_whole && tree_body(json_array_get(elements, i), "TableLikeClause") == NULL;
    }
    analyzing->made = elements;
    analyzing->is_whole = is_whole;
    if (json_object_get(body, "partbound") != NULL) {
        analyzing_begin_at(analyzing, tree_body(json_array_get(parents, 0), "RangeVar"));
    } else if (is_whole) {
        analyzing->table = tree_string(json_object_get(body, "relation"), "relname");
    }
    for (size_t i = 0; i < json_array_size(elements); i++) {
        analyzing_element(analyzing, json_array_get(elements, i));
    }
    for (size_t i = 0; is_whole && i < json_array_size(parameters); i++) {
        json_t *const key = json_object_get(tree_body(json_array_get(parameters, i), "PartitionElem"), "expr");
        analyzing_row(analyzing, key == NULL ? NULL : effects_source(analyzing->reader, NULL, 0, key), key, true);
    }
}

/* New columns stand beside those of the table; what is qualified, or gone, is not known. */
static void begin_altered(struct analyzing *analyzing, const json_t *body)
{
    static const char changing[] = "AT_DropColumn AT_AlterColumnType";
    const json_t *const commands = json_object_get(body, "cmds");
    bool is_known = true;
    bool adds = false;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        adds = adds || tree_is(command, "subtype", "AT_AddColumn");
        is_known = is_known && !tree_flag(command, "missing_ok") &&
                   !(json_array_size(commands) > 1 && word_is_among(changing, tree_string(command, "subtype")));
    }
    analyzing->made = commands;
    analyzing_begin_at(analyzing, json_object_get(body, "relation"));
    const char *const columns = adds ? analyzing_made_columns(analyzing) : "";
    if (!is_known || columns == NULL) {
        analyzing->from = NULL;
    } else if (columns[0] != '\0') {
        analyzing->from = arena_printf(analyzing->reader->arena, "%s, %s AS truss", analyzing->from, columns);
    }
}

/* USING of a change of the column's type. */
static void take_using(struct analyzing *analyzing, const json_t *column)
{
    json_t *const value = json_object_get(column, "raw_default");
    const char *const type = analyzing_type(analyzing->reader, json_object_get(column, "typeName"));
    analyzing_forbid(analyzing, value, "USING may contain no subquery (0A000).");
    const char *const text =
        value == NULL || type == NULL ? NULL : effects_source(analyzing->reader, "using", 0, value);
    if (text != NULL && analyzing->from != NULL) {
        analyzing_put(&analyzing->within, "CAST((", text,
                      arena_printf(analyzing->reader->arena, "\n) AS %s) IS NULL", type));
    }
}

/* The type that the statement itself gives the column, which comes before its default; NULL: it keeps its own. */
static const json_t *type_given(const json_t *commands, const char *name)
{
    const json_t *type = NULL;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const column = tree_body(json_object_get(command, "def"), "ColumnDef");
        const bool is_new = tree_is(command, "subtype", "AT_AddColumn");
        if ((is_new || tree_is(command, "subtype", "AT_AlterColumnType")) &&
            strcmp(tree_string(is_new ? column : command, is_new ? "colname" : "name"), name) == 0) {
            type = json_object_get(column, "typeName");
        }
    }
    return type;
}

static void of_alter(struct analyzing *analyzing, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    begin_altered(analyzing, body);
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        json_t *const def = json_object_get(command, "def");
        const json_t *const column = tree_body(def, "ColumnDef");
        if (tree_is(command, "subtype", "AT_ColumnDefault")) {
            const char *const name = tree_string(command, "name");
            analyzing_default(analyzing, type_given(commands, name), name, def, 0);
        } else if (tree_is(command, "subtype", "AT_AlterColumnType")) {
            analyzing_size(analyzing, json_object_get(column, "typeName"));
            analyzing_collation(analyzing, json_object_get(column, "typeName"), json_object_get(column, "collClause"));
            take_using(analyzing, column);
        } else if (!tree_flag(command, "missing_ok")) {
            analyzing_element(analyzing, def);
        }
    }
}

static void of_index(struct analyzing *analyzing, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "indexParams");
    json_t *const where = json_object_get(body, "whereClause");
    analyzing_begin_at(analyzing, json_object_get(body, "relation"));
    analyzing_forbid(analyzing, where, "An index may contain no subquery (0A000).");
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const element = tree_body(json_array_get(elements, i), "IndexElem");
        json_t *const value = json_object_get(element, "expr");
        analyzing_forbid(analyzing, value, "An index may contain no subquery (0A000).");
        analyzing_row(analyzing, value == NULL ? NULL : effects_source_of_element(analyzing->reader, i), value, true);
        if (value == NULL && json_object_get(element, "collation") != NULL) {
            struct buffer column = {.arena = analyzing->reader->arena};
            effects_put_quoted(&column, tree_string(element, "name"));
            buffer_puts(&column, " COLLATE ");
            analyzing_put_names(&column, json_object_get(element, "collation"));
            analyzing_put(&analyzing->within, "(", buffer_string(&column), ") IS NULL");
        }
    }
    analyzing_row(analyzing, where == NULL ? NULL : effects_source_behind(analyzing->reader, "where"), where, false);
}

static void of_policy(struct analyzing *analyzing, const json_t *body)
{
    json_t *const shown = json_object_get(body, "qual");
    json_t *const written = json_object_get(body, "with_check");
    analyzing_begin_at(analyzing, json_object_get(body, "table"));
    analyzing_row(analyzing, shown == NULL ? NULL : effects_source_within(analyzing->reader, "using", 0), shown, false);
    analyzing_row(analyzing, written == NULL ? NULL : effects_source_within(analyzing->reader, "check", 0), written,
                  false);
}

static void of_trigger(struct analyzing *analyzing, const json_t *body)
{
    json_t *const when = json_object_get(body, "whenClause");
    analyzing_begin_at(analyzing, json_object_get(body, "relation"));
    analyzing_forbid(analyzing, when, "WHEN may contain no subquery (0A000).");
    analyzing->from = arena_printf(analyzing->reader->arena, "%s AS old, %s AS new", analyzing->from, analyzing->from);
    analyzing_row(analyzing, when == NULL ? NULL : effects_source_within(analyzing->reader, "when", 0), when, false);
}

/* In CHECK, VALUE is a name. */
static void begin_domain(struct analyzing *analyzing, const char *type)
{
    analyzing->from = type == NULL
                          ? NULL
                          : arena_printf(analyzing->reader->arena, "(SELECT CAST(NULL AS %s) AS value) AS truss", type);
}

static void of_domain(struct analyzing *analyzing, const json_t *body)
{
    const json_t *const type = json_object_get(body, "typeName");
    const json_t *const constraints = json_object_get(body, "constraints");
    begin_domain(analyzing, analyzing_type(analyzing->reader, type));
    analyzing_size(analyzing, type);
    analyzing_collation(analyzing, type, json_object_get(body, "collClause"));
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const json_t *const constraint = tree_body(json_array_get(constraints, i), "Constraint");
        if (tree_is(constraint, "contype", "CONSTR_DEFAULT")) {
            analyzing_default(analyzing, type, "", json_object_get(constraint, "raw_expr"),
                              (size_t)tree_integer(constraint, "location"));
        } else if (tree_is(constraint, "contype", "CONSTR_CHECK")) {
            analyzing_check(analyzing, constraint, "check");
        }
    }
}

static void of_altered_domain(struct analyzing *analyzing, const json_t *body)
{
    struct buffer type = {.arena = analyzing->reader->arena};
    json_t *const def = json_object_get(body, "def");
    analyzing_put_names(&type, json_object_get(body, "typeName"));
    begin_domain(analyzing, buffer_string(&type));
    if (tree_is(tree_body(def, "Constraint"), "contype", "CONSTR_CHECK")) {
        analyzing_check(analyzing, tree_body(def, "Constraint"), "check");
    } else if (tree_is(body, "subtype", "T") && analyzing_is_untyped(def)) {
        const char *const text = effects_source(analyzing->reader, "default", 0, def);
        analyzing_put(&analyzing->alone, "CAST(", text == NULL ? "NULL" : text,
                      arena_printf(analyzing->reader->arena, "\n AS %s) IS NULL", buffer_string(&type)));
    }
}

static void of_statistics(struct analyzing *analyzing, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "exprs");
    analyzing_begin_at(analyzing, tree_body(json_array_get(json_object_get(body, "relations"), 0), "RangeVar"));
    for (size_t i = 0; i < json_array_size(elements); i++) {
        json_t *const value = json_object_get(tree_body(json_array_get(elements, i), "StatsElem"), "expr");
        analyzing_row(analyzing, value == NULL ? NULL : effects_source(analyzing->reader, NULL, 0, value), value, true);
    }
}

static const struct {
    const char *kind;
    void (*take)(struct analyzing *analyzing, const json_t *body);
} statements[] = {
    {"CreateStmt", of_table},        {"AlterTableStmt", of_alter},           {"IndexStmt", of_index},
    {"CreatePolicyStmt", of_policy}, {"AlterPolicyStmt", of_policy},         {"CreateTrigStmt", of_trigger},
    {"CreateDomainStmt", of_domain}, {"AlterDomainStmt", of_altered_domain}, {"CreateStatsStmt", of_statistics},
};

/* ---- queries ---- */

static const struct {
    const char *kind;
    const char *word;  /* in front of the query */
    const char *names; /* the member with the names of its columns */
} queries[] = {
    {"ViewStmt", "as", "aliases"},
    {"CreateTableAsStmt", "as", "colNames"},
    {"DeclareCursorStmt", "for", ""},
    {"PrepareStmt", "as", ""},
};

/* The statement's own query, if it is of a kind that is analyzed when it runs; NULL: none. */
static struct sql_analyzed *query_of(struct effects_reader *reader, const char *kind, const json_t *body)
{
    size_t i = 0;
    while (i < sizeof queries / sizeof queries[0] && strcmp(queries[i].kind, kind) != 0) {
        i++;
    }
    if (i == sizeof queries / sizeof queries[0]) {
        return NULL;
    }
    const json_t *const into = json_object_get(body, "into");
    const json_t *const names = json_object_get(into == NULL ? body : into, queries[i].names);
    const json_t *const query = json_object_get(body, "query");
    const char *const text =
        tree_body(query, "ExecuteStmt") != NULL ? NULL : effects_source_of_query(reader, queries[i].word, query);
    if (text == NULL) {
        return NULL;
    }
    struct sql_analyzed *const analyzed = arena_alloc(reader->arena, sizeof *analyzed);
    *analyzed = (struct sql_analyzed){
        .sql = text, .becomes = "", .columns = "", .named = json_array_size(names), .reads = true};
    return analyzed;
}

static struct sql_analyzed *asked(const struct analyzing *analyzing, const json_t *range)
{
    struct arena *const arena = analyzing->reader->arena;
    struct buffer sql = {.arena = arena};
    buffer_printf(&sql, SQL_ANALYZED_SELECT "%s", buffer_string(&analyzing->values));
    buffer_puts(&sql, analyzing->alone.size > 0 ? " WHERE " : "");
    buffer_puts(&sql, buffer_string(&analyzing->alone));
    if (analyzing->within.size > 0) {
        buffer_printf(&sql, "%s EXISTS (SELECT FROM %s WHERE %s)", analyzing->alone.size > 0 ? " AND" : " WHERE",
                      analyzing->from, buffer_string(&analyzing->within));
    }
    struct sql_analyzed *const analyzed = arena_alloc(arena, sizeof *analyzed);
    *analyzed = (struct sql_analyzed){.sql = buffer_string(&sql),
                                      .becomes = buffer_string(&analyzing->becomes),
                                      .columns = buffer_string(&analyzing->columns),
                                      .schema = effects_kept(arena, tree_string(range, "schemaname")),
                                      .name = effects_kept(arena, tree_string(range, "relname")),
                                      .reads = analyzing->within.size > 0 && analyzing->from[0] != '('};
    return analyzed;
}

void effects_analyzed(struct effects_reader *reader, const char *kind, const json_t *body)
{
    struct arena *const arena = reader->arena;
    struct analyzing analyzing = {.reader = reader,
                                  .values = {.arena = arena},
                                  .becomes = {.arena = arena},
                                  .columns = {.arena = arena},
                                  .alone = {.arena = arena},
                                  .within = {.arena = arena}};
    size_t i = 0;
    while (i < sizeof statements / sizeof statements[0] && strcmp(statements[i].kind, kind) != 0) {
        i++;
    }
    if (reader->statement.size > MOST_BYTES) {
        return;
    }
    reader->effects->analyzed = query_of(reader, kind, body);
    if (i < sizeof statements / sizeof statements[0]) {
        statements[i].take(&analyzing, body);
    }
    if (analyzing.alone.size + analyzing.within.size > 0) {
        reader->effects->analyzed = asked(&analyzing, json_object_get(body, "relation"));
    }
}
