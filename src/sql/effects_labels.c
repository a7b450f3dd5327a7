/*
 * Enum labels: constants that are cast to a type, are the DEFAULT of a new column, domain or parameter, or are compared
 * with a column. PostgreSQL checks these when it analyzes the statement, even without rows.
 */
#include "sql/effects_reader.h"

#include <string.h>

#define MOST_LABELS 50 /* in one array */

/* What a constant is read as: a value of a type, or of a column of a relation. */
struct reading_as {
    const json_t *type;  /* NULL: of the column */
    const json_t *range; /* the body of its RangeVar */
    const char *column;
};

static void need(struct effects_reader *reader, const struct reading_as *as, const char *label)
{
    const json_t *const names = json_object_get(as->type, "names");
    effects_need(reader, as->type != NULL ? (struct sql_need){.kind = SQL_NEED_LABEL,
                                                              .schema = tree_name(names, 1),
                                                              .name = tree_name(names, 0),
                                                              .part = label,
                                                              .is_only_read = true}
                                          : (struct sql_need){.kind = SQL_NEED_COLUMN_LABEL,
                                                              .schema = tree_string(as->range, "schemaname"),
                                                              .name = tree_string(as->range, "relname"),
                                                              .part = as->column,
                                                              .types = arena_strdup(reader->arena, label),
                                                              .is_only_read = true});
}

/* The labels of '{a,b}'; nothing if one is quoted. */
static void need_each(struct effects_reader *reader, const struct reading_as *as, const char *array)
{
    const size_t size = strlen(array);
    if (size < 2 || array[0] != '{' || array[size - 1] != '}' || strpbrk(array, "\"\\ ") != NULL) {
        return;
    }
    size_t count = 0;
    for (const char *label = array + 1; label < array + size - 1 && count < MOST_LABELS; count++) {
        const size_t length = strcspn(label, ",}");
        const char *const one = arena_strndup(reader->arena, label, length);
        if (length > 0 && strcasecmp(one, "null") != 0) {
            need(reader, as, one);
        }
        label += length + 1;
    }
}

static void need_constant(struct effects_reader *reader, const struct reading_as *as, bool is_array,
                          const json_t *value)
{
    const json_t *const elements = json_object_get(tree_body(value, "A_ArrayExpr"), "elements");
    const json_t *const string = json_object_get(tree_body(value, "A_Const"), "sval");
    if (string != NULL && is_array) {
        need_each(reader, as, tree_string(string, "sval"));
    } else if (string != NULL) {
        need(reader, as, tree_string(string, "sval"));
    }
    for (size_t i = 0; is_array && i < json_array_size(elements) && i < MOST_LABELS; i++) {
        const json_t *const one = json_object_get(tree_body(json_array_get(elements, i), "A_Const"), "sval");
        if (one != NULL) {
            need(reader, as, tree_string(one, "sval"));
        }
    }
}

void effects_label_of_type(struct effects_reader *reader, const json_t *type, const json_t *value)
{
    const struct reading_as as = {.type = type};
    if (value != NULL && type != NULL && !effects_is_builtin(type) && !tree_flag(type, "pct_type") &&
        !tree_flag(type, "setof")) {
        need_constant(reader, &as, tree_count(type, "arrayBounds") > 0, value);
    }
}

void effects_label_of_column(struct effects_reader *reader, const json_t *range, const char *column,
                             const json_t *value)
{
    const struct reading_as as = {.range = range, .column = column};
    need_constant(reader, &as, false, value);
}

/* The DEFAULT among the constraints of a column or a domain. */
static void take_default(struct effects_reader *reader, const json_t *body)
{
    const json_t *const constraints = json_object_get(body, "constraints");
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const json_t *const one = tree_body(json_array_get(constraints, i), "Constraint");
        if (tree_is(one, "contype", "CONSTR_DEFAULT")) {
            effects_label_of_type(reader, json_object_get(body, "typeName"), json_object_get(one, "raw_expr"));
        }
    }
}

void effects_labels(struct effects_reader *reader, const char *kind, const json_t *body)
{
    if (reader->may_be_there) {
        return;
    }
    if (strcmp(kind, "TypeCast") == 0) {
        effects_label_of_type(reader, json_object_get(body, "typeName"), json_object_get(body, "arg"));
    } else if (strcmp(kind, "FunctionParameter") == 0) {
        effects_label_of_type(reader, json_object_get(body, "argType"), json_object_get(body, "defexpr"));
    } else if (word_is_among("ColumnDef CreateDomainStmt", kind)) {
        take_default(reader, body);
        effects_label_of_type(reader, json_object_get(body, "typeName"), json_object_get(body, "raw_default"));
    }
}
