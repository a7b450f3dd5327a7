/*
 * The columns of its own that CREATE TABLE names: in keys, CHECKs, generated columns and the partition key. Nothing is
 * said about a table that also gets columns from other tables.
 */
#include "sql/effects_reader.h"

#include "base/word_set.h"

#include <string.h>

#define MOST_KEYS 32 /* columns in a partition key; the limit is PostgreSQL's */

struct own {
    struct effects_reader *reader;
    const char *table;
    const json_t *elements;
    struct word_set columns; /* those that it makes, and those that every table has */
};

static bool has_column(const struct own *own, const char *name)
{
    return word_set_has(&own->columns, name);
}

/* Only the first error counts. */
static void say(const struct own *own, const char *format, const char *name)
{
    struct sql_effects *const effects = own->reader->effects;
    if (effects->wrong == NULL) {
        struct buffer sentence = {.arena = own->reader->arena};
        const char *const at = strstr(format, "%");
        buffer_add(&sentence, (struct text){format, (size_t)(at - format)});
        buffer_puts(&sentence, name);
        buffer_puts(&sentence, at + 1);
        effects->wrong = buffer_string(&sentence);
    }
}

static void take(const struct own *own, const char *name)
{
    if (name != NULL && name[0] != '\0' && !has_column(own, name)) {
        say(own, "It names a column \"%\", and the table that it makes has none (42703).", name);
    }
}

static void take_names(const struct own *own, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        take(own, tree_name(names, i));
    }
}

/* A row has the same name as its table; a name before a dot may be a row, with a function after the dot. */
static bool take_reference(void *data, const char *key, json_t *object)
{
    const struct own *const own = data;
    const json_t *const fields = strcmp(key, "ColumnRef") == 0 ? json_object_get(object, "fields") : NULL;
    const char *const name = json_array_size(fields) == 1 ? tree_name(fields, 0) : NULL;
    if (name != NULL && strcmp(name, own->table) != 0) {
        take(own, name);
    }
    return true;
}

static void take_expression(struct own *own, json_t *tree)
{
    tree_walk(tree, take_reference, own);
}

static void take_constraint(struct own *own, const json_t *constraint, const json_t *range)
{
    const json_t *const other = json_object_get(constraint, "pktable");
    const bool is_own =
        tree_is(other, "relname", own->table) && tree_is(other, "schemaname", tree_string(range, "schemaname"));
    take_names(own, json_object_get(constraint, "keys"));
    take_names(own, json_object_get(constraint, "including"));
    take_names(own, json_object_get(constraint, "fk_attrs"));
    take_names(own, is_own ? json_object_get(constraint, "pk_attrs") : NULL);
    if (word_is_among("CONSTR_CHECK CONSTR_GENERATED", tree_string(constraint, "contype"))) {
        take_expression(own, json_object_get(constraint, "raw_expr"));
    }
}

static bool has_name(const json_t *names, const char *name)
{
    bool has = false;
    for (size_t i = 0; !has && i < json_array_size(names); i++) {
        const char *const one = tree_name(names, i);
        has = one != NULL && strcmp(one, name) == 0;
    }
    return has;
}

/* A unique constraint over all partitions must contain every column of the partition key. column: where the constraint
 * is written; NULL: it is one of the table. */
static void take_unique(const struct own *own, const json_t *constraint, const char *column, const char *key)
{
    const bool has = column != NULL ? strcmp(column, key) == 0 : has_name(json_object_get(constraint, "keys"), key);
    if (word_is_among("CONSTR_PRIMARY CONSTR_UNIQUE", tree_string(constraint, "contype")) && !has) {
        say(own, "What is unique in a partitioned table must have all columns of its key, and has \"%\" not (0A000).",
            key);
    }
}

static void take_key(const struct own *own, const char *key)
{
    for (size_t i = 0; key[0] != '\0' && i < json_array_size(own->elements); i++) {
        const json_t *const element = json_array_get(own->elements, i);
        const json_t *const column = tree_body(element, "ColumnDef");
        const json_t *const constraints = json_object_get(column, "constraints");
        take_unique(own, tree_body(element, "Constraint"), NULL, key);
        for (size_t j = 0; j < json_array_size(constraints); j++) {
            take_unique(own, tree_body(json_array_get(constraints, j), "Constraint"), tree_string(column, "colname"),
                        key);
        }
    }
}

static void take_partitioning(struct own *own, const json_t *parameters)
{
    for (size_t i = 0; i < json_array_size(parameters) && i < MOST_KEYS; i++) {
        const json_t *const one = tree_body(json_array_get(parameters, i), "PartitionElem");
        take(own, tree_string(one, "name"));
        take_key(own, tree_string(one, "name"));
        take_expression(own, json_object_get(one, "expr"));
    }
}

/* Notes the columns; the same column must not be made twice. */
static void take_columns(struct own *own)
{
    static const char *const system[] = {"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"};
    struct arena *const arena = own->reader->arena;
    for (size_t i = 0; i < json_array_size(own->elements); i++) {
        const json_t *const column = tree_body(json_array_get(own->elements, i), "ColumnDef");
        const char *const name = tree_string(column, "colname");
        if (column != NULL && word_set_has(&own->columns, name)) {
            say(own, "It makes the column \"%\" twice (42701).", name);
        } else if (column != NULL) {
            word_set_add(arena, &own->columns, name);
        }
    }
    for (size_t i = 0; i < sizeof system / sizeof system[0]; i++) {
        word_set_add(arena, &own->columns, system[i]);
    }
}

void effects_own_columns(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "tableElts");
    const json_t *const range = json_object_get(body, "relation");
    struct own own = {.reader = reader, .table = tree_string(range, "relname"), .elements = elements};
    bool is_whole = strcmp(kind, "CreateStmt") == 0 && json_object_get(body, "inhRelations") == NULL &&
                    json_object_get(body, "ofTypename") == NULL;
    for (size_t i = 0; i < json_array_size(elements); i++) {
        is_whole = is_whole && tree_body(json_array_get(elements, i), "TableLikeClause") == NULL;
    }
    if (!is_whole) {
        return;
    }
    take_columns(&own);
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const element = json_array_get(elements, i);
        const json_t *const constraints = json_object_get(tree_body(element, "ColumnDef"), "constraints");
        take_constraint(&own, tree_body(element, "Constraint"), range);
        for (size_t j = 0; j < json_array_size(constraints); j++) {
            take_constraint(&own, tree_body(json_array_get(constraints, j), "Constraint"), range);
        }
    }
    take_partitioning(&own, json_object_get(json_object_get(body, "partspec"), "partParams"));
}
