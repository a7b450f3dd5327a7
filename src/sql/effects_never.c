/*
 * Contradictions of single statements. The rules are those of PostgreSQL 13 to 18.
 */
#include "base/limits.h"
#include "sql/effects_reader.h"
#include "sql/never.h"

#include <string.h>

void never_say(const struct never *never, const char *why)
{
    never->effects->wrong = never->effects->wrong == NULL ? why : never->effects->wrong;
}

/* Is one of these words named twice, or, if none is given, any? */
static bool is_twice(const json_t *list, const char *(*name_of)(const json_t *element))
{
    bool is = false;
    for (size_t i = 0; !is && i < json_array_size(list); i++) {
        const char *const name = name_of(json_array_get(list, i));
        for (size_t j = i + 1; !is && name != NULL && name[0] != '\0' && j < json_array_size(list); j++) {
            const char *const other = name_of(json_array_get(list, j));
            is = other != NULL && strcmp(name, other) == 0;
        }
    }
    return is;
}

static const char *name_of_string(const json_t *element)
{
    return tree_string(tree_body(element, "String"), "sval");
}

static const char *name_of_option(const json_t *element)
{
    return tree_string(tree_body(element, "DefElem"), "defname");
}

static const char *name_of_column(const json_t *element)
{
    return tree_string(tree_body(element, "ColumnDef"), "colname");
}

static const char *name_of_statistics(const json_t *element)
{
    return tree_string(tree_body(element, "StatsElem"), "name");
}

static const char *name_of_key(const json_t *element)
{
    return tree_string(tree_body(element, "PartitionElem"), "name");
}

/* ---- tables ---- */

static void of_partitioning(const struct never *never, const json_t *body)
{
    static const char system[] = "tableoid ctid xmin xmax cmin cmax";
    const json_t *const partitioning = json_object_get(body, "partspec");
    const json_t *const keys = json_object_get(partitioning, "partParams");
    const json_t *const elements = json_object_get(body, "tableElts");
    if (partitioning == NULL) {
        return;
    }
    if (word_is_among("list PARTITION_STRATEGY_LIST", tree_string(partitioning, "strategy")) &&
        json_array_size(keys) > 1) {
        never_say(never, "A table is partitioned BY LIST of one column (42P17).");
    }
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *const name = name_of_key(json_array_get(keys, i));
        if (word_is_among(system, name) ||
            effects_constraint_of(effects_made_column(elements, name), "CONSTR_GENERATED") != NULL) {
            never_say(never, "A system column, or a generated one, cannot be of the partition key (42P17).");
        }
    }
    if (never->is_of_18 && tree_is(json_object_get(body, "relation"), "relpersistence", "u")) {
        never_say(never, "A partitioned table cannot be UNLOGGED since PostgreSQL 18: its partitions can (0A000).");
    }
    if (json_object_get(body, "inhRelations") != NULL && json_object_get(body, "partbound") == NULL) {
        never_say(never, "A partitioned table cannot inherit from another table (42P17).");
    }
}

static void of_table(const struct never *never, const json_t *body)
{
    const json_t *const range = json_object_get(body, "relation");
    const char *const schema = tree_string(range, "schemaname");
    const bool is_temporary = tree_is(range, "relpersistence", "t");
    if (!is_temporary && !word_is_among("ONCOMMIT_NOOP", tree_string(body, "oncommit")) &&
        tree_string(body, "oncommit")[0] != '\0' && strncmp(schema, "pg_temp", 7) != 0) {
        never_say(never, "ON COMMIT is for temporary tables only (42P16).");
    }
    if (is_temporary && schema[0] != '\0' && strncmp(schema, "pg_temp", strlen("pg_temp")) != 0) {
        never_say(never, "A temporary table is in no schema with a name (42P16).");
    }
    of_partitioning(never, body);
    never_elements(never, json_object_get(body, "tableElts"));
}

/* ---- types ---- */

static void of_composite(const struct never *never, const json_t *body)
{
    const json_t *const columns = json_object_get(body, "coldeflist");
    if (is_twice(columns, name_of_column)) {
        never_say(never, "It makes an attribute twice (42701).");
    }
    for (size_t i = 0; i < json_array_size(columns); i++) {
        if (never_is_pseudo(json_object_get(tree_body(json_array_get(columns, i), "ColumnDef"), "typeName"))) {
            never_say(never, "No attribute may be of a pseudo-type (42P16).");
        }
    }
}

static void of_label(const struct never *never, const char *label)
{
    if (strlen(label) > LIMIT_NAME) {
        never_say(never, "A label of an enum has at most 63 bytes (42602).");
    }
}

static void of_enum(const struct never *never, const json_t *body)
{
    const json_t *const labels = json_object_get(body, "vals");
    if (is_twice(labels, name_of_string)) {
        never_say(never, "It makes a label twice (23505).");
    }
    for (size_t i = 0; i < json_array_size(labels); i++) {
        of_label(never, name_of_string(json_array_get(labels, i)));
    }
}

static void of_altered_enum(const struct never *never, const json_t *body)
{
    of_label(never, tree_string(body, "newVal"));
}

static void of_domain(const struct never *never, const json_t *body)
{
    static const char impossible[] = "CONSTR_UNIQUE CONSTR_PRIMARY CONSTR_EXCLUSION CONSTR_FOREIGN CONSTR_IDENTITY "
                                     "CONSTR_GENERATED CONSTR_ATTR_DEFERRABLE CONSTR_ATTR_NOT_DEFERRABLE "
                                     "CONSTR_ATTR_DEFERRED CONSTR_ATTR_IMMEDIATE";
    const json_t *const constraints = json_object_get(body, "constraints");
    size_t defaults = 0;
    const char *null = "";
    if (never_is_pseudo(json_object_get(body, "typeName"))) {
        never_say(never, "No domain may be over a pseudo-type (42804).");
    }
    for (size_t i = 0; i < json_array_size(constraints); i++) {
        const char *const kind = tree_string(tree_body(json_array_get(constraints, i), "Constraint"), "contype");
        defaults += strcmp(kind, "CONSTR_DEFAULT") == 0 ? 1 : 0;
        if (word_is_among(impossible, kind)) {
            never_say(never, "A domain may have a DEFAULT, NOT NULL and CHECKs, and no other constraint (42601).");
        }
        if (word_is_among("CONSTR_NULL CONSTR_NOTNULL", kind)) {
            if (null[0] != '\0' && strcmp(null, kind) != 0) {
                never_say(never, "A domain cannot be NULL and NOT NULL (42601).");
            }
            null = kind;
        }
    }
    if (defaults > 1) {
        never_say(never, "A domain has one DEFAULT (42601).");
    }
}

/* ---- indexes ---- */

static const struct method {
    const char *name;
    bool is_unique;
    bool is_ordered;
    bool has_several;
    bool includes;
} methods[] = {
    {"btree", true, true, true, true},  {"hash", false, false, false, false}, {"gist", false, false, true, true},
    {"gin", false, false, true, false}, {"brin", false, false, true, false},  {"spgist", false, false, false, true},
};

static const struct method *method_called(const char *name)
{
    const struct method *found = NULL;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        found = strcmp(methods[i].name, name) == 0 ? &methods[i] : found;
    }
    return found;
}

static void of_index_element(const struct never *never, const struct method *method, const json_t *element)
{
    static const char system[] = "tableoid ctid xmin xmax cmin cmax";
    static const char usual[] = "SORTBY_DEFAULT SORTBY_NULLS_DEFAULT";
    const char *const ordering = tree_string(element, "ordering");
    const char *const nulls = tree_string(element, "nulls_ordering");
    if (word_is_among(system, tree_string(element, "name"))) {
        never_say(never, "A system column cannot be indexed (0A000).");
    }
    if (method != NULL && !method->is_ordered &&
        ((ordering[0] != '\0' && !word_is_among(usual, ordering)) ||
         (nulls[0] != '\0' && !word_is_among(usual, nulls)))) {
        never_say(never, "The access method keeps no order: ASC, DESC and NULLS are for btree (0A000).");
    }
}

static void of_index(const struct never *never, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "indexParams");
    const json_t *const included = json_object_get(body, "indexIncludingParams");
    const struct method *const method = method_called(tree_string(body, "accessMethod"));
    if (method != NULL && tree_flag(body, "unique") && !method->is_unique) {
        never_say(never, "The access method makes no unique indexes (0A000).");
    }
    if (method != NULL && json_array_size(elements) > 1 && !method->has_several) {
        never_say(never, "The access method makes indexes of one column only (0A000).");
    }
    if (method != NULL && json_array_size(included) > 0 && !method->includes) {
        never_say(never, "The access method includes no columns (0A000).");
    }
    for (size_t i = 0; i < json_array_size(elements); i++) {
        of_index_element(never, method, tree_body(json_array_get(elements, i), "IndexElem"));
    }
    for (size_t i = 0; i < json_array_size(included); i++) {
        if (json_object_get(tree_body(json_array_get(included, i), "IndexElem"), "expr") != NULL) {
            never_say(never, "INCLUDE takes columns, no expressions (0A000).");
        }
    }
    if (strcmp(tree_string(body, "tableSpace"), "pg_global") == 0) {
        never_say(never, "Only what all databases share may be in pg_global (22023).");
    }
}

/* ---- others ---- */

static void of_statistics(const struct never *never, const json_t *body)
{
    const json_t *const elements = json_object_get(body, "exprs");
    const json_t *const kinds = json_object_get(body, "stat_types");
    const json_t *const first = tree_body(json_array_get(elements, 0), "StatsElem");
    if (json_array_size(elements) == 1 && json_object_get(first, "expr") == NULL) {
        never_say(never, "Statistics are of two columns at least, or of an expression (42P17).");
    } else if (json_array_size(elements) > 8) {
        never_say(never, "Statistics are of 8 columns at most (54011).");
    } else if (is_twice(elements, name_of_statistics)) {
        never_say(never, "The statistics name a column twice (42701).");
    }
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        if (!word_is_among("ndistinct dependencies mcv", name_of_string(json_array_get(kinds, i)))) {
            never_say(never, "There are no statistics of this kind (42601).");
        }
    }
}

static void of_policy(const struct never *never, const json_t *body)
{
    const char *const command = tree_string(body, "cmd_name");
    if (word_is_among("select delete", command) && json_object_get(body, "with_check") != NULL) {
        never_say(never, "A policy FOR SELECT or DELETE has no WITH CHECK (42601).");
    } else if (strcmp(command, "insert") == 0 && json_object_get(body, "qual") != NULL) {
        never_say(never, "A policy FOR INSERT has WITH CHECK, and no USING (42601).");
    }
}

struct firing_names {
    bool names_old;
    bool names_new;
};

static bool take_row(void *data, const char *key, json_t *object)
{
    struct firing_names *const names = data;
    const json_t *const fields = strcmp(key, "ColumnRef") == 0 ? json_object_get(object, "fields") : NULL;
    const char *const row = json_array_size(fields) == 0 ? "" : name_of_string(json_array_get(fields, 0));
    names->names_old = names->names_old || strcmp(row, "old") == 0;
    names->names_new = names->names_new || strcmp(row, "new") == 0;
    return true;
}

/* TRIGGER_TYPE_* of PostgreSQL's pg_trigger.h. */
static void of_trigger(const struct never *never, const json_t *body)
{
    enum { AFTER = 0, INSERT = 4, DELETE = 8, UPDATE = 16, TRUNCATE = 32, INSTEAD = 64 };
    const json_int_t events = tree_integer(body, "events");
    const json_int_t timing = tree_integer(body, "timing");
    const bool is_row = tree_flag(body, "row");
    struct firing_names names = {false, false};
    tree_walk(json_object_get(body, "whenClause"), take_row, &names);
    if ((events & INSERT) != 0 && names.names_old) {
        never_say(never, "WHEN of an INSERT has no OLD (42P17).");
    } else if ((events & DELETE) != 0 && names.names_new) {
        never_say(never, "WHEN of a DELETE has no NEW (42P17).");
    } else if (!is_row && (names.names_old || names.names_new)) {
        never_say(never, "WHEN of a statement has no row (42P17).");
    } else if (is_row && (events & TRUNCATE) != 0) {
        never_say(never, "A TRUNCATE fires for the statement, not for each row (0A000).");
    } else if (timing == INSTEAD && !is_row) {
        never_say(never, "INSTEAD OF is FOR EACH ROW (0A000).");
    } else if (timing == INSTEAD && json_object_get(body, "whenClause") != NULL) {
        never_say(never, "INSTEAD OF has no WHEN (0A000).");
    } else if (timing == INSTEAD && json_object_get(body, "columns") != NULL) {
        never_say(never, "INSTEAD OF has no list of columns (0A000).");
    } else if (json_object_get(body, "transitionRels") != NULL && timing != AFTER) {
        never_say(never, "Transition tables are for AFTER triggers (42P17).");
    } else if (is_twice(json_object_get(body, "columns"), name_of_string)) {
        never_say(never, "It names a column twice (42701).");
    }
}

static void of_role(const struct never *never, const json_t *body)
{
    const char *const name = tree_string(body, "role");
    if (strncmp(name, "pg_", 3) == 0 || word_is_among("public none", name)) {
        never_say(never, "The name of this role is reserved (42939).");
    }
}

static void of_schema(const struct never *never, const json_t *body)
{
    if (strncmp(tree_string(body, "schemaname"), "pg_", 3) == 0) {
        never_say(never, "Names that begin with pg_ are for the schemas of PostgreSQL (42939).");
    }
}

static void of_options(const struct never *never, const json_t *body)
{
    if (is_twice(json_object_get(body, "options"), name_of_option)) {
        never_say(never, "It gives an option twice (42601).");
    }
}

/* CONCURRENTLY, of an index. */
static void of_drop(const struct never *never, const json_t *body)
{
    const bool is_concurrent = tree_flag(body, "concurrent") && tree_is(body, "removeType", "OBJECT_INDEX");
    if (is_concurrent && tree_count(body, "objects") > 1) {
        never_say(never, "DROP INDEX CONCURRENTLY drops one index: write a statement for each (0A000).");
    } else if (is_concurrent && tree_is(body, "behavior", "DROP_CASCADE")) {
        never_say(never, "DROP INDEX CONCURRENTLY has no CASCADE (0A000).");
    }
}

static void of_refresh(const struct never *never, const json_t *body)
{
    if (tree_flag(body, "concurrent") && tree_flag(body, "skipData")) {
        never_say(never, "CONCURRENTLY and WITH NO DATA exclude each other (42601).");
    }
}

static const struct {
    const char *kind;
    void (*take)(const struct never *never, const json_t *body);
} statements[] = {
    {"CreateStmt", of_table},
    {"AlterTableStmt", never_alter_table},
    {"CompositeTypeStmt", of_composite},
    {"CreateEnumStmt", of_enum},
    {"AlterEnumStmt", of_altered_enum},
    {"CreateDomainStmt", of_domain},
    {"IndexStmt", of_index},
    {"CreateStatsStmt", of_statistics},
    {"CreatePolicyStmt", of_policy},
    {"CreateTrigStmt", of_trigger},
    {"CreateRoleStmt", of_role},
    {"CreateSchemaStmt", of_schema},
    {"CreateSeqStmt", of_options},
    {"CreateSeqStmt", never_new_sequence},
    {"AlterSeqStmt", of_options},
    {"AlterSeqStmt", never_sequence},
    {"GrantStmt", never_grant},
    {"AlterDefaultPrivilegesStmt", never_default_privileges},
    {"CreatePublicationStmt", never_publication},
    {"AlterPublicationStmt", never_publication},
    {"DropStmt", of_drop},
    {"RefreshMatViewStmt", of_refresh},
};

void effects_never(struct effects_reader *reader, const char *kind, const json_t *body)
{
    const struct never never = {reader->effects, effects_since(reader, 18, false), !effects_since(reader, 17, true)};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (strcmp(statements[i].kind, kind) == 0) {
            statements[i].take(&never, body);
        }
    }
    never_options(&never, kind, body);
}
