/*
 * Which part of that query a column, a constraint or an expression becomes.
 */
#include "sql/analyzing.h"
#include "sql/effects_reader.h"
#include "sql/types.h"

#include <string.h>

/* ---- names and types ---- */

void analyzing_put_names(struct buffer *text, const json_t *names)
{
    for (size_t i = json_array_size(names); i-- > 0;) {
        effects_put_quoted(text, tree_name(names, i));
        buffer_puts(text, i == 0 ? "" : ".");
    }
}

/* The type, by the body of its TypeName, without its modifiers; NULL: it cannot be written. */
const char *analyzing_type(const struct effects_reader *reader, const json_t *type)
{
    struct buffer text = {.arena = reader->arena};
    const json_t *const names = json_object_get(type, "names");
    if (tree_name(names, 0) == NULL || tree_flag(type, "pct_type") || tree_flag(type, "setof")) {
        return NULL;
    }
    const char *const serial = effects_serial_type(type);
    if (serial != NULL) {
        return arena_printf(reader->arena, "pg_catalog.%s", serial);
    }
    analyzing_put_names(&text, names);
    buffer_puts(&text, tree_count(type, "arrayBounds") > 0 ? "[]" : "");
    return buffer_string(&text);
}

static void put_range(struct buffer *text, const json_t *range)
{
    if (tree_string(range, "schemaname")[0] != '\0') {
        effects_put_quoted(text, tree_string(range, "schemaname"));
        buffer_putc(text, '.');
    }
    effects_put_quoted(text, tree_string(range, "relname"));
}

/* ---- the table ---- */

void analyzing_begin_at(struct analyzing *analyzing, const json_t *range)
{
    struct buffer from = {.arena = analyzing->reader->arena};
    put_range(&from, range);
    analyzing->table = tree_string(range, "relname");
    analyzing->from = buffer_string(&from);
}

const char *analyzing_made_columns(const struct analyzing *analyzing)
{
    struct buffer from = {.arena = analyzing->reader->arena};
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(analyzing->made); i++) {
        const json_t *const element = json_array_get(analyzing->made, i);
        const json_t *const command = tree_body(element, "AlterTableCmd");
        const json_t *const column =
            tree_body(command == NULL ? element : json_object_get(command, "def"), "ColumnDef");
        const bool is_new = column != NULL && (command == NULL || tree_is(command, "subtype", "AT_AddColumn"));
        const char *const type = analyzing_type(analyzing->reader, json_object_get(column, "typeName"));
        if (is_new && type == NULL) {
            return NULL;
        }
        if (is_new) {
            buffer_printf(&from, "%sCAST(NULL AS %s) AS ", count++ == 0 ? "(SELECT " : ", ", type);
            effects_put_quoted(&from, tree_string(column, "colname"));
        }
    }
    return count == 0 ? "" : arena_printf(analyzing->reader->arena, "%s)", buffer_string(&from));
}

/* What is behind FROM; NULL: not known. Of a table that the statement makes it is written when the first expression
 * needs it: most have none. */
static const char *from_of(struct analyzing *analyzing)
{
    const char *const columns = analyzing->from == NULL && analyzing->is_whole ? analyzing_made_columns(analyzing) : "";
    if (columns != NULL && columns[0] != '\0') {
        struct buffer from = {.arena = analyzing->reader->arena};
        buffer_printf(&from, "%s AS ", columns);
        effects_put_quoted(&from, analyzing->table);
        analyzing->from = buffer_string(&from);
    }
    return analyzing->from;
}

/* ---- what an expression names ---- */

struct naming {
    const struct analyzing *analyzing;
    bool names_column;
    bool has_subquery;
    bool is_known; /* every name is known to mean a column */
};

/* A row of a table that does not exist yet has no type. */
static bool take_name(void *data, const char *key, json_t *object)
{
    struct naming *const naming = data;
    const struct analyzing *const analyzing = naming->analyzing;
    naming->has_subquery = naming->has_subquery || strcmp(key, "SubLink") == 0;
    if (strcmp(key, "ColumnRef") == 0) {
        const json_t *const fields = json_object_get(object, "fields");
        const char *const name = tree_name(fields, 0);
        const bool is_own = json_array_size(fields) == 1 || (json_array_size(fields) == 2 && analyzing->table != NULL &&
                                                             strcmp(tree_name(fields, 1), analyzing->table) == 0);
        naming->names_column = true;
        naming->is_known = naming->is_known && is_own && effects_made_column(analyzing->made, name) != NULL;
    }
    return true;
}

static struct naming names_of(const struct analyzing *analyzing, json_t *expression)
{
    struct naming naming = {.analyzing = analyzing, .is_known = true};
    tree_walk(expression, take_name, &naming);
    return naming;
}

static void say(struct effects_reader *reader, const char *what)
{
    reader->effects->wrong = reader->effects->wrong == NULL ? what : reader->effects->wrong;
}

/* ---- conditions ---- */

void analyzing_put(struct buffer *conditions, const char *before, const char *text, const char *after)
{
    buffer_printf(conditions, "%s%s%s%s", conditions->size == 0 ? "" : " AND ", before, text, after);
}

void analyzing_row(struct analyzing *analyzing, const char *text, json_t *expression, bool is_value)
{
    if (text != NULL && from_of(analyzing) != NULL &&
        (!analyzing->is_whole || names_of(analyzing, expression).is_known)) {
        analyzing_put(&analyzing->within, "(", text, is_value ? "\n) IS NULL" : "\n)");
    }
}

void analyzing_forbid(struct analyzing *analyzing, json_t *expression, const char *what)
{
    if (names_of(analyzing, expression).has_subquery) {
        say(analyzing->reader, what);
    }
}

/* ---- defaults ---- */

/* Does the constant, or the call, fit the type for certain? */
static bool fits_surely(const json_t *type, const json_t *value)
{
    static const char numbers[] = "int2 int4 int8 numeric float4 float8 money oid";
    static const char moments[] = "timestamp timestamptz date time timetz";
    static const char strings[] = "text varchar bpchar name";
    const json_t *const constant = tree_body(value, "A_Const");
    const struct sql_type to = type_of_tree(type);
    const char *const string = effects_constant(value);
    const bool is_string = json_object_get(constant, "sval") != NULL || json_object_get(constant, "String") != NULL;
    const char *const called = tree_name(json_object_get(tree_body(value, "FuncCall"), "funcname"), 0);
    return tree_flag(constant, "isnull") ? true
           : is_string                   ? type_is_one_of(&to, strings) || (string[0] == '{' && string[1] == '}' &&
                                                          (to.is_array || type_is_one_of(&to, "json jsonb")))
           : constant != NULL            ? json_object_get(constant, "boolval") != NULL ? type_is_one_of(&to, "bool")
                                                                                        : type_is_one_of(&to, numbers)
                      : tree_body(value, "SQLValueFunction") != NULL
               ? tree_is(tree_body(value, "SQLValueFunction"), "op", "SVFOP_CURRENT_TIMESTAMP") &&
                     type_is_one_of(&to, moments)
           : called != NULL && tree_count(tree_body(value, "FuncCall"), "args") == 0
               ? (strcmp(called, "now") == 0 && type_is_one_of(&to, moments)) ||
                     (strcmp(called, "gen_random_uuid") == 0 && type_is_one_of(&to, "uuid text varchar"))
               : false;
}

/* A string, or NULL, gets its type from where it stands. */
bool analyzing_is_untyped(const json_t *value)
{
    const json_t *const constant = tree_body(value, "A_Const");
    return constant != NULL && (json_object_get(constant, "sval") != NULL || tree_flag(constant, "isnull"));
}

/* type: the body of a TypeName; NULL: that of the column as it is in the table. */
void analyzing_default(struct analyzing *analyzing, const json_t *type, const char *column, json_t *value, size_t from)
{
    struct effects_reader *const reader = analyzing->reader;
    struct arena *const arena = reader->arena;
    const struct naming naming = names_of(analyzing, value);
    if (naming.has_subquery || naming.names_column) {
        say(reader, naming.has_subquery ? "A DEFAULT may contain no subquery (0A000)."
                                        : "A DEFAULT may name no column (0A000).");
        return;
    }
    const char *const text =
        value == NULL || fits_surely(type, value) ? NULL : effects_source(reader, "default", from, value);
    if (text == NULL) {
        return;
    }
    const char *const to = analyzing_type(reader, type);
    if (to != NULL) {
        analyzing_put(&analyzing->alone, "CAST(", text, arena_printf(arena, "\n AS %s) IS NULL", to));
    } else if (!analyzing_is_untyped(value)) {
        analyzing_put(&analyzing->alone, "(", text, "\n) IS NULL");
    } else if (type == NULL && analyzing->from != NULL && column != NULL) {
        struct buffer known = {.arena = arena};
        buffer_puts(&known, "coalesce(");
        effects_put_quoted(&known, column);
        analyzing_put(&analyzing->within, arena_printf(arena, "%s, ", buffer_string(&known)), text, "\n) IS NULL");
    }
    const char *const said = type == NULL ? "" : effects_type_of(arena, type);
    if (!analyzing_is_untyped(value) && column != NULL && said != NULL && !effects_is_serial(type)) {
        buffer_printf(&analyzing->values, "%s(%s\n)", analyzing->count == 0 ? "" : ", ", text);
        effects_put_name(&analyzing->becomes, analyzing->count, said);
        effects_put_name(&analyzing->columns, analyzing->count++, column);
    }
}

/* ---- columns and constraints ---- */

void analyzing_check(struct analyzing *analyzing, const json_t *constraint, const char *word)
{
    json_t *const expression = json_object_get(constraint, "raw_expr");
    const json_int_t from = tree_integer(constraint, "location");
    analyzing_forbid(analyzing, expression, "What is checked or generated may contain no subquery (0A000).");
    if (expression != NULL && from_of(analyzing) != NULL) {
        analyzing_row(analyzing, effects_source_within(analyzing->reader, word, (size_t)from), expression,
                      strcmp(word, "as") == 0);
    }
}

/* COLLATE of a type that may have none. */
void analyzing_collation(struct analyzing *analyzing, const json_t *type, const json_t *clause)
{
    if (clause == NULL) {
        return;
    }
    const struct sql_type read = type_of_tree(type);
    const char *const text = analyzing_type(analyzing->reader, type);
    struct buffer collation = {.arena = analyzing->reader->arena};
    if (text != NULL && !type_is_one_of(&read, "text varchar bpchar name")) {
        analyzing_put_names(&collation, json_object_get(clause, "collname"));
        analyzing_put(&analyzing->alone, "(CAST(NULL AS ", text,
                      arena_printf(analyzing->reader->arena, ") COLLATE %s) IS NULL", buffer_string(&collation)));
    }
}

/* Lengths and precisions that every server takes. */
static bool has_usual_size(const json_t *type)
{
    if (tree_count(type, "typmods") == 0) {
        return true;
    }
    const struct sql_type read = type_of_tree(type);
    const bool is_of_seconds = read.builtin != NULL && read.builtin->widening == WIDENS_SECONDS;
    const long most = is_of_seconds ? 6 : type_is_one_of(&read, "numeric") ? 1000 : 10485760;
    return read.builtin != NULL && read.modifier_count > 0 && read.modifiers[0] >= (is_of_seconds ? 0 : 1) &&
           read.modifiers[0] <= most && (read.modifier_count < 2 || read.modifiers[1] <= read.modifiers[0]);
}

/* serial(5), varchar(0), text(5). */
void analyzing_size(struct analyzing *analyzing, const json_t *type)
{
    const char *const text =
        type == NULL || has_usual_size(type) ? NULL : effects_source_of_type(analyzing->reader, type);
    if (text != NULL) {
        analyzing_put(&analyzing->alone, "CAST(NULL AS ", text, "\n) IS NULL");
    }
}

static void take_column(struct analyzing *analyzing, const json_t *column)
{
    const json_t *const type = json_object_get(column, "typeName");
    const json_t *const constraints = json_object_get(column, "constraints");
    analyzing_size(analyzing, type);
    analyzing_collation(analyzing, type, json_object_get(column, "collClause"));
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const json_t *const constraint = tree_body(json_array_get(constraints, i), "Constraint");
        if (tree_is(constraint, "contype", "CONSTR_DEFAULT")) {
            analyzing_default(analyzing, type, tree_string(column, "colname"), json_object_get(constraint, "raw_expr"),
                              (size_t)tree_integer(constraint, "location"));
        } else if (tree_is(constraint, "contype", "CONSTR_CHECK")) {
            analyzing_check(analyzing, constraint, "check");
        } else if (tree_is(constraint, "contype", "CONSTR_GENERATED")) {
            analyzing_check(analyzing, constraint, "as");
        }
    }
}

void analyzing_element(struct analyzing *analyzing, const json_t *element)
{
    const json_t *const constraint = tree_body(element, "Constraint");
    if (tree_is(constraint, "contype", "CONSTR_CHECK")) {
        analyzing_check(analyzing, constraint, "check");
    } else if (tree_body(element, "ColumnDef") != NULL) {
        take_column(analyzing, tree_body(element, "ColumnDef"));
    }
}
