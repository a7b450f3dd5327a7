/*
 * Statements on whole tables and indexes: creating, rebuilding, emptying and locking them.
 */
#include "sql/effects_reader.h"
#include "sql/types.h"

#include <string.h>

/* A table with a value that may be long gets a TOAST table and its index. */
#define TOAST_RELATIONS 2

static bool is_own_reference(const json_t *table, const json_t *constraint)
{
    const json_t *const referenced = json_object_get(constraint, "pktable");
    return tree_is(referenced, "relname", tree_string(table, "relname")) &&
           tree_is(referenced, "schemaname", tree_string(table, "schemaname"));
}

/* The foreign keys among the constraints of a new table or its columns, and the tables in its LIKE clauses. */
static void take_elements(struct effects_reader *reader, const json_t *table, const json_t *elements)
{
    for (size_t i = 0; i < json_array_size(elements); i++) {
        json_t *body;
        const char *const kind = tree_node(json_array_get(elements, i), &body);
        if (strcmp(kind, "Constraint") == 0 && tree_is(body, "contype", "CONSTR_FOREIGN") &&
            !is_own_reference(table, body)) {
            effects_foreign_key(reader, table, body);
            effects_work(reader, SQL_WORK_NONE,
                         "Create the table without the foreign key and add it later, in a short transaction.");
        } else if (strcmp(kind, "TableLikeClause") == 0) {
            effects_lock(reader, json_object_get(body, "relation"), SQL_LOCK_ACCESS_SHARE);
        } else {
            take_elements(reader, table, json_object_get(body, "constraints"));
        }
    }
}

/* Does the constraint make an index, or a sequence? */
static bool makes_relation(const json_t *constraint)
{
    static const char kinds[] = "CONSTR_PRIMARY CONSTR_UNIQUE CONSTR_EXCLUSION CONSTR_IDENTITY";
    return word_is_among(kinds, tree_string(constraint, "contype")) && tree_string(constraint, "indexname")[0] == '\0';
}

/* Of a type with a small length, a row fits in a page without TOAST. */
static bool may_be_long(const json_t *tree)
{
    const struct sql_type type = type_of_tree(tree);
    return type.is_array ||
           (type.modifier_count == 0 && type_is_one_of(&type, "text bytea json jsonb xml varchar numeric tsvector"));
}

/* The indexes, sequences and TOAST tables that are made with a table (pg_locks of PostgreSQL 13 to 18). */
static void count_made(struct effects_reader *reader, const json_t *elements)
{
    bool is_long = false;
    for (size_t i = 0; i < json_array_size(elements); i++) {
        json_t *body;
        const char *const kind = tree_node(json_array_get(elements, i), &body);
        const json_t *const type = strcmp(kind, "ColumnDef") == 0 ? json_object_get(body, "typeName") : NULL;
        const json_t *const constraints = json_object_get(body, "constraints");
        is_long = is_long || (type != NULL && may_be_long(type));
        reader->effects->made += type != NULL && effects_is_serial(type) ? 1 : 0;
        reader->effects->made += strcmp(kind, "Constraint") == 0 && makes_relation(body) ? 1 : 0;
        for (size_t j = 0; j < json_array_size(constraints); j++) {
            reader->effects->made += makes_relation(tree_body(json_array_get(constraints, j), "Constraint")) ? 1 : 0;
        }
    }
    reader->effects->made += is_long ? TOAST_RELATIONS : 0;
}

/* Dropping a new partition again locks its parent. */
static void link_parents(struct effects_reader *reader, const json_t *body)
{
    const json_t *const parents = json_object_get(body, "inhRelations");
    for (size_t i = 0; i < json_array_size(parents); i++) {
        effects_links(reader, json_object_get(body, "relation"), tree_body(json_array_get(parents, i), "RangeVar"),
                      SQL_LINK_CHILD);
    }
}

/* Rows of the DEFAULT partition that belong to the new one are looked for. */
static bool reads_default(const struct effects_reader *reader, const json_t *body)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const parent = tree_body(json_array_get(json_object_get(body, "inhRelations"), 0), "RangeVar");
    const char *const schema = tree_string(parent, "schemaname");
    return facts->has_default != NULL &&
           facts->has_default(facts->asked, schema[0] == '\0' ? NULL : schema, tree_string(parent, "relname"));
}

static void create_table(struct effects_reader *reader, json_t *body)
{
    const bool is_partition = json_object_get(body, "partbound") != NULL;
    effects_creates(reader, json_object_get(body, "relation"));
    take_elements(reader, json_object_get(body, "relation"), json_object_get(body, "tableElts"));
    count_made(reader, json_object_get(body, "tableElts"));
    effects_lock_all(reader, json_object_get(body, "inhRelations"),
                     is_partition ? SQL_LOCK_ACCESS_EXCLUSIVE : SQL_LOCK_SHARE_UPDATE_EXCLUSIVE);
    link_parents(reader, body);
    if (is_partition) {
        effects_reach_all(reader, SQL_REACH_BESIDE_PARTITION, json_object_get(body, "inhRelations"),
                          SQL_LOCK_SHARE_ROW_EXCLUSIVE);
        effects_work(reader, reads_default(reader, body) ? SQL_WORK_SCAN : SQL_WORK_NONE,
                     "Create the table alone with a CHECK of the bounds, then ATTACH it; a DEFAULT partition is read.");
    }
}

static void create_foreign_table(struct effects_reader *reader, json_t *body)
{
    create_table(reader, json_object_get(body, "base"));
}

static void create_table_as(struct effects_reader *reader, json_t *body)
{
    json_t *const query = json_object_get(body, "query");
    effects_creates(reader, json_object_get(json_object_get(body, "into"), "rel"));
    if (tree_flag(json_object_get(body, "into"), "skipData")) {
        effects_query(reader, query);
    } else {
        effects_runs(reader, query);
        effects_work(reader, json_object_get(query, "ExecuteStmt") == NULL ? SQL_WORK_SCAN : SQL_WORK_UNKNOWN, NULL);
    }
}

/* Dropping the index again locks its table; the index is in the schema of its table. */
static void name_index(struct effects_reader *reader, const json_t *table, const char *name)
{
    const char *const schema = tree_string(table, "schemaname");
    struct sql_change change = {.kind = SQL_CHANGE_CREATES, .schema = schema, .name = name};
    if (name[0] != '\0') {
        effects_change(reader, &change);
    }
    change.kind = SQL_CHANGE_LINKS;
    change.to_schema = schema;
    change.to = tree_string(table, "relname");
    effects_change(reader, &change);
}

/* True if the index exists already, or the table has no rows of its own. */
static bool builds_nothing(const struct effects_reader *reader, const json_t *body)
{
    const struct sql_facts *const facts = reader->facts;
    const json_t *const table = json_object_get(body, "relation");
    const char *const named = tree_string(table, "schemaname");
    const char *const schema = named[0] == '\0' ? NULL : named;
    const char *const name = tree_string(table, "relname");
    return (tree_flag(body, "if_not_exists") && facts->has_beside != NULL &&
            facts->has_beside(facts->asked, schema, name, tree_string(body, "idxname"))) ||
           (!tree_flag(table, "inh") && facts->is_partitioned != NULL &&
            facts->is_partitioned(facts->asked, schema, name));
}

static void create_index(struct effects_reader *reader, json_t *body)
{
    const bool concurrent = tree_flag(body, "concurrent");
    const json_t *const table = json_object_get(body, "relation");
    effects_lock(reader, table, concurrent ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE : SQL_LOCK_SHARE);
    if (tree_flag(table, "inh")) {
        effects_reach(reader, SQL_REACH_PARTITIONS, table, NULL, SQL_LOCK_SHARE);
    }
    name_index(reader, table, tree_string(body, "idxname"));
    reader->effects->made++;
    if (builds_nothing(reader, body)) {
        return;
    }
    effects_work(reader, SQL_WORK_INDEX,
                 concurrent ? "It waits for every older transaction. If it fails, the run drops the INVALID index that "
                              "it leaves; if the server or the run is killed meanwhile, the next run does."
                            : "CREATE INDEX CONCURRENTLY lets others write; it runs outside of a transaction.");
}

/* Each index is locked against readers too. A reader opens all indexes of its table, so the lock on the table alone
 * would wrongly suggest that readers are not blocked. */
static void reach_of_reindex(struct effects_reader *reader, const json_t *body, enum sql_lock lock)
{
    const json_t *const relation = json_object_get(body, "relation");
    const bool is_schema = tree_is(body, "kind", "REINDEX_OBJECT_SCHEMA");
    const bool stops_readers = lock == SQL_LOCK_SHARE;
    if (relation == NULL) {
        struct sql_reach reach = {.kind = SQL_REACH_EVERY_TABLE,
                                  .lock = lock,
                                  .type = is_schema ? "schema" : "database",
                                  .name = is_schema ? tree_string(body, "name") : NULL};
        effects_reach_object(reader, &reach);
        reach.kind = SQL_REACH_INDEXES;
        reach.lock = SQL_LOCK_ACCESS_EXCLUSIVE;
        if (stops_readers) {
            effects_reach_object(reader, &reach);
        }
        return;
    }
    if (stops_readers && !tree_is(body, "kind", "REINDEX_OBJECT_INDEX")) {
        effects_reach(reader, SQL_REACH_INDEXES, relation, NULL, SQL_LOCK_ACCESS_EXCLUSIVE);
    }
    effects_reach(reader, tree_is(body, "kind", "REINDEX_OBJECT_INDEX") ? SQL_REACH_INDEX_TABLE : SQL_REACH_PARTITIONS,
                  relation, NULL, lock);
}

static void reindex(struct effects_reader *reader, json_t *body)
{
    const bool concurrent = tree_option_on(json_object_get(body, "params"), "concurrently");
    const enum sql_lock lock =
        tree_is(body, "kind", "REINDEX_OBJECT_INDEX") ? SQL_LOCK_ACCESS_EXCLUSIVE : SQL_LOCK_SHARE;
    effects_lock(reader, json_object_get(body, "relation"), concurrent ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE : lock);
    reach_of_reindex(reader, body, concurrent ? SQL_LOCK_SHARE_UPDATE_EXCLUSIVE : SQL_LOCK_SHARE);
    effects_work(reader, SQL_WORK_INDEX,
                 concurrent
                     ? NULL
                     : "REINDEX CONCURRENTLY lets others read and write; this stops readers too: each opens every "
                       "index of its table.");
}

static void cluster(struct effects_reader *reader, json_t *body)
{
    const json_t *const relation = json_object_get(body, "relation");
    effects_lock(reader, relation, SQL_LOCK_ACCESS_EXCLUSIVE);
    if (relation == NULL) {
        effects_reach_object(
            reader,
            &(struct sql_reach){.kind = SQL_REACH_CLUSTERED, .lock = SQL_LOCK_ACCESS_EXCLUSIVE, .type = "database"});
    } else {
        effects_reach(reader, SQL_REACH_PARTITIONS, relation, NULL, SQL_LOCK_ACCESS_EXCLUSIVE);
    }
    effects_work(reader, SQL_WORK_REWRITE, "pg_repack does the same while others read and write.");
}

static void vacuum(struct effects_reader *reader, json_t *body)
{
    const json_t *const tables = json_object_get(body, "rels");
    const bool full = tree_option_on(json_object_get(body, "options"), "full");
    const bool analyzes =
        !tree_flag(body, "is_vacuumcmd") || tree_option_on(json_object_get(body, "options"), "analyze");
    const enum sql_lock lock = full ? SQL_LOCK_ACCESS_EXCLUSIVE : SQL_LOCK_SHARE_UPDATE_EXCLUSIVE;
    for (size_t i = 0; i < json_array_size(tables); i++) {
        const json_t *const table = tree_body(json_array_get(tables, i), "VacuumRelation");
        effects_lock(reader, json_object_get(table, "relation"), lock);
        /* Since 18 it is a VACUUM or ANALYZE of children as well, unless ONLY is said, which is not in the tree. */
        const bool has_children = effects_since(reader, 18, true);
        effects_reach(reader, has_children ? SQL_REACH_CHILDREN : SQL_REACH_PARTITIONS,
                      json_object_get(table, "relation"), NULL, lock);
        if (analyzes && !has_children) {
            effects_reach(reader, SQL_REACH_CHILDREN, json_object_get(table, "relation"), NULL, SQL_LOCK_ACCESS_SHARE);
        }
    }
    if (json_array_size(tables) == 0) {
        effects_reach_object(reader,
                             &(struct sql_reach){.kind = SQL_REACH_EVERY_TABLE, .lock = lock, .type = "database"});
    }
    effects_work(reader, full ? SQL_WORK_REWRITE : SQL_WORK_SCAN,
                 full ? "pg_repack does the same while others read and write." : NULL);
}

static void refresh(struct effects_reader *reader, json_t *body)
{
    const bool concurrent = tree_flag(body, "concurrent");
    effects_lock(reader, json_object_get(body, "relation"),
                 concurrent ? SQL_LOCK_EXCLUSIVE : SQL_LOCK_ACCESS_EXCLUSIVE);
    if (!tree_flag(body, "skipData")) {
        effects_reach(reader, SQL_REACH_BASES, json_object_get(body, "relation"), NULL, SQL_LOCK_ACCESS_SHARE);
    }
    effects_work(reader, concurrent ? SQL_WORK_ROWS : SQL_WORK_REWRITE,
                 concurrent ? NULL : "With a unique index on it, REFRESH … CONCURRENTLY lets others read.");
}

/* Also of those with ONLY, which leaves out children alone; if they have some, more is told than is locked. */
static void truncate_reaches(struct effects_reader *reader, enum sql_reach_kind kind, const json_t *relations)
{
    for (size_t i = 0; i < json_array_size(relations); i++) {
        const json_t *const relation = tree_body(json_array_get(relations, i), "RangeVar");
        effects_reach(reader, kind, relation, NULL, SQL_LOCK_ACCESS_EXCLUSIVE);
    }
}

static void truncate_tables(struct effects_reader *reader, json_t *body)
{
    const json_t *const relations = json_object_get(body, "relations");
    const bool cascade = tree_is(body, "behavior", "DROP_CASCADE");
    effects_lock_all(reader, relations, SQL_LOCK_ACCESS_EXCLUSIVE);
    if (cascade) {
        truncate_reaches(reader, SQL_REACH_TRUNCATE_CASCADE, relations);
    } else {
        effects_reach_all(reader, SQL_REACH_TRUNCATE, relations, SQL_LOCK_ACCESS_EXCLUSIVE);
    }
    reader->effects->every_row = reader->effects->count > 0;
    if (tree_flag(body, "restart_seqs")) {
        truncate_reaches(reader, SQL_REACH_SEQUENCES, relations);
    }
    effects_work(reader, SQL_WORK_NONE,
                 cascade ? "All rows are lost, and those of every table that refers to these, which are locked as well."
                         : "All rows are lost: DELETE in batches lets others read and write.");
}

static void lock_tables(struct effects_reader *reader, json_t *body)
{
    const json_int_t mode = tree_integer(body, "mode");
    const enum sql_lock lock =
        mode > SQL_LOCK_NONE && mode < SQL_LOCK_ACCESS_EXCLUSIVE ? (enum sql_lock)mode : SQL_LOCK_ACCESS_EXCLUSIVE;
    effects_lock_all(reader, json_object_get(body, "relations"), lock);
    effects_reach_all(reader, SQL_REACH_CHILDREN, json_object_get(body, "relations"), lock);
    effects_reach_all(reader, SQL_REACH_BASES, json_object_get(body, "relations"), lock);
}

const struct effects_kind effects_on_tables[] = {
    {.kind = "AlterTableStmt", .take = effects_alter_table},
    {.kind = "ClusterStmt", .take = cluster},
    {.kind = "CreateForeignTableStmt", .take = create_foreign_table},
    {.kind = "CreateStmt", .take = create_table},
    {.kind = "CreateTableAsStmt", .take = create_table_as},
    {.kind = "IndexStmt", .take = create_index},
    {.kind = "LockStmt", .take = lock_tables},
    {.kind = "RefreshMatViewStmt", .take = refresh},
    {.kind = "ReindexStmt", .take = reindex},
    {.kind = "TruncateStmt", .take = truncate_tables},
    {.kind = "VacuumStmt", .take = vacuum},
    {0},
};
