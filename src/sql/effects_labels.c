/*
 * Enum labels: constants that are cast to a type, or are the DEFAULT of a new column. PostgreSQL checks these when it
 * analyzes the statement, even without rows.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* Whether the type is an enum is looked up later. A constant of an array has several labels. */
static void need_label(struct effects_reader *reader, const json_t *type, const json_t *constant)
{
    const json_t *const names = json_object_get(type, "names");
    const json_t *const string = json_object_get(tree_body(constant, "A_Const"), "sval");
    if (string != NULL && !effects_is_builtin(type) && tree_count(type, "arrayBounds") == 0 &&
        !tree_flag(type, "pct_type")) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_LABEL,
                                               .schema = tree_name(names, 1),
                                               .name = tree_name(names, 0),
                                               .part = tree_string(string, "sval"),
                                               .is_only_read = true});
    }
}

void effects_labels(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const constraints = json_object_get(body, "constraints");
    if (strcmp(kind, "TypeCast") == 0) {
        need_label(reader, json_object_get(body, "typeName"), json_object_get(body, "arg"));
    }
    for (size_t i = 0; strcmp(kind, "ColumnDef") == 0 && i < json_array_size(constraints); i++) {
        const json_t *const one = tree_body(json_array_get(constraints, i), "Constraint");
        if (tree_is(one, "contype", "CONSTR_DEFAULT")) {
            need_label(reader, json_object_get(body, "typeName"), json_object_get(one, "raw_expr"));
        }
    }
}
