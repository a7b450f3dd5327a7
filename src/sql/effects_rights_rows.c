/*
 * Rights that a statement needs because it runs now: to call functions, to count with sequences, to set what functions
 * set, and on the columns of the one table that it names. Where it names several, or none surely, the columns of each
 * are not told apart, and relations are judged as a whole (migration/plan/check/rights.h).
 */
#include "sql/effects_reader.h"
#include "sql/lexer.h"

#include <string.h>

static const char counted[] = "nextval currval setval lastval";

struct columns {
    struct buffer read; /* names of columns */
    size_t count;
    const json_t *range; /* the last relation */
    size_t ranges;
    bool has_results; /* of queries or functions in FROM, whose columns may have any name */
    bool is_locking;
};

/* ---- functions ---- */

/* A text, or one that is cast: 's'::regclass. */
static const char *text_in(const json_t *node)
{
    const json_t *const cast = tree_body(node, "TypeCast");
    return effects_constant(cast == NULL ? node : json_object_get(cast, "arg"));
}

static void need_sequence(struct effects_reader *reader, const char *needed, const char *written)
{
    struct sql_reader words = sql_read(text_of(written));
    const char *schema;
    const char *const name = sql_take_name(reader->arena, &words, &schema);
    effects_right(reader, needed, (struct sql_need){.kind = SQL_NEED_RELATION, .schema = schema, .name = name});
}

/* The sequence of a column, as pg_get_serial_sequence finds it. */
static void need_serial(struct effects_reader *reader, const char *needed, const json_t *call)
{
    const json_t *const arguments = json_object_get(call, "args");
    struct sql_reader words = sql_read(text_of(text_in(json_array_get(arguments, 0))));
    const char *schema;
    const char *const name = sql_take_name(reader->arena, &words, &schema);
    effects_right(
        reader, needed,
        (struct sql_need){
            .kind = SQL_NEED_RELATION, .schema = schema, .name = name, .part = text_in(json_array_get(arguments, 1))});
}

static void count_with(struct effects_reader *reader, const char *function, const json_t *call)
{
    const json_t *const first = json_array_get(json_object_get(call, "args"), 0);
    const json_t *const inner = tree_body(first, "FuncCall");
    const char *const needed = strcmp(function, "setval") == 0 ? RIGHT_SET_NEXT : RIGHT_NEXT;
    const char *const called = tree_name(json_object_get(inner, "funcname"), 0);
    if (word_is_among("currval lastval", function)) {
        return; /* SELECT is enough, and without a number before them they fail */
    }
    if (called != NULL && strcmp(called, "pg_get_serial_sequence") == 0) {
        need_serial(reader, needed, inner);
    } else {
        need_sequence(reader, needed, text_in(first));
    }
}

/* set_config. Behind one of the role the rights are those of that. */
static void configure(struct effects_reader *reader, const json_t *call)
{
    const json_t *const arguments = json_object_get(call, "args");
    const char *const setting = text_in(json_array_get(arguments, 0));
    const char *const value = text_in(json_array_get(arguments, 1));
    const json_t *const local = tree_body(json_array_get(arguments, 2), "A_Const");
    if (setting != NULL && strcmp(setting, "role") == 0 && value != NULL) {
        effects_right_to(reader, RIGHT_SET_ROLE, (struct sql_need){.kind = SQL_NEED_ROLE, .name = value},
                         tree_flag(json_object_get(local, "boolval"), "boolval") ? RIGHT_LOCAL : NULL);
    } else {
        effects_right(reader, RIGHT_SET, (struct sql_need){.kind = SQL_NEED_SETTING, .name = setting});
    }
}

static void call(struct effects_reader *reader, const json_t *call)
{
    const json_t *const names = json_object_get(call, "funcname");
    const json_t *const first = json_array_get(json_object_get(call, "args"), 0);
    const char *const name = tree_name(names, 0);
    const json_t *const number = json_object_get(tree_body(first, "A_Const"), "ival");
    if (name != NULL && word_is_among(counted, name)) {
        count_with(reader, name, call);
    } else if (name != NULL && strcmp(name, "set_config") == 0) {
        configure(reader, call);
    } else if (name != NULL && strcmp(name, "lo_unlink") == 0 && number != NULL) {
        effects_right(
            reader, RIGHT_OWNER,
            (struct sql_need){.kind = SQL_NEED_LARGE_OBJECT,
                              .name = arena_printf(reader->arena, "%lld", (long long)tree_integer(number, "ival"))});
    } else {
        effects_right(reader, RIGHT_EXECUTE,
                      (struct sql_need){.kind = SQL_NEED_FUNCTION,
                                        .schema = tree_name(names, 1),
                                        .name = name,
                                        .part = arena_printf(reader->arena, "%zu", tree_count(call, "args"))});
    }
}

static bool take_call(void *data, const char *key, json_t *object)
{
    if (strcmp(key, "FuncCall") == 0 || strcmp(key, "funccall") == 0) {
        call(data, object);
    }
    return true;
}

/* Behind the function of a default no row need be computed, but whether it may be called is looked at. */
static bool take_default(void *data, const char *key, json_t *object)
{
    static const char rowwise[] = "nextval currval setval lastval set_config lo_unlink";
    const char *const name = tree_name(json_object_get(object, "funcname"), 0);
    if (strcmp(key, "FuncCall") == 0 && name != NULL && !word_is_among(rowwise, name)) {
        call(data, object);
    }
    return true;
}

static void add_columns(struct effects_reader *reader, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const column = tree_body(json_object_get(command, "def"), "ColumnDef");
        if (tree_is(command, "subtype", "AT_AddColumn") && !tree_flag(command, "missing_ok")) {
            tree_walk(json_object_get(effects_constraint_of(column, "CONSTR_DEFAULT"), "raw_expr"), take_default,
                      reader);
        }
    }
}

/* ---- columns ---- */

static bool take_column(void *data, const char *key, json_t *object)
{
    struct columns *const columns = data;
    const json_t *const fields = json_object_get(object, "fields");
    if (json_object_get(object, "relpersistence") != NULL) {
        columns->range = object;
        columns->ranges++;
    } else if (word_is_among("RangeSubselect RangeFunction RangeTableFunc JsonTable", key)) {
        columns->has_results = true;
    } else if (strcmp(key, "LockingClause") == 0) {
        columns->is_locking = true;
    } else if (strcmp(key, "ColumnRef") == 0) {
        const json_t *const last = json_array_get(fields, json_array_size(fields) - 1);
        const char *const name = json_object_get(last, "A_Star") != NULL ? "*" : tree_name(fields, 0);
        const char *const of = tree_name(fields, 1);
        if (name != NULL && (of == NULL || strcmp(of, "excluded") != 0)) {
            effects_put_name(&columns->read, columns->count++, name);
        }
    }
    return true;
}

static void need_columns(struct effects_reader *reader, const char *needed, const json_t *range, const char *columns,
                         size_t first)
{
    struct sql_need on = effects_rights_relation(range);
    on.part = columns;
    on.types = first == 0 ? NULL : arena_printf(reader->arena, "%zu", first);
    effects_right(reader, needed, on);
}

static void insert(struct effects_reader *reader, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const query = tree_body(json_object_get(body, "selectStmt"), "SelectStmt");
    const char *const given = effects_target_names(reader->arena, json_object_get(body, "cols"));
    const bool has_given = json_array_size(json_object_get(body, "cols")) > 0;
    const size_t first = has_given || query == NULL ? 0 : effects_count_values(query);
    if (has_given || first > 0) {
        need_columns(reader, RIGHT_INSERT, range, has_given ? given : NULL, first);
    }
    if (has_given || first > 0 || query == NULL) {
        need_columns(reader, RIGHT_DEFAULTS, range, has_given ? given : "", first);
    }
}

static void copy(struct effects_reader *reader, const json_t *body)
{
    const bool is_from = tree_flag(body, "is_from");
    const json_t *const columns = json_object_get(body, "attlist");
    const json_t *const range = json_object_get(body, "relation");
    const char *const file = tree_string(body, "filename");
    if (file[0] != '\0') {
        effects_right_attribute(reader, tree_flag(body, "is_program") ? RIGHT_PROGRAM
                                        : is_from                     ? RIGHT_READ_FILES
                                                                      : RIGHT_WRITE_FILES);
    }
    if (range != NULL) {
        need_columns(reader, is_from ? RIGHT_INSERT : RIGHT_SELECT, range,
                     json_array_size(columns) == 0 ? "*" : effects_names_of(reader->arena, columns), 0);
    }
    if (range != NULL && is_from && json_array_size(columns) > 0) {
        need_columns(reader, RIGHT_DEFAULTS, range, effects_names_of(reader->arena, columns), 0);
    }
}

/* In ORDER BY and GROUP BY a name may be that of a result. */
static void walk_columns(const json_t *body, struct columns *columns)
{
    static const char *const parts[] = {
        "targetList",    "fromClause", "whereClause", "valuesLists", "usingClause", "returningList",
        "lockingClause", "relation",   "larg",        "rarg",        NULL};
    for (size_t i = 0; parts[i] != NULL; i++) {
        json_t *const part = json_object_get(body, parts[i]);
        if (strcmp(parts[i], "relation") == 0 && part != NULL) {
            take_column(columns, parts[i], part);
        } else {
            tree_walk(part, take_column, columns);
        }
    }
}

/* The columns that it reads, if they can only be those of one table. Names that are none of its columns do not count:
 * the server looks for those that it has. */
static void read_one(struct effects_reader *reader, const char *kind, json_t *body)
{
    struct columns columns = {.read = {.arena = reader->arena}};
    const bool is_select = strcmp(kind, "SelectStmt") == 0;
    if (strcmp(kind, "InsertStmt") == 0) {
        tree_walk(json_object_get(body, "returningList"), take_column, &columns);
        columns.range = json_object_get(body, "relation");
    } else {
        walk_columns(body, &columns);
    }
    if (columns.ranges > 1 || columns.has_results || columns.range == NULL ||
        json_object_get(body, "withClause") != NULL) {
        return;
    }
    if (columns.count > 0) {
        need_columns(reader, RIGHT_SELECT, columns.range, buffer_string(&columns.read), 0);
    }
    if (is_select && columns.is_locking) {
        need_columns(reader, RIGHT_UPDATE, columns.range, NULL, 0);
    }
}

static bool runs(const char *kind, const json_t *body)
{
    static const char running[] = "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt CallStmt CopyStmt ExplainStmt";
    return word_is_among(running, kind) ||
           (strcmp(kind, "CreateTableAsStmt") == 0 && !tree_flag(json_object_get(body, "into"), "skipData"));
}

void effects_rights_rows(struct effects_reader *reader, const char *kind, json_t *body)
{
    if (strcmp(kind, "AlterTableStmt") == 0) {
        add_columns(reader, body);
    }
    if (!runs(kind, body)) {
        return;
    }
    tree_walk(body, take_call, reader);
    if (strcmp(kind, "InsertStmt") == 0) {
        insert(reader, body);
    } else if (strcmp(kind, "CopyStmt") == 0) {
        copy(reader, body);
    } else if (strcmp(kind, "UpdateStmt") == 0) {
        need_columns(reader, RIGHT_UPDATE, json_object_get(body, "relation"),
                     effects_target_names(reader->arena, json_object_get(body, "targetList")), 0);
    }
    if (word_is_among("SelectStmt InsertStmt UpdateStmt DeleteStmt", kind)) {
        read_one(reader, kind, body);
    }
}
