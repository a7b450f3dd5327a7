/*
 * What ALTER TABLE does to columns, and the foreign keys of CREATE and ALTER TABLE.
 */
#include "sql/effects_reader.h"
#include "sql/types.h"

#include <string.h>

#define MOST 200 /* for one statement */

/* ---- columns, partitions and children ---- */

static const struct {
    const char *subtype;
    enum sql_alter_kind kind;
} kinds[] = {
    {"AT_AlterColumnType", SQL_ALTER_TYPE},
    {"AT_AddColumn", SQL_ALTER_ADD},
    {"AT_DropColumn", SQL_ALTER_DROP},
    {"AT_ColumnDefault", SQL_ALTER_DEFAULT},
    {"AT_DropNotNull", SQL_ALTER_NULLABLE},
    {"AT_AddIdentity", SQL_ALTER_ADD_IDENTITY},
    {"AT_SetIdentity", SQL_ALTER_SET_IDENTITY},
    {"AT_DropIdentity", SQL_ALTER_DROP_IDENTITY},
    {"AT_DropExpression", SQL_ALTER_DROP_EXPRESSION},
    {"AT_AttachPartition", SQL_ALTER_ATTACH},
    {"AT_DetachPartition", SQL_ALTER_DETACH},
    {"AT_AddInherit", SQL_ALTER_INHERIT},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* The type of a ColumnDef; "" if it cannot be written. */
static const char *type_of(struct arena *arena, const json_t *column)
{
    const json_t *const type = json_object_get(column, "typeName");
    const char *const said = effects_is_serial(type) ? NULL : effects_type_of(arena, type);
    return said == NULL ? "" : said;
}

/* A type that is not built in may be a domain with a DEFAULT of its own. */
bool effects_is_left_empty(const json_t *column)
{
    const json_t *const type = json_object_get(column, "typeName");
    const json_t *const constraints = json_object_get(column, "constraints");
    bool has_value = false;
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        has_value =
            has_value || word_is_among("CONSTR_DEFAULT CONSTR_IDENTITY CONSTR_GENERATED",
                                       tree_string(tree_body(json_array_get(constraints, i), "Constraint"), "contype"));
    }
    return !has_value && effects_is_builtin(type) && !effects_is_serial(type);
}

/* The expression of a new column's DEFAULT, or of a generated one; NULL: it has none. *word: in front of its text. */
static json_t *expression_of(const json_t *column, const char **word)
{
    const json_t *const given = effects_constraint_of(column, "CONSTR_DEFAULT");
    const json_t *const generated = effects_constraint_of(column, "CONSTR_GENERATED");
    *word = given == NULL ? NULL : "default";
    return json_object_get(given == NULL ? generated : given, "raw_expr");
}

/* Fills in what the rows that are there get in a new column. */
static void take_value(struct effects_reader *reader, const json_t *column, struct sql_alter *alter)
{
    const char *word = NULL;
    json_t *const expression = expression_of(column, &word);
    const char *const reads = effects_plain_reads(reader->arena, expression);
    if (alter->is_empty) {
        alter->value = "NULL";
        alter->reads = "";
    } else if (reads != NULL && !reader->is_reworded && !effects_is_volatile(reader, expression)) {
        const json_t *const constant = tree_body(expression, "A_Const");
        const bool is_number =
            json_object_get(constant, "ival") != NULL || json_object_get(constant, "boolval") != NULL;
        alter->value =
            is_number ? effects_constant_text(reader, constant) : effects_source(reader, word, 0, expression);
        alter->reads = alter->value == NULL ? NULL : reads;
    }
}

/* As format_type() writes it; NULL: it is not built-in. */
static const char *written_type(struct arena *arena, const json_t *column)
{
    const json_t *const type = json_object_get(column, "typeName");
    const char *const serial = effects_serial_type(type);
    const struct sql_type read = serial == NULL ? type_of_tree(type) : type_of_name(serial);
    return type == NULL ? NULL : type_written(arena, &read);
}

static void add(struct effects_reader *reader, const json_t *range, const struct sql_alter *alter)
{
    struct sql_effects *const effects = reader->effects;
    struct arena *const arena = reader->arena;
    if (effects->alter_count == MOST) {
        return;
    }
    effects->alters =
        arena_grow(arena, effects->alters, effects->alter_count, &reader->alter_capacity, sizeof *effects->alters);
    struct sql_alter *const added = &effects->alters[effects->alter_count++];
    *added = *alter;
    added->schema = effects_kept(arena, tree_string(range, "schemaname"));
    added->name = effects_kept(arena, tree_string(range, "relname"));
    added->column = effects_kept(arena, alter->column);
    added->other_schema = effects_kept(arena, alter->other_schema);
    added->other = effects_kept(arena, alter->other);
    added->renamed = effects_kept(arena, alter->renamed);
}

static void take_command(struct effects_reader *reader, const json_t *range, const json_t *command)
{
    size_t i = 0;
    while (i < KINDS && !tree_is(command, "subtype", kinds[i].subtype)) {
        i++;
    }
    const json_t *const def = json_object_get(command, "def");
    const json_t *const column = tree_body(def, "ColumnDef");
    const json_t *const partition = tree_body(def, "PartitionCmd");
    const json_t *const other = partition == NULL ? tree_body(def, "RangeVar") : json_object_get(partition, "name");
    const json_t *const bound = json_object_get(partition, "bound");
    const char *const name = tree_string(command, "name");
    const bool drops_default = i < KINDS && kinds[i].kind == SQL_ALTER_DEFAULT && def == NULL;
    if (i == KINDS || tree_flag(command, "missing_ok") || drops_default) {
        return;
    }
    struct sql_alter alter = {.kind = kinds[i].kind,
                              .column = name[0] != '\0' ? name : tree_string(column, "colname"),
                              .type = type_of(reader->arena, column),
                              .written = written_type(reader->arena, column),
                              .has_using = json_object_get(column, "raw_default") != NULL,
                              .is_empty = tree_is(command, "subtype", "AT_AddColumn") && effects_is_left_empty(column),
                              .other_schema = tree_string(other, "schemaname"),
                              .other = tree_string(other, "relname"),
                              .bound = tree_flag(bound, "is_default") ? 'd' : tree_string(bound, "strategy")[0]};
    if (alter.kind == SQL_ALTER_ADD) {
        take_value(reader, column, &alter);
    }
    add(reader, range, &alter);
}

/* DROP DEFAULT and other subcommands that do not change the type count too. */
static bool is_only(const json_t *commands, const char *column)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const made = tree_body(json_object_get(command, "def"), "ColumnDef");
        count += tree_is(command, "name", column) || tree_is(made, "colname", column) ? 1 : 0;
    }
    return count <= 1;
}

/* ---- foreign keys ---- */

/* elements: the list with the columns that the statement makes; range: the table; own: the column at which the
 * constraint is written; NULL: it is a constraint of the table. */
static void take_key(struct effects_reader *reader, const json_t *elements, const json_t *range,
                     const json_t *constraint, const json_t *own)
{
    struct sql_effects *const effects = reader->effects;
    struct arena *const arena = reader->arena;
    const json_t *const columns = json_object_get(constraint, "fk_attrs");
    const json_t *const to = json_object_get(constraint, "pktable");
    struct buffer types = {.arena = arena};
    if (to == NULL || effects->reference_count == MOST) {
        return;
    }
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *const made = effects_made_column(elements, tree_name(columns, json_array_size(columns) - 1 - i));
        effects_put_name(&types, i, made == NULL ? "" : type_of(arena, made));
    }
    effects->references = arena_grow(arena, effects->references, effects->reference_count, &reader->reference_capacity,
                                     sizeof *effects->references);
    effects->references[effects->reference_count++] = (struct sql_reference){
        .schema = effects_kept(arena, tree_string(range, "schemaname")),
        .name = effects_kept(arena, tree_string(range, "relname")),
        .columns = own == NULL ? effects_names_of(arena, columns) : arena_strdup(arena, tree_string(own, "colname")),
        .types = own == NULL ? buffer_string(&types) : type_of(arena, own),
        .to_schema = effects_kept(arena, tree_string(to, "schemaname")),
        .to = effects_kept(arena, tree_string(to, "relname")),
        .to_columns = effects_names_of(arena, json_object_get(constraint, "pk_attrs"))};
}

static void take_keys(struct effects_reader *reader, const json_t *elements, const json_t *range)
{
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const element = json_array_get(elements, i);
        const json_t *const command = tree_body(element, "AlterTableCmd");
        const json_t *const def = command == NULL ? element : json_object_get(command, "def");
        const json_t *const column = tree_body(def, "ColumnDef");
        const json_t *const constraints = json_object_get(column, "constraints");
        take_key(reader, elements, range, tree_body(def, "Constraint"), NULL);
        for (size_t j = 0; j < json_array_size(constraints); j++) {
            take_key(reader, elements, range, tree_body(json_array_get(constraints, j), "Constraint"), column);
        }
    }
}

/* ---- a new table ---- */

/* Of a serial column the type of its numbers. */
static const char *made_type(struct arena *arena, const json_t *column)
{
    const char *const serial = effects_serial_type(json_object_get(column, "typeName"));
    return serial == NULL ? type_of(arena, column) : arena_printf(arena, "pg_catalog\x1E%s\x1E", serial);
}

/* A DEFAULT that is a constant, also as one of its own type: 'x'::text. */
static struct sql_value default_of(const struct effects_reader *reader, const json_t *column)
{
    const json_t *const given = effects_constraint_of(column, "CONSTR_DEFAULT");
    const json_t *const expression = json_object_get(given, "raw_expr");
    const json_t *const cast = tree_body(expression, "TypeCast");
    const bool is_cast =
        cast != NULL && effects_is_same_type(json_object_get(cast, "typeName"), json_object_get(column, "typeName"));
    return given == NULL ? (struct sql_value){effects_is_left_empty(column) ? SQL_VALUE_NULL : SQL_VALUE_COMPUTED, NULL}
                         : effects_value(reader, is_cast ? json_object_get(cast, "arg") : expression);
}

/* A serial column, or an identity without options. */
static bool counts(const json_t *column)
{
    const json_t *const identity = effects_constraint_of(column, "CONSTR_IDENTITY");
    return effects_is_serial(json_object_get(column, "typeName")) ||
           (identity != NULL && tree_count(identity, "options") == 0);
}

static void take_parts(const struct effects_reader *reader, const json_t *elements, struct sql_made_table *made)
{
    struct arena *const arena = reader->arena;
    made->parts = arena_array(arena, json_array_size(elements), sizeof *made->parts);
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const column = tree_body(json_array_get(elements, i), "ColumnDef");
        if (column != NULL) {
            made->parts[made->count++] = (struct sql_made_column){
                .name = arena_strdup(arena, tree_string(column, "colname")),
                .written = json_object_get(column, "collClause") != NULL ? NULL : written_type(arena, column),
                .value = default_of(reader, column),
                .counts = counts(column),
                .is_filled = effects_constraint_of(column, "CONSTR_NOTNULL") != NULL ||
                             effects_is_serial(json_object_get(column, "typeName")) ||
                             effects_constraint_of(column, "CONSTR_IDENTITY") != NULL};
        }
    }
}

void effects_made_table(struct effects_reader *reader, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "tableElts");
    const json_t *const range = json_object_get(body, "relation");
    struct arena *const arena = reader->arena;
    struct buffer columns = {.arena = arena};
    struct buffer types = {.arena = arena};
    const char *key = "";
    size_t count = 0;
    bool is_whole = json_object_get(body, "inhRelations") == NULL && json_object_get(body, "ofTypename") == NULL;
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const column = tree_body(json_array_get(elements, i), "ColumnDef");
        const json_t *const constraint = tree_body(json_array_get(elements, i), "Constraint");
        is_whole = is_whole && (column != NULL || constraint != NULL);
        if (column != NULL) {
            effects_put_name(&columns, count, tree_string(column, "colname"));
            effects_put_name(&types, count++, made_type(arena, column));
        }
        key = effects_constraint_of(column, "CONSTR_PRIMARY") != NULL
                  ? arena_strdup(arena, tree_string(column, "colname"))
              : tree_is(constraint, "contype", "CONSTR_PRIMARY")
                  ? effects_names_of(arena, json_object_get(constraint, "keys"))
                  : key;
    }
    if (is_whole && count > 0) {
        reader->effects->made_table = arena_alloc(arena, sizeof *reader->effects->made_table);
        *reader->effects->made_table = (struct sql_made_table){
            .schema = effects_kept(arena, tree_string(range, "schemaname")),
            .name = arena_strdup(arena, tree_string(range, "relname")),
            .columns = buffer_string(&columns),
            .types = buffer_string(&types),
            .key = key,
            .is_plain = !tree_is(range, "relpersistence", "t") && json_object_get(body, "partspec") == NULL};
        take_parts(reader, elements, reader->effects->made_table);
        effects_made_rules(reader, body, reader->effects->made_table);
    }
}

/* Drops the keys of a new table to itself: until now, the name belongs to a different table. */
static void forget_own_keys(struct sql_effects *effects, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < effects->reference_count; i++) {
        if (strcmp(effects->references[i].to, name) != 0) {
            effects->references[kept++] = effects->references[i];
        }
    }
    effects->reference_count = kept;
}

/* The columns of its own table that a constraint names: those that the statement does not add must exist. */
static void need_own_columns(struct effects_reader *reader, const json_t *commands, const json_t *range)
{
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const json_t *const constraint = tree_body(json_object_get(command, "def"), "Constraint");
        const json_t *const keys = json_object_get(constraint, "keys");
        const json_t *const columns = keys != NULL ? keys : json_object_get(constraint, "fk_attrs");
        for (size_t j = 0; j < json_array_size(columns); j++) {
            if (effects_made_column(commands, tree_name(columns, j)) == NULL) {
                effects_need_part(reader, SQL_NEED_COLUMN, range, tree_name(columns, j));
            }
        }
    }
}

void effects_fitting(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const json_t *const commands = json_object_get(body, "cmds");
    effects_row_needs(reader, kind, body);
    if (strcmp(kind, "CreateStmt") == 0) {
        take_keys(reader, json_object_get(body, "tableElts"), NULL);
        effects_made_table(reader, body);
        forget_own_keys(reader->effects, tree_string(range, "relname"));
    } else if (strcmp(kind, "RenameStmt") == 0 && tree_is(body, "renameType", "OBJECT_COLUMN")) {
        add(reader, range,
            &(struct sql_alter){.kind = SQL_ALTER_RENAME,
                                .column = tree_string(body, "subname"),
                                .renamed = tree_string(body, "newname"),
                                .is_only = true});
    } else if (strcmp(kind, "AlterTableStmt") == 0 && !tree_is(body, "objtype", "OBJECT_INDEX")) {
        for (size_t i = 0; i < json_array_size(commands); i++) {
            take_command(reader, range, tree_body(json_array_get(commands, i), "AlterTableCmd"));
        }
        for (size_t i = 0; i < reader->effects->alter_count; i++) {
            struct sql_alter *const alter = &reader->effects->alters[i];
            alter->is_only = alter->column == NULL || is_only(commands, alter->column);
        }
        take_keys(reader, commands, range);
        need_own_columns(reader, commands, range);
    }
}
