/*
 * The columns that expressions read: in an index, a CHECK, a policy or a query. A name is looked up as PostgreSQL does
 * it: first in the FROM clause around it, then in those of the outer queries. An entry there that is no relation (a
 * subquery, a function, a name from WITH) may have any columns; and a name without a table is resolved only if a single
 * relation can have it.
 */
#include "sql/effects_reader.h"

#include <string.h>

/* What a name before a dot can stand for. */
struct entry {
    const char *name;
    const json_t *range; /* RangeVar; NULL: it is no relation */
};

struct scope {
    const struct scope *outer;
    struct entry *entries;
    size_t count;
    size_t capacity;
};

struct columns {
    struct effects_reader *reader;
    const json_t *made;     /* subcommands of the ALTER TABLE, or elements of the CREATE TABLE, which may add columns */
    const json_t *of_value; /* the type of VALUE, in a domain's CHECK; NULL: it is none */
    bool is_new;            /* the relation is created by the statement itself: only `made` is known */
    bool is_alone_lost;     /* a name without a table may refer to an output column instead */
};

static void walk(struct columns *columns, const struct scope *scope, json_t *tree);

/* ---- names ---- */

static void need(const struct columns *columns, enum sql_need_kind kind, const json_t *range, const char *name)
{
    if (columns->reader->effects->need_count < EFFECTS_NEEDS_LIMIT && !columns->is_new &&
        effects_made_column(columns->made, name) == NULL) {
        effects_need(columns->reader, (struct sql_need){.kind = kind,
                                                        .schema = tree_string(range, "schemaname"),
                                                        .name = tree_string(range, "relname"),
                                                        .part = name,
                                                        .is_only_read = true});
    }
}

/* The only relation to which a name without a table can belong; NULL: there are several, or none. */
static const struct entry *only_entry(const struct scope *scope)
{
    const bool is_one = scope->count == 1 && scope->entries[0].range != NULL;
    bool is_outermost = true;
    for (const struct scope *outer = scope->outer; outer != NULL; outer = outer->outer) {
        is_outermost = is_outermost && outer->count == 0;
    }
    return is_one && is_outermost ? &scope->entries[0] : NULL;
}

static const struct entry *entry_of(const struct scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->outer) {
        for (size_t i = 0; i < scope->count; i++) {
            if (strcmp(scope->entries[i].name, name) == 0) {
                return &scope->entries[i];
            }
        }
    }
    return NULL;
}

/* What a column belongs to, by the fields of its reference: "c" or "t.c"; NULL: not known. Of a "c" with fields after
 * it nothing is known; and a row has the same name as its table. */
static const struct entry *entry_of_fields(const struct columns *columns, const struct scope *scope,
                                           const json_t *fields)
{
    const char *const name = tree_name(fields, 0);
    const char *const of = tree_name(fields, 1);
    const struct entry *const entry = name == NULL                                 ? NULL
                                      : of != NULL && json_array_size(fields) == 2 ? entry_of(scope, of)
                                      : of == NULL && !columns->is_alone_lost      ? only_entry(scope)
                                                                                   : NULL;
    const bool is_row = entry != NULL && of == NULL && (json_array_size(fields) != 1 || strcmp(entry->name, name) == 0);
    return entry == NULL || entry->range == NULL || is_row ? NULL : entry;
}

static void take_reference(struct columns *columns, const struct scope *scope, const json_t *fields)
{
    const struct entry *const entry = entry_of_fields(columns, scope, fields);
    if (entry != NULL) {
        need(columns, tree_name(fields, 1) == NULL ? SQL_NEED_COLUMN : SQL_NEED_COLUMN_OR_FUNCTION, entry->range,
             tree_name(fields, 0));
    }
}

/* ---- constants beside columns ---- */

static void take_label(struct columns *columns, const struct scope *scope, const json_t *reference, const json_t *value)
{
    const json_t *const fields = json_object_get(tree_body(reference, "ColumnRef"), "fields");
    const char *const name = tree_name(fields, 0);
    const struct entry *const entry = entry_of_fields(columns, scope, fields);
    const json_t *const items = json_object_get(tree_body(value, "List"), "items");
    const json_t *const made = entry == NULL ? NULL : effects_made_column(columns->made, name);
    if (tree_body(value, "A_Const") == NULL && items == NULL) {
        return;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        take_label(columns, scope, reference, json_array_get(items, i));
    }
    if (items == NULL && made != NULL) {
        effects_label_of_type(columns->reader, json_object_get(made, "typeName"), value);
    } else if (items == NULL && entry != NULL && !columns->is_new) {
        effects_label_of_column(columns->reader, entry->range, name, value);
    } else if (items == NULL && name != NULL && json_array_size(fields) == 1 && strcmp(name, "value") == 0) {
        effects_label_of_type(columns->reader, columns->of_value, value);
    }
}

/* c = 'label', c IN ('label', …), c BETWEEN 'label' AND …; an operator of another name may take another type. */
static void take_comparison(struct columns *columns, const struct scope *scope, const json_t *expression)
{
    static const char kinds[] = "AEXPR_OP AEXPR_IN AEXPR_DISTINCT AEXPR_NOT_DISTINCT AEXPR_BETWEEN AEXPR_NOT_BETWEEN";
    const char *const sign = tree_name(json_object_get(expression, "name"), 0);
    const bool is_operator = tree_is(expression, "kind", "AEXPR_OP");
    if (word_is_among(kinds, tree_string(expression, "kind")) &&
        (!is_operator || word_is_among("= <> != < > <= >=", sign == NULL ? "" : sign))) {
        const json_t *const left = json_object_get(expression, "lexpr");
        const json_t *const right = json_object_get(expression, "rexpr");
        take_label(columns, scope, left, right);
        take_label(columns, scope, right, left);
    }
}

/* COALESCE (c, 'label'), CASE c WHEN 'label'. */
static void take_choice(struct columns *columns, const struct scope *scope, const json_t *choice)
{
    const json_t *const parts = json_object_get(choice, "args");
    const json_t *const of = json_object_get(choice, "arg");
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *const part = json_array_get(parts, i);
        const json_t *const when = tree_body(part, "CaseWhen");
        if (when != NULL) {
            take_label(columns, scope, of, json_object_get(when, "expr"));
        } else if (i > 0) {
            take_label(columns, scope, json_array_get(parts, 0), part);
        }
    }
}

/* ---- FROM ---- */

static void add(struct columns *columns, struct scope *scope, const char *name, const json_t *range)
{
    scope->entries =
        arena_grow(columns->reader->arena, scope->entries, scope->count, &scope->capacity, sizeof *scope->entries);
    scope->entries[scope->count++] = (struct entry){name, range};
}

/* Adds it under its alias, which may also rename its columns. */
static void add_relation(struct columns *columns, struct scope *scope, const json_t *range)
{
    const json_t *const alias = json_object_get(range, "alias");
    const bool is_known = json_object_get(alias, "colnames") == NULL && !tree_is_cte(range);
    add(columns, scope, alias == NULL ? tree_string(range, "relname") : tree_string(alias, "aliasname"),
        is_known ? range : NULL);
}

static void add_item(struct columns *columns, struct scope *scope, json_t *item)
{
    json_t *body;
    const char *const kind = tree_node(item, &body);
    const char *const alias = tree_string(json_object_get(body, "alias"), "aliasname");
    if (strcmp(kind, "RangeVar") == 0) {
        add_relation(columns, scope, body);
        return;
    }
    if (strcmp(kind, "JoinExpr") == 0) {
        add_item(columns, scope, json_object_get(body, "larg"));
        add_item(columns, scope, json_object_get(body, "rarg"));
    } else if (strcmp(kind, "RangeTableSample") == 0) {
        add_item(columns, scope, json_object_get(body, "relation"));
    }
    if (strcmp(kind, "RangeTableSample") != 0 && (strcmp(kind, "JoinExpr") != 0 || alias[0] != '\0')) {
        add(columns, scope, alias, NULL);
    }
}

static void add_items(struct columns *columns, struct scope *scope, const json_t *items)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        add_item(columns, scope, json_array_get(items, i));
    }
}

/* ---- statements ---- */

/* Names in ORDER BY and similar clauses may refer to output columns. */
static void walk_behind(struct columns *columns, const struct scope *scope, json_t *tree)
{
    const bool was_lost = columns->is_alone_lost;
    columns->is_alone_lost = true;
    walk(columns, scope, tree);
    columns->is_alone_lost = was_lost;
}

static void take_select(struct columns *columns, const struct scope *outer, json_t *body)
{
    static const char *const behind[] = {"groupClause", "sortClause", "distinctClause", "windowClause"};
    static const char *const within[] = {"fromClause", "targetList", "whereClause", "havingClause", "valuesLists"};
    struct scope scope = {.outer = outer};
    walk(columns, outer, json_object_get(body, "withClause"));
    if (json_object_get(body, "larg") != NULL) {
        take_select(columns, outer, json_object_get(body, "larg"));
        take_select(columns, outer, json_object_get(body, "rarg"));
        return;
    }
    add_items(columns, &scope, json_object_get(body, "fromClause"));
    for (size_t i = 0; i < sizeof within / sizeof within[0]; i++) {
        walk(columns, &scope, json_object_get(body, within[i]));
    }
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        walk_behind(columns, &scope, json_object_get(body, behind[i]));
    }
}

/* In the RETURNING of a change, OLD and NEW are names too. */
static void take_change(struct columns *columns, const struct scope *outer, json_t *body)
{
    static const char *const within[] = {"fromClause", "usingClause", "targetList", "whereClause", "returningList"};
    struct scope scope = {.outer = outer};
    walk(columns, outer, json_object_get(body, "withClause"));
    add_relation(columns, &scope, json_object_get(body, "relation"));
    add_items(columns, &scope, json_object_get(body, "fromClause"));
    add_items(columns, &scope, json_object_get(body, "usingClause"));
    for (size_t i = 0; i < sizeof within / sizeof within[0]; i++) {
        walk(columns, &scope, json_object_get(body, within[i]));
    }
}

/* ON CONFLICT (a, b) needs a unique index over these columns. */
static void need_arbiter(const struct columns *columns, const json_t *range, const json_t *infer)
{
    const json_t *const elements = json_object_get(infer, "indexElems");
    struct buffer names = {.arena = columns->reader->arena};
    bool is_plain = json_array_size(elements) > 0 && json_object_get(infer, "whereClause") == NULL;
    for (size_t i = 0; is_plain && i < json_array_size(elements); i++) {
        const json_t *const element = tree_body(json_array_get(elements, i), "IndexElem");
        is_plain = json_object_get(element, "name") != NULL && json_object_get(element, "collation") == NULL &&
                   json_object_get(element, "opclass") == NULL;
        effects_put_name(&names, i, tree_string(element, "name"));
    }
    if (is_plain) {
        effects_need(columns->reader, (struct sql_need){.kind = SQL_NEED_ARBITER,
                                                        .schema = tree_string(range, "schemaname"),
                                                        .name = tree_string(range, "relname"),
                                                        .part = buffer_string(&names),
                                                        .is_only_read = true});
    }
}

/* The source of an INSERT is a query of its own. */
static void take_insert(struct columns *columns, const struct scope *outer, json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const conflict = json_object_get(body, "onConflictClause");
    const json_t *const targets = json_object_get(conflict, "targetList");
    struct scope scope = {.outer = outer};
    walk(columns, outer, json_object_get(body, "withClause"));
    walk(columns, outer, json_object_get(body, "selectStmt"));
    add_relation(columns, &scope, range);
    walk(columns, &scope, json_object_get(body, "returningList"));
    need_arbiter(columns, range, json_object_get(conflict, "infer"));
    for (size_t i = 0; i < json_array_size(targets); i++) {
        need(columns, SQL_NEED_COLUMN, range, tree_string(tree_body(json_array_get(targets, i), "ResTarget"), "name"));
    }
    add(columns, &scope, "excluded", range);
    walk(columns, &scope, json_object_get(conflict, "targetList"));
    walk(columns, &scope, json_object_get(conflict, "whereClause"));
}

/* Where a walk is: the names that it can use there. */
struct place {
    struct columns *columns;
    const struct scope *scope;
};

static bool take_part(void *data, const char *key, json_t *object)
{
    const struct place *const place = data;
    if (strcmp(key, "A_Expr") == 0) {
        take_comparison(place->columns, place->scope, object);
    } else if (word_is_among("CoalesceExpr CaseExpr", key)) {
        take_choice(place->columns, place->scope, object);
    }
    if (strcmp(key, "ColumnRef") == 0) {
        take_reference(place->columns, place->scope, json_object_get(object, "fields"));
    } else if (strcmp(key, "SelectStmt") == 0) {
        take_select(place->columns, place->scope, object);
    } else if (strcmp(key, "InsertStmt") == 0) {
        take_insert(place->columns, place->scope, object);
    } else if (strcmp(key, "UpdateStmt") == 0 || strcmp(key, "DeleteStmt") == 0) {
        take_change(place->columns, place->scope, object);
    } else {
        return strcmp(key, "MergeStmt") != 0 && strcmp(key, "DefElem") != 0;
    }
    return false;
}

static void walk(struct columns *columns, const struct scope *scope, json_t *tree)
{
    struct place place = {columns, scope};
    tree_walk(tree, take_part, &place);
}

/* ---- expressions of a relation ---- */

static void walk_of(struct columns *columns, const json_t *range, json_t *tree)
{
    struct scope scope = {0};
    add(columns, &scope, tree_string(range, "relname"), range);
    walk(columns, &scope, tree);
}

/* The CHECK of a constraint, or the expression of a generated column. A DEFAULT names no column. */
static void walk_constraint(struct columns *columns, const json_t *range, const json_t *constraint)
{
    if (word_is_among("CONSTR_CHECK CONSTR_GENERATED", tree_string(constraint, "contype"))) {
        walk_of(columns, range, json_object_get(constraint, "raw_expr"));
    }
}

static void of_alter(struct columns *columns, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const commands = json_object_get(body, "cmds");
    columns->made = commands;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const def = json_object_get(command, "def");
        const json_t *const column = tree_body(def, "ColumnDef");
        const json_t *const constraints = json_object_get(column, "constraints");
        walk_constraint(columns, range, tree_body(def, "Constraint"));
        for (size_t j = 0; !tree_flag(command, "missing_ok") && j < json_array_size(constraints); j++) {
            walk_constraint(columns, range, tree_body(json_array_get(constraints, j), "Constraint"));
        }
        if (tree_is(command, "subtype", "AT_ColumnDefault")) {
            effects_label_of_column(columns->reader, range, tree_string(command, "name"), def);
        }
        if (tree_is(command, "subtype", "AT_AlterColumnType")) {
            walk_of(columns, range, json_object_get(column, "raw_default"));
        }
    }
}

/* The columns that it makes are compared with labels of their types; those of another table are not known. */
static void of_create(struct columns *columns, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const elements = json_object_get(body, "tableElts");
    columns->made = elements;
    columns->is_new = true;
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const element = json_array_get(elements, i);
        const json_t *const constraints = json_object_get(tree_body(element, "ColumnDef"), "constraints");
        walk_constraint(columns, range, tree_body(element, "Constraint"));
        for (size_t j = 0; j < json_array_size(constraints); j++) {
            walk_constraint(columns, range, tree_body(json_array_get(constraints, j), "Constraint"));
        }
    }
}

static void of_domain(struct columns *columns, const json_t *body)
{
    const json_t *const constraints = json_object_get(body, "constraints");
    const struct scope nothing = {0};
    columns->of_value = json_object_get(body, "typeName");
    effects_labels(columns->reader, "CreateDomainStmt", body);
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        walk(columns, &nothing, json_object_get(tree_body(json_array_get(constraints, i), "Constraint"), "raw_expr"));
    }
}

static void of_trigger(struct columns *columns, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    struct scope scope = {0};
    add(columns, &scope, "old", range);
    add(columns, &scope, "new", range);
    walk(columns, &scope, json_object_get(body, "whenClause"));
}

void effects_columns(struct effects_reader *reader, const char *kind, json_t *body, json_t *node)
{
    static const char queries[] = "SelectStmt InsertStmt UpdateStmt DeleteStmt";
    struct columns columns = {.reader = reader};
    const struct scope nothing = {0};
    if (word_is_among(queries, kind)) {
        walk(&columns, &nothing, node);
    } else if (word_is_among("ViewStmt CreateTableAsStmt CopyStmt", kind)) {
        walk(&columns, &nothing, json_object_get(body, "query"));
        walk_of(&columns, json_object_get(body, "relation"), json_object_get(body, "whereClause"));
    } else if (strcmp(kind, "IndexStmt") == 0) {
        walk_of(&columns, json_object_get(body, "relation"), json_object_get(body, "indexParams"));
        walk_of(&columns, json_object_get(body, "relation"), json_object_get(body, "whereClause"));
    } else if (word_is_among("CreatePolicyStmt AlterPolicyStmt", kind)) {
        walk_of(&columns, json_object_get(body, "table"), json_object_get(body, "qual"));
        walk_of(&columns, json_object_get(body, "table"), json_object_get(body, "with_check"));
    } else if (strcmp(kind, "AlterTableStmt") == 0 && tree_is(body, "objtype", "OBJECT_TABLE")) {
        of_alter(&columns, body);
    } else if (strcmp(kind, "CreateTrigStmt") == 0) {
        of_trigger(&columns, body);
    } else if (strcmp(kind, "CreateStmt") == 0) {
        of_create(&columns, body);
    } else if (strcmp(kind, "CreateDomainStmt") == 0) {
        of_domain(&columns, body);
    }
}
