/*
 * What CREATE TABLE and ALTER TABLE contradict themselves in, whatever the database has: PostgreSQL's parse_utilcmd.c,
 * heap.c and tablecmds.c, versions 13 to 18.
 */
#include "sql/effects_reader.h"
#include "sql/never.h"
#include "sql/types.h"

#include <string.h>

/* ---- one column ---- */

/* Types that no column has. */
static const char pseudo[] =
    "any anyarray anycompatible anycompatiblearray anycompatiblemultirange anycompatiblenonarray anycompatiblerange "
    "anyelement anyenum anymultirange anynonarray anyrange cstring event_trigger fdw_handler index_am_handler internal "
    "language_handler pg_ddl_command record table_am_handler trigger tsm_handler unknown void";

bool never_is_pseudo(const json_t *type)
{
    const json_t *const names = json_object_get(type, "names");
    const char *const schema = tree_name(names, 1);
    const char *const name = tree_name(names, 0);
    return name != NULL && (schema == NULL || strcmp(schema, "pg_catalog") == 0) && word_is_among(pseudo, name) &&
           tree_count(type, "arrayBounds") == 0;
}

static size_t count_of(const json_t *column, const char *kind)
{
    const json_t *const constraints = json_object_get(column, "constraints");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        count += tree_is(tree_body(json_array_get(constraints, i), "Constraint"), "contype", kind) ? 1 : 0;
    }
    return count;
}

/* Of a serial column, which has a default and is NOT NULL. */
static void of_serial(const struct never *never, const json_t *column)
{
    if (tree_count(json_object_get(column, "typeName"), "arrayBounds") > 0) {
        never_say(never, "There are no arrays of serial (0A000).");
    } else if (effects_constraint_of(column, "CONSTR_DEFAULT") != NULL) {
        never_say(never, "A serial column has a default already: it may be given no other (42601).");
    } else if (effects_constraint_of(column, "CONSTR_NULL") != NULL) {
        never_say(never, "A serial column is NOT NULL: it cannot be NULL (42601).");
    }
}

/* Two of DEFAULT, IDENTITY and GENERATED exclude each other. */
static void of_values(const struct never *never, const json_t *column)
{
    const size_t identities = count_of(column, "CONSTR_IDENTITY");
    const size_t values = identities + count_of(column, "CONSTR_DEFAULT") + count_of(column, "CONSTR_GENERATED");
    if (values > 1) {
        never_say(never, "A column has one of DEFAULT, IDENTITY and GENERATED, and only once (42601).");
    } else if (identities > 0) {
        const struct sql_type type = type_of_tree(json_object_get(column, "typeName"));
        if (type.builtin != NULL && !type_is_one_of(&type, "int2 int4 int8")) {
            never_say(never, "An identity column must be a smallint, an integer or a bigint (22023).");
        }
    }
    if (effects_constraint_of(column, "CONSTR_NULL") != NULL && count_of(column, "CONSTR_NOTNULL") + identities > 0) {
        never_say(never, "A column cannot be NULL and NOT NULL (42601).");
    } else if (never->is_of_18 && effects_constraint_of(column, "CONSTR_NULL") != NULL &&
               effects_constraint_of(column, "CONSTR_PRIMARY") != NULL) {
        never_say(never, "A column that is the primary key cannot be NULL, since PostgreSQL 18 (42601).");
    }
}

/* DEFERRABLE and INITIALLY belong to the constraint in front of them, if that may be deferred. */
static void of_attributes(const struct never *never, const json_t *constraints)
{
    static const char deferrable[] = "CONSTR_PRIMARY CONSTR_UNIQUE CONSTR_EXCLUSION CONSTR_FOREIGN";
    const char *before = "";
    bool has = false;
    bool denies = false;
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const char *const kind = tree_string(tree_body(json_array_get(constraints, i), "Constraint"), "contype");
        const bool is_attribute = strncmp(kind, "CONSTR_ATTR_", strlen("CONSTR_ATTR_")) == 0;
        const bool is_of_deferring = strstr(kind, "DEFERRABLE") != NULL;
        if (is_attribute && !word_is_among(deferrable, before)) {
            never_say(never, "DEFERRABLE and INITIALLY stand behind a key or an exclusion constraint only (42601).");
        } else if (is_of_deferring && has) {
            never_say(never, "A constraint is DEFERRABLE or not, which is said once (42601).");
        } else if (strcmp(kind, "CONSTR_ATTR_DEFERRED") == 0 && denies) {
            never_say(never, "What is INITIALLY DEFERRED must be DEFERRABLE (42601).");
        }
        has = is_attribute && (has || is_of_deferring);
        denies = is_attribute && (denies || strcmp(kind, "CONSTR_ATTR_NOT_DEFERRABLE") == 0);
        before = is_attribute ? before : kind;
    }
}

static void of_column(const struct never *never, const json_t *column)
{
    const json_t *const type = json_object_get(column, "typeName");
    if (never_is_pseudo(type)) {
        never_say(never, "No column may be of a pseudo-type (42P16).");
    }
    if (effects_is_serial(type)) {
        of_serial(never, column);
    }
    of_values(never, column);
    const json_t *const identity = effects_constraint_of(column, "CONSTR_IDENTITY");
    if (identity != NULL) {
        never_made_sequence(never, json_object_get(identity, "options"), type);
    }
    of_attributes(never, json_object_get(column, "constraints"));
}

/* ---- what a generated column reads ---- */

struct generated {
    const struct never *never;
    const json_t *elements;
};

static bool take_reference(void *data, const char *key, json_t *object)
{
    const struct generated *const generated = data;
    const char *const name = strcmp(key, "ColumnRef") == 0 ? tree_name(json_object_get(object, "fields"), 0) : NULL;
    if (effects_constraint_of(effects_made_column(generated->elements, name), "CONSTR_GENERATED") != NULL) {
        never_say(generated->never, "A generated column may read no generated column (42P17).");
    }
    return true;
}

/* ---- keys ---- */

/* Built-in types without an operator class of btree. */
static const char unordered[] = "box circle json jsonpath line lseg path point polygon xml";

static void of_key_column(const struct never *never, const json_t *elements, const char *name)
{
    const json_t *const type = json_object_get(effects_made_column(elements, name), "typeName");
    const json_t *const names = json_object_get(type, "names");
    const char *const schema = tree_name(names, 1);
    if (type != NULL && tree_count(type, "arrayBounds") == 0 && word_is_among(unordered, tree_name(names, 0)) &&
        (schema == NULL || strcmp(schema, "pg_catalog") == 0)) {
        never_say(never,
                  "A key, and a partition key by LIST or RANGE, needs columns whose values have an order; one is of a "
                  "type that has none (42704).");
    }
}

static bool has_twice(const json_t *names)
{
    bool has = false;
    for (size_t i = 0; !has && i < json_array_size(names); i++) {
        for (size_t j = i + 1; !has && j < json_array_size(names); j++) {
            has = strcmp(tree_name(names, i), tree_name(names, j)) == 0;
        }
    }
    return has;
}

static bool has_name(const json_t *names, const char *name)
{
    bool has = false;
    for (size_t i = 0; !has && i < json_array_size(names); i++) {
        has = strcmp(tree_name(names, i), name) == 0;
    }
    return has;
}

/* own: the column at which the constraint stands; NULL: it is one of the table. */
static void of_foreign_key(const struct never *never, const json_t *constraint, const json_t *elements,
                           const json_t *own)
{
    const json_t *const given = json_object_get(constraint, "fk_attrs");
    const json_t *const set = json_object_get(constraint, "fk_del_set_cols");
    const bool sets = word_is_among("n d", tree_string(constraint, "fk_del_action"));
    const bool writes = sets || word_is_among("n d c", tree_string(constraint, "fk_upd_action"));
    for (size_t i = 0; i < json_array_size(set); i++) {
        const char *const name = tree_name(set, i);
        if (own != NULL ? !tree_is(own, "colname", name) : !has_name(given, name)) {
            never_say(never, "ON DELETE SET names a column that is none of the foreign key's (42P10).");
        }
    }
    bool is_generated = effects_constraint_of(own, "CONSTR_GENERATED") != NULL;
    for (size_t i = 0; i < json_array_size(given); i++) {
        const json_t *const column = effects_made_column(elements, tree_name(given, i));
        is_generated = is_generated || effects_constraint_of(column, "CONSTR_GENERATED") != NULL;
    }
    if (is_generated && writes) {
        never_say(never, "No action of a foreign key may write a generated column (42601).");
    }
}

static void of_constraint(const struct never *never, const json_t *constraint, const json_t *elements,
                          const json_t *own)
{
    const json_t *const keys = json_object_get(constraint, "keys");
    const char *const kind = tree_string(constraint, "contype");
    const bool is_unique = word_is_among("CONSTR_PRIMARY CONSTR_UNIQUE", kind);
    if (is_unique && has_twice(keys)) {
        never_say(never, "A key names a column twice (42701).");
    }
    if (is_unique && own != NULL) {
        of_key_column(never, elements, tree_string(own, "colname"));
    }
    for (size_t i = 0; is_unique && i < json_array_size(keys); i++) {
        of_key_column(never, elements, tree_name(keys, i));
    }
    if (strcmp(kind, "CONSTR_FOREIGN") == 0) {
        of_foreign_key(never, constraint, elements, own);
    }
    if (strcmp(kind, "CONSTR_GENERATED") == 0) {
        struct generated generated = {never, elements};
        tree_walk(json_object_get(constraint, "raw_expr"), take_reference, &generated);
    }
}

/* ---- all elements ---- */

/* What must be once in a table. */
struct once {
    const struct never *never;
    size_t primary_keys;
    const char *names[LIMIT_CONSTRAINTS];
    size_t count;
};

static void count_constraint(struct once *once, const json_t *constraint)
{
    const char *const name = tree_string(constraint, "conname");
    const bool is_named = name[0] != '\0' && !word_is_among("CONSTR_NULL CONSTR_NOTNULL CONSTR_DEFAULT CONSTR_IDENTITY "
                                                            "CONSTR_GENERATED",
                                                            tree_string(constraint, "contype"));
    once->primary_keys += tree_is(constraint, "contype", "CONSTR_PRIMARY") ? 1 : 0;
    for (size_t i = 0; is_named && i < once->count; i++) {
        if (strcmp(once->names[i], name) == 0) {
            never_say(once->never, "Two constraints of the table have the same name (42710).");
        }
    }
    if (is_named && once->count < LIMIT_CONSTRAINTS) {
        once->names[once->count++] = name;
    }
    if (once->primary_keys > 1) {
        never_say(once->never, "A table has one primary key (42P16).");
    }
}

/* elements: of CREATE TABLE, or what ALTER TABLE adds. */
static void of_element(struct once *once, const json_t *element, const json_t *elements)
{
    const json_t *const column = tree_body(element, "ColumnDef");
    const json_t *const constraints = json_object_get(column, "constraints");
    if (column != NULL) {
        of_column(once->never, column);
    }
    count_constraint(once, tree_body(element, "Constraint"));
    of_constraint(once->never, tree_body(element, "Constraint"), elements, NULL);
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const json_t *const constraint = tree_body(json_array_get(constraints, i), "Constraint");
        count_constraint(once, constraint);
        of_constraint(once->never, constraint, elements, column);
    }
}

void never_elements(const struct never *never, const json_t *elements)
{
    struct once once = {.never = never};
    for (size_t i = 0; i < json_array_size(elements); i++) {
        of_element(&once, json_array_get(elements, i), elements);
    }
}

/* What ALTER TABLE adds is dropped before in the same statement, perhaps. */
void never_alter_table(const struct never *never, const json_t *body)
{
    const json_t *const commands = json_object_get(body, "cmds");
    struct once once = {.never = never};
    json_t *const added = json_array();
    bool drops = false;
    for (size_t i = 0; i < json_array_size(commands); i++) {
        const json_t *const command = tree_body(json_array_get(commands, i), "AlterTableCmd");
        const bool adds = word_is_among("AT_AddColumn AT_AddConstraint", tree_string(command, "subtype"));
        drops = drops || tree_flag(command, "missing_ok");
        if (adds) {
            json_array_append(added, json_object_get(command, "def"));
        }
    }
    for (size_t i = 0; !drops && i < json_array_size(added); i++) {
        of_element(&once, json_array_get(added, i), added);
    }
    json_decref(added);
}
