/*
 * What the rows of an existing table must be like for a constraint, an index or NOT NULL. Nothing is asked of a
 * statement that also changes the rows, or what they are compared as.
 */
#include "sql/effects_reader.h"

#include <string.h>

struct asking {
    struct effects_reader *reader;
    const json_t *range;         /* the table's RangeVar */
    const char *column;          /* the new one at which the constraints are written; NULL: they are the table's */
    size_t checks;               /* CHECKs of the statement so far */
    struct sql_made_table *made; /* the table that the statement makes; NULL: it is there */
    size_t capacity;
    bool is_deferrable; /* the constraint */
};

/* Adds the need, of the table's rows, with what is the same for all. */
static void add(struct asking *asking, struct sql_need need)
{
    need.schema = tree_string(asking->range, "schemaname");
    need.name = tree_string(asking->range, "relname");
    need.is_only = need.is_only || !tree_flag(asking->range, "inh");
    need.is_only_read = true;
    need.is_deferrable = asking->is_deferrable;
    struct sql_made_table *const made = asking->made;
    if (made == NULL) {
        effects_need(asking->reader, need);
    } else {
        effects_put_need(asking->reader->arena, &made->rules, &made->rule_count, &asking->capacity, &need);
    }
}

static void need(struct asking *asking, enum sql_need_kind kind, const char *columns, const char *types)
{
    add(asking, (struct sql_need){.kind = kind, .part = columns, .types = types});
}

/* The name of a constraint that is NOT VALID; NULL: it is checked at once, or PostgreSQL chooses its name. */
static const char *promised(const json_t *constraint)
{
    const char *const name = tree_string(constraint, "conname");
    return tree_flag(constraint, "skip_validation") && name[0] != '\0' ? name : NULL;
}

/* The columns of a unique index; NULL if it is over something else, or not over all rows. */
static const char *indexed_columns(struct effects_reader *reader, const json_t *index)
{
    const json_t *const elements = json_object_get(index, "indexParams");
    struct buffer names = {.arena = reader->arena};
    bool is_plain = tree_flag(index, "unique") && !tree_flag(index, "if_not_exists") &&
                    json_object_get(index, "whereClause") == NULL;
    for (size_t i = 0; is_plain && i < json_array_size(elements); i++) {
        const json_t *const element = tree_body(json_array_get(elements, i), "IndexElem");
        is_plain = json_object_get(element, "name") != NULL && json_object_get(element, "collation") == NULL &&
                   json_object_get(element, "opclass") == NULL;
        effects_put_name(&names, i, tree_string(element, "name"));
    }
    return is_plain && json_array_size(elements) > 0 ? buffer_string(&names) : NULL;
}

/* ---- constraints ---- */

/* The columns of a constraint: those that it lists, or the one at which it is written. */
static const char *columns_of(const struct asking *asking, const json_t *constraint, const char *list)
{
    return asking->column != NULL ? asking->column
                                  : effects_names_of(asking->reader->arena, json_object_get(constraint, list));
}

/* A constraint USING INDEX lists none. */
static void need_different(struct asking *asking, const json_t *constraint)
{
    const char *const columns = columns_of(asking, constraint, "keys");
    if (columns[0] != '\0') {
        add(asking, (struct sql_need){.kind = SQL_NEED_NO_DUPLICATES,
                                      .part = columns,
                                      .types = tree_is(constraint, "contype", "CONSTR_PRIMARY") ? "p" : "",
                                      .is_null_equal = tree_flag(constraint, "nulls_not_distinct")});
    }
}

/* number: of its CHECK in the statement. */
static void need_checked(struct asking *asking, const json_t *constraint, size_t number)
{
    struct effects_reader *const reader = asking->reader;
    const char *const columns = effects_plain_columns(reader->arena, json_object_get(constraint, "raw_expr"));
    const char *const text =
        columns == NULL ? NULL
        : asking->made != NULL
            ? (reader->is_reworded ? NULL : effects_source(reader, NULL, 0, json_object_get(constraint, "raw_expr")))
            : effects_text_within(reader, "check", number, columns);
    const char *const later = promised(constraint);
    if (text != NULL && (later != NULL || !tree_flag(constraint, "skip_validation"))) {
        add(asking, (struct sql_need){.kind = SQL_NEED_CHECKED,
                                      .part = columns,
                                      .types = text,
                                      .promised = later,
                                      .is_only = tree_flag(constraint, "is_no_inherit")});
    } else if (later != NULL) { /* it cannot be asked for */
        add(asking, (struct sql_need){.kind = SQL_NEED_VALID, .part = later, .promised = later});
    }
}

static void need_parents(struct asking *asking, const json_t *constraint)
{
    const json_t *const parent = json_object_get(constraint, "pktable");
    struct arena *const arena = asking->reader->arena;
    const char *const later = promised(constraint);
    if ((later == NULL && tree_flag(constraint, "skip_validation")) || tree_flag(constraint, "is_period")) {
        return;
    }
    add(asking, (struct sql_need){.kind = SQL_NEED_PARENTS,
                                  .part = columns_of(asking, constraint, "fk_attrs"),
                                  .types = effects_names_of(arena, json_object_get(constraint, "pk_attrs")),
                                  .was_schema = tree_string(parent, "schemaname"),
                                  .was = tree_string(parent, "relname"),
                                  .promised = later,
                                  .is_full = tree_is(constraint, "fk_matchtype", "f")});
}

/* An exclusion constraint over columns, with PostgreSQL's operators and for all rows. */
static void need_apart(struct asking *asking, const json_t *constraint)
{
    const json_t *const parts = json_object_get(constraint, "exclusions");
    struct buffer columns = {.arena = asking->reader->arena};
    struct buffer operators = {.arena = asking->reader->arena};
    bool is_plain = json_object_get(constraint, "where_clause") == NULL && json_array_size(parts) > 0;
    for (size_t i = 0; is_plain && i < json_array_size(parts); i++) {
        const json_t *const pair = json_object_get(tree_body(json_array_get(parts, i), "List"), "items");
        const json_t *const element = tree_body(json_array_get(pair, 0), "IndexElem");
        const json_t *const sign = json_object_get(tree_body(json_array_get(pair, 1), "List"), "items");
        is_plain = json_object_get(element, "name") != NULL && json_array_size(sign) == 1;
        effects_put_name(&columns, i, tree_string(element, "name"));
        effects_put_name(&operators, i, is_plain ? tree_name(sign, 0) : "");
    }
    if (is_plain) {
        need(asking, SQL_NEED_APART, buffer_string(&columns), buffer_string(&operators));
    }
}

/* A unique index over expressions, or of some rows. */
static void need_unequal(struct asking *asking, const json_t *index)
{
    struct effects_reader *const reader = asking->reader;
    json_t *const condition = json_object_get(index, "whereClause");
    struct buffer columns = {.arena = reader->arena};
    const bool is_asked = tree_flag(index, "unique") && !tree_flag(index, "if_not_exists");
    const char *const texts = is_asked ? effects_index_texts(reader, index, &columns) : NULL;
    const char *const of = condition == NULL ? NULL : effects_plain_columns(reader->arena, condition);
    const char *const where = of == NULL ? NULL : effects_text_behind(reader, "where", 0, of);
    if (texts != NULL && (condition == NULL || where != NULL)) {
        effects_add_columns(&columns, where == NULL ? "" : of);
        add(asking, (struct sql_need){.kind = SQL_NEED_NO_EQUALS,
                                      .part = buffer_string(&columns),
                                      .types = texts,
                                      .was = where,
                                      .is_null_equal = tree_flag(index, "nulls_not_distinct")});
    }
}

/* ---- CREATE TABLE ---- */

/* Is one of the constraints of a column followed by DEFERRABLE or INITIALLY DEFERRED? */
static bool defers(const json_t *column)
{
    return effects_constraint_of(column, "CONSTR_ATTR_DEFERRABLE") != NULL ||
           effects_constraint_of(column, "CONSTR_ATTR_DEFERRED") != NULL;
}

static void take_constraint(struct asking *asking, const json_t *constraint);

void effects_made_rules(struct effects_reader *reader, const json_t *body, struct sql_made_table *made)
{
    const json_t *const elements = json_object_get(body, "tableElts");
    struct asking asking = {.reader = reader, .range = json_object_get(body, "relation"), .made = made};
    for (size_t i = 0; i < json_array_size(elements); i++) {
        const json_t *const column = tree_body(json_array_get(elements, i), "ColumnDef");
        const json_t *const constraints = json_object_get(column, "constraints");
        asking.column = NULL;
        asking.is_deferrable = false;
        take_constraint(&asking, tree_body(json_array_get(elements, i), "Constraint"));
        asking.column = column == NULL ? NULL : arena_strdup(reader->arena, tree_string(column, "colname"));
        for (size_t j = 0; j < json_array_size(constraints); j++) {
            const json_t *const constraint = tree_body(json_array_get(constraints, j), "Constraint");
            asking.is_deferrable = defers(column);
            if (!tree_is(constraint, "contype", "CONSTR_NOTNULL")) {
                take_constraint(&asking, constraint);
            }
        }
    }
}

/* ---- ALTER TABLE ---- */

static bool leaves_rows(const json_t *commands)
{
    static const char those[] =
        "AT_AddConstraint AT_SetNotNull AT_AddColumn AT_ColumnDefault AT_ValidateConstraint AT_SetStatistics "
        "AT_ReplicaIdentity AT_EnableRowSecurity AT_DropConstraint AT_DropNotNull AT_AlterConstraint AT_ChangeOwner "
        "AT_SetOptions AT_ResetOptions AT_SetRelOptions AT_ResetRelOptions AT_ClusterOn AT_DropCluster AT_EnableTrig "
        "AT_DisableTrig AT_EnableTrigAll AT_DisableTrigAll AT_EnableTrigUser AT_DisableTrigUser AT_DisableRowSecurity "
        "AT_ForceRowSecurity AT_NoForceRowSecurity AT_SetTableSpace AT_SetLogged AT_SetUnLogged";
    bool leaves = true;
    for (size_t i = 0; leaves && i < json_array_size(commands); i++) {
        leaves = word_is_among(those, tree_string(tree_body(json_array_get(commands, i), "AlterTableCmd"), "subtype"));
    }
    return leaves;
}

/* A NOT NULL of a table (PostgreSQL 18), which was written as a CHECK. */
static void need_filled(struct asking *asking, const json_t *constraint)
{
    const char *const later = promised(constraint);
    asking->checks++;
    if (later != NULL || !tree_flag(constraint, "skip_validation")) {
        add(asking, (struct sql_need){.kind = SQL_NEED_NO_NULLS,
                                      .part = tree_name(json_object_get(constraint, "keys"), 0),
                                      .types = "",
                                      .promised = later,
                                      .is_only = tree_flag(constraint, "is_no_inherit")});
    }
}

/* What is not enforced is asked of no row. */
static void take_constraint(struct asking *asking, const json_t *constraint)
{
    asking->is_deferrable = asking->is_deferrable || tree_flag(constraint, "deferrable");
    if (tree_flag(constraint, "is_not_enforced")) {
        asking->checks += tree_is(constraint, "contype", "CONSTR_CHECK") ? 1 : 0;
    } else if (tree_is(constraint, "contype", "CONSTR_NOTNULL")) {
        need_filled(asking, constraint);
    } else if (tree_is(constraint, "contype", "CONSTR_CHECK")) {
        need_checked(asking, constraint, asking->checks++);
    } else if (tree_is(constraint, "contype", "CONSTR_FOREIGN")) {
        need_parents(asking, constraint);
    } else if (tree_is(constraint, "contype", "CONSTR_EXCLUSION")) {
        need_apart(asking, constraint);
    } else if (tree_is(constraint, "contype", "CONSTR_PRIMARY") || tree_is(constraint, "contype", "CONSTR_UNIQUE")) {
        need_different(asking, constraint);
    }
}

/* What a new column demands of the value that the rows get in it. A NOT NULL column without a value is another need. */
static void take_column(struct asking *asking, const json_t *command, const json_t *column)
{
    const json_t *const constraints = json_object_get(column, "constraints");
    const bool may_be_there = tree_flag(command, "missing_ok");
    asking->column = arena_strdup(asking->reader->arena, tree_string(column, "colname"));
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        asking->is_deferrable = defers(column);
        const json_t *const constraint = tree_body(json_array_get(constraints, i), "Constraint");
        if (may_be_there) {
            asking->checks += tree_is(constraint, "contype", "CONSTR_CHECK") ? 1 : 0;
        } else if (!tree_is(constraint, "contype", "CONSTR_NOTNULL")) {
            take_constraint(asking, constraint);
        } else if (!effects_is_left_empty(column)) {
            need(asking, SQL_NEED_NO_NULLS, asking->column, "");
        }
    }
    asking->column = NULL;
}

static void take_command(struct asking *asking, const json_t *command)
{
    const json_t *const def = json_object_get(command, "def");
    const json_t *const column = tree_body(def, "ColumnDef");
    asking->is_deferrable = false;
    take_constraint(asking, tree_body(def, "Constraint"));
    if (tree_is(command, "subtype", "AT_AddColumn") && column != NULL) {
        take_column(asking, command, column);
    }
    if (tree_is(command, "subtype", "AT_SetNotNull")) {
        need(asking, SQL_NEED_NO_NULLS, tree_string(command, "name"), "");
    } else if (tree_is(command, "subtype", "AT_ValidateConstraint")) {
        need(asking, SQL_NEED_VALID, tree_string(command, "name"), "");
    }
}

/* ALTER DOMAIN … ADD CHECK and SET NOT NULL. */
static void of_domain(struct effects_reader *reader, const json_t *body)
{
    const json_t *const names = json_object_get(body, "typeName");
    const json_t *const constraint = tree_body(json_object_get(body, "def"), "Constraint");
    json_t *const check = json_object_get(constraint, "raw_expr");
    const bool is_filled = tree_is(body, "subtype", "O");
    const char *const columns = check == NULL ? NULL : effects_plain_columns(reader->arena, check);
    const char *const text =
        columns != NULL && strcmp(columns, "value") == 0 && !tree_flag(constraint, "skip_validation")
            ? effects_source(reader, "check", 0, check)
            : NULL;
    if (is_filled || text != NULL) {
        effects_need(reader, (struct sql_need){.kind = SQL_NEED_DOMAIN_FITS,
                                               .schema = tree_name(names, 1),
                                               .name = tree_name(names, 0),
                                               .part = is_filled ? "null" : "value",
                                               .types = is_filled ? "value IS NOT NULL" : text,
                                               .is_only_read = true});
    }
}

/* Other statements that leave rows and columns as they are, or make what has none yet. */
static const char leaving[] =
    "IndexStmt CommentStmt GrantStmt CreateStmt CreateSeqStmt CreateTrigStmt CreatePolicyStmt AlterPolicyStmt "
    "CreateStatsStmt CreateEnumStmt CreateFunctionStmt CreateSchemaStmt ViewStmt CreatePublicationStmt";

void effects_row_needs(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    struct asking asking = {.reader = reader, .range = json_object_get(body, "relation")};
    const bool alters = strcmp(kind, "AlterTableStmt") == 0 && tree_is(body, "objtype", "OBJECT_TABLE");
    reader->effects->keeps_rows = alters ? leaves_rows(commands) : word_is_among(leaving, kind);
    if (strcmp(kind, "AlterDomainStmt") == 0) {
        of_domain(reader, body);
    } else if (strcmp(kind, "IndexStmt") == 0 && indexed_columns(reader, body) != NULL) {
        add(&asking, (struct sql_need){.kind = SQL_NEED_NO_DUPLICATES,
                                       .part = indexed_columns(reader, body),
                                       .types = "",
                                       .is_null_equal = tree_flag(body, "nulls_not_distinct")});
    } else if (strcmp(kind, "IndexStmt") == 0) {
        need_unequal(&asking, body);
    } else if (alters && reader->effects->keeps_rows) {
        for (size_t i = 0; i < json_array_size(commands); i++) {
            take_command(&asking, tree_body(json_array_get(commands, i), "AlterTableCmd"));
        }
    }
}
