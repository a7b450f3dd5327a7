/*
 * One query for each kind of reach. Rows contain a relation's oid, the lock on it (0: it is only dropped), and whether
 * it is dropped. The queries follow PostgreSQL's code: dependency.c for what a DROP drops along, tablecmds.c for the
 * rest; tests/service/test_plan_locks.py compares them with pg_locks.
 */
#include "migration/plan/foresee/reach.h"

#include "base/words.h"
#include "migration/plan/foresee/touched.h"
#include "pg/search.h"
#include "pg/session.h"
#include "pg/values.h"

#include <string.h>

/* Leaves out system relations, and kinds that nobody reads or writes. */
#define TOLD_OF(kinds)                                                                                                 \
    "SELECT r.oid, pg_catalog.max(r.lock), pg_catalog.bool_or(r.goes), " PG_SCRIPT_NAME(                               \
        "r.oid") ", coalesce(pg_catalog.max(c.relkind::text), ''), coalesce(pg_catalog.bool_or(c.relkind IN (" kinds   \
                 ")), false) FROM ("
#define TOLD TOLD_OF("'r', 'p', 'v', 'm', 'f', 'S'")
#define END                                                                                                            \
    ") AS r(oid, lock, goes) LEFT JOIN pg_catalog.pg_class c ON c.oid = r.oid LEFT JOIN pg_catalog.pg_namespace n "    \
    "ON n.oid = c.relnamespace WHERE r.oid = 0 OR (c.oid IS NOT NULL AND n.nspname NOT LIKE 'pg\\_%') "                \
    "GROUP BY r.oid ORDER BY 4"

/* $1 the relation's oid, or 0; $2 the object's type; $3 its schema or NULL; $4 its name; $5 the part's name or NULL; $6
 * the lock. */
#define DOWN                                                                                                           \
    "down(oid) AS (SELECT $1::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN down "                    \
    "ON i.inhparent = down.oid)"

/* The part in the relation and its descendants; any part if none has that name (the plan has renamed it). */
#define COLUMNS                                                                                                        \
    "columns(relation, number) AS (SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute a JOIN down "              \
    "ON a.attrelid = down.oid WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attname = $5::name OR $5 IS NULL "      \
    "OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute o WHERE o.attrelid = $1::oid AND o.attname = $5::name)))"

static const char children_sql[] =
    TOLD "WITH RECURSIVE " DOWN " SELECT oid, $6::int, false FROM down WHERE oid <> $1::oid "
         "AND $2 || coalesce($3, $4, $5, '') IS NOT NULL" END;

/* Constraints and foreign keys with the column, both tables of these; an identity's sequence. */
static const char retype_sql[] =
    TOLD "WITH RECURSIVE " DOWN ", " COLUMNS " SELECT x.oid, x.lock, false FROM ("
         "SELECT pg_catalog.unnest(ARRAY[k.conrelid, k.confrelid]) AS oid, $6::int AS lock FROM "
         "pg_catalog.pg_constraint k JOIN columns c "
         "ON (k.conrelid = c.relation AND c.number = ANY (k.conkey)) OR (k.confrelid = c.relation AND c.number = ANY "
         "(k.confkey)) WHERE k.contype = 'f' "
         "UNION SELECT d.objid, 6 FROM pg_catalog.pg_depend d JOIN columns c ON d.refobjid = c.relation "
         "AND d.refobjsubid = c.number WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
         "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i') x "
         "WHERE $2 || coalesce($3, $4, '') IS NOT NULL" END;

static const char sequences_sql[] = TOLD
    "WITH RECURSIVE " DOWN ", " COLUMNS " SELECT d.objid, $6::int, false FROM pg_catalog.pg_depend d JOIN columns c "
    "ON d.refobjid = c.relation AND d.refobjsubid = c.number JOIN pg_catalog.pg_class s ON s.oid = d.objid "
    "AND s.relkind = 'S' WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') "
    "AND $2 || coalesce($3, $4, '') IS NOT NULL" END;

/* The DEFAULT partition gets ACCESS EXCLUSIVE; the given lock is for the other tables of foreign keys. */
static const char beside_sql[] =
    TOLD "WITH RECURSIVE " DOWN ", defaults(oid) AS (SELECT p.partdefid FROM pg_catalog.pg_partitioned_table p "
         "WHERE p.partrelid = $1::oid AND p.partdefid <> 0 UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i "
         "JOIN defaults ON i.inhparent = defaults.oid) "
         "SELECT oid, 8, false FROM defaults UNION ALL "
         "SELECT CASE WHEN k.conrelid = $1::oid THEN k.confrelid ELSE k.conrelid END, CASE WHEN k.confrelid = $1::oid "
         "AND $5 = 'detached' THEN 8 ELSE $6::int END, false FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' "
         "AND (k.conrelid = $1::oid OR k.confrelid = $1::oid) AND $2 || coalesce($3, $4, '') IS NOT NULL" END;

static const char truncate_sql[] = TOLD
    "WITH RECURSIVE emptied(oid) AS (SELECT $1::oid UNION SELECT x.oid FROM emptied e CROSS JOIN LATERAL ("
    "SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent = e.oid UNION ALL "
    "SELECT k.conrelid FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.confrelid = e.oid "
    "AND $7::bool) x) SELECT oid, $6::int, false FROM emptied WHERE $2 || coalesce($3, $4, $5, '') IS NOT NULL" END;

/* The tables that views read, at any depth. */
static const char bases_sql[] = TOLD
    "WITH RECURSIVE bases(oid) AS (SELECT $1::oid UNION SELECT x.oid FROM bases b CROSS JOIN LATERAL ("
    "SELECT d.refobjid AS oid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d "
    "ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid "
    "AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass WHERE r.ev_class = b.oid UNION ALL "
    "SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = b.oid) x) "
    "SELECT oid, $6::int, false FROM bases WHERE oid <> $1::oid AND $2 || coalesce($3, $4, $5, '') IS NOT NULL" END;

#define TYPES                                                                                                          \
    "SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "                 \
    "WHERE t.typname = $4::name AND ($3::text IS NULL OR n.nspname = $3::name)"

/* Columns of the type, of domains over it, arrays and ranges of it, and composites with it. A row of 0 means that the
 * type exists. */
static const char type_users_sql[] = TOLD
    "WITH RECURSIVE types(oid) AS (" TYPES " UNION SELECT x.oid FROM types y CROSS JOIN LATERAL ("
    "SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = y.oid OR t.typelem = y.oid UNION ALL "
    "SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = y.oid UNION ALL "
    "SELECT c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "WHERE a.atttypid = y.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'c') x) "
    "SELECT DISTINCT a.attrelid, $6::int, false FROM pg_catalog.pg_attribute a JOIN types ON types.oid = a.atttypid "
    "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm') WHERE NOT a.attisdropped "
    "UNION ALL SELECT 0, 0, false FROM types WHERE $2 || coalesce($5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

static const char typed_sql[] =
    TOLD "SELECT c.oid, $6::int, false FROM pg_catalog.pg_class c WHERE c.reloftype IN (" TYPES ") UNION ALL "
         "SELECT 0, 0, false FROM (" TYPES ") t WHERE $2 || coalesce($5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

static const char index_table_sql[] =
    TOLD "WITH RECURSIVE " DOWN " SELECT i.indrelid, $6::int, false FROM down JOIN pg_catalog.pg_index i "
         "ON i.indexrelid = down.oid WHERE $2 || coalesce($3, $4, $5, '') IS NOT NULL" END;

#define OTHERS "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"

static const char every_table_sql[] = TOLD
    "SELECT c.oid, $6::int, false FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'm') AND ($4::text IS NULL OR n.nspname = $4::name) AND " OTHERS
    " AND $2 || coalesce($3, $5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

/* Of the relation and its partitions, or of every table of a schema or the database. The planner opens all indexes of a
 * table that a query reads: locking one against reads blocks the table's readers. */
static const char indexes_sql[] = TOLD_OF(
    "'i', 'I'") "WITH RECURSIVE " DOWN " SELECT i.indexrelid, $6::int, false FROM pg_catalog.pg_index i JOIN "
                "pg_catalog.pg_class c ON c.oid = i.indrelid "
                "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE CASE WHEN $2 = 'relation' "
                "THEN c.oid IN (SELECT oid FROM down) ELSE ($4::text IS NULL OR n.nspname = $4::name) AND " OTHERS
                " END AND coalesce($3, $5, '') IS NOT NULL" END;

static const char clustered_sql[] =
    TOLD "SELECT i.indrelid, $6::int, false FROM pg_catalog.pg_index i WHERE i.indisclustered "
         "AND $2 || coalesce($3, $4, $5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

static const char of_role_sql[] = TOLD
    "SELECT c.oid, $6::int, false FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND c.relowner = (SELECT r.oid FROM pg_catalog.pg_roles r "
    "WHERE r.rolname = coalesce($4::name, current_user)) AND " OTHERS
    " AND $2 || coalesce($3, $5, '') IS NOT NULL AND $1::oid IS NOT NULL" END;

/* ---- what is dropped with an object ---- */

/* Parts of a relation; if the plan has renamed a constraint, every foreign key. */
#define PARTS                                                                                                          \
    "SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid AS classid, $1::oid AS objid, 0 AS objsubid WHERE $2 = "   \
    "'relation' "                                                                                                      \
    "UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.relation, c.number FROM columns c WHERE $2 "  \
    "= 'column' "                                                                                                      \
    "UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid, 0 FROM pg_catalog.pg_constraint "   \
    "k JOIN down ON k.conrelid = down.oid WHERE $2 = 'constraint' AND (k.conname = $5::name OR (k.contype = 'f' AND "  \
    "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = $1::oid AND o.conname = $5::name))) "       \
    "UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass::oid, t.oid, 0 FROM pg_catalog.pg_trigger t "       \
    "WHERE $2 = 'trigger' AND t.tgrelid = $1::oid AND t.tgname = $5::name "                                            \
    "UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::oid, r.oid, 0 FROM pg_catalog.pg_rewrite r "       \
    "WHERE $2 = 'rule' AND r.ev_class = $1::oid AND r.rulename = $5::name "                                            \
    "UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass::oid, y.oid, 0 FROM pg_catalog.pg_policy y WHERE "   \
    "$2 = 'policy' AND y.polrelid = $1::oid AND y.polname = $5::name "

/* In any schema if unqualified; for functions and operators all of that name. */
#define IN_SCHEMA(type, class, prefix)                                                                                 \
    "UNION ALL SELECT 'pg_catalog." #class "'::pg_catalog.regclass::oid, o.oid, 0 "                                    \
                                           "FROM pg_catalog." #class " o JOIN pg_catalog.pg_namespace n ON n.oid = "   \
                                                                     "o." #prefix "namespace "                         \
                                                                     "WHERE $2 = '" type "' AND o." #prefix            \
                                                                     "name = $4::name AND ($3::text IS NULL OR "       \
                                                                     "n.nspname = $3::name) "
#define BY_NAME(type, class, prefix)                                                                                   \
    "UNION ALL SELECT 'pg_catalog." #class "'::pg_catalog.regclass::oid, o.oid, 0 "                                    \
                                           "FROM pg_catalog." #class " o WHERE $2 = '" type "' AND o." #prefix         \
                                                                     "name = $4::name "

#define OBJECTS                                                                                                        \
    IN_SCHEMA("type", pg_type, typ)                                                                                    \
    IN_SCHEMA("function", pg_proc, pro)                                                                                \
    IN_SCHEMA("operator", pg_operator, opr)                                                                            \
    IN_SCHEMA("operator class", pg_opclass, opc)                                                                       \
    IN_SCHEMA("operator family", pg_opfamily, opf)                                                                     \
    IN_SCHEMA("collation", pg_collation, coll)                                                                         \
    IN_SCHEMA("statistics", pg_statistic_ext, stx)                                                                     \
    IN_SCHEMA("text search configuration", pg_ts_config, cfg)                                                          \
    IN_SCHEMA("text search dictionary", pg_ts_dict, dict)                                                              \
    BY_NAME("schema", pg_namespace, nsp)                                                                               \
    BY_NAME("extension", pg_extension, ext)                                                                            \
    BY_NAME("language", pg_language, lan)                                                                              \
    BY_NAME("access method", pg_am, am)                                                                                \
    BY_NAME("foreign-data wrapper", pg_foreign_data_wrapper, fdw)                                                      \
    BY_NAME("server", pg_foreign_server, srv)

/* Everything that depends on what is dropped, and for an internal part its owner: a view's rule drops the view. */
#define GONE                                                                                                           \
    "gone(classid, objid, objsubid) AS (SELECT classid, objid, objsubid::int FROM roots UNION SELECT x.classid, "      \
    "x.objid, x.objsubid FROM gone g CROSS JOIN LATERAL (SELECT d.classid, d.objid, d.objsubid "                       \
    "FROM pg_catalog.pg_depend d WHERE d.refclassid = g.classid AND d.refobjid = g.objid "                             \
    "AND (g.objsubid = 0 OR d.refobjsubid = g.objsubid) AND (d.deptype <> 'n' OR $7::bool) UNION ALL "                 \
    "SELECT u.refclassid, u.refobjid, u.refobjsubid FROM pg_catalog.pg_depend u WHERE u.classid = g.classid "          \
    "AND u.objid = g.objid AND u.deptype = 'i' AND $7::bool) x)"

/* The relations of which parts are dropped. */
#define PART_OF(class, column, lock)                                                                                   \
    "UNION ALL SELECT o." #column ", " lock                                                                            \
    ", false FROM gone g JOIN pg_catalog." #class " o ON o.oid = g.objid "                                             \
                                                  "WHERE g.classid = 'pg_catalog." #class "'::pg_catalog.regclass::"   \
                                                                                          "oid "
#define PARTS_GONE                                                                                                     \
    PART_OF(pg_constraint, conrelid, "$6::int")                                                                        \
    PART_OF(pg_constraint, confrelid, "$6::int")                                                                       \
    PART_OF(pg_trigger, tgrelid, "$6::int")                                                                            \
    PART_OF(pg_rewrite, ev_class, "$6::int")                                                                           \
    PART_OF(pg_attrdef, adrelid, "$6::int")                                                                            \
    PART_OF(pg_policy, polrelid, "$6::int")                                                                            \
    PART_OF(pg_statistic_ext, stxrelid, "4")

static const char drop_sql[] = TOLD
    "WITH RECURSIVE " DOWN ", " COLUMNS ", roots AS (" PARTS OBJECTS "), " GONE ", relations(oid, whole) AS (SELECT "
    "objid, objsubid = 0 FROM gone WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass::oid) "
    "SELECT oid, $6::int, whole FROM relations "
    "UNION ALL SELECT i.indrelid, $6::int, false FROM relations JOIN pg_catalog.pg_index i ON i.indexrelid = oid "
    "UNION ALL SELECT i.inhparent, $6::int, false FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid "
    "JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid WHERE c.relispartition AND r.whole "
    "UNION ALL SELECT p.partdefid, $6::int, false FROM relations r JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid "
    "JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = i.inhparent WHERE r.whole AND p.partdefid <> 0 " PARTS_GONE
    "UNION ALL SELECT 0, 0, false FROM roots" END;

/* ---- asking ---- */

static const struct {
    const char *sql;
    bool cascades; /* has a $7, with this value */
    bool has_cascade;
    bool says_found; /* a row of 0 means that the object exists */
} kinds[] = {
    [SQL_REACH_CHILDREN] = {children_sql},
    [SQL_REACH_PARTITIONS] = {children_sql},
    [SQL_REACH_DROP] = {drop_sql, .has_cascade = true},
    [SQL_REACH_CASCADE] = {drop_sql, .has_cascade = true, .cascades = true, .says_found = true},
    [SQL_REACH_RETYPE] = {retype_sql},
    [SQL_REACH_TRUNCATE] = {truncate_sql, .has_cascade = true},
    [SQL_REACH_TRUNCATE_CASCADE] = {truncate_sql, .has_cascade = true, .cascades = true},
    [SQL_REACH_BESIDE_PARTITION] = {beside_sql},
    [SQL_REACH_BASES] = {bases_sql},
    [SQL_REACH_TYPE_USERS] = {type_users_sql, .says_found = true},
    [SQL_REACH_TYPED_TABLES] = {typed_sql, .says_found = true},
    [SQL_REACH_INDEX_TABLE] = {index_table_sql},
    [SQL_REACH_SEQUENCES] = {sequences_sql},
    [SQL_REACH_EVERY_TABLE] = {.sql = every_table_sql},
    [SQL_REACH_INDEXES] = {.sql = indexes_sql},
    [SQL_REACH_CLUSTERED] = {.sql = clustered_sql},
    [SQL_REACH_OF_ROLE] = {.sql = of_role_sql},
};

struct reaching {
    struct arena *arena;
    struct fires *fires;
    struct sql_effects *effects;
    size_t capacity;
    size_t held_capacity;
    const struct relation **held; /* whose locks they are, in the order of the effects */
    enum sql_lock link_lock;      /* the lock on links */
    bool passes_over_keys;        /* the other table of a foreign key does not get it */
    bool is_through_views;        /* only what views select from gets it */
    size_t followed;              /* views of the plan, behind others */
    bool are_heirs;               /* what is found inherits the change from the statement's target */
};

static void lock(struct reaching *reaching, const struct relation *relation, enum sql_lock lock)
{
    struct sql_effects *const effects = reaching->effects;
    size_t i = 0;
    while (i < effects->count && reaching->held[i] != relation) {
        i++;
    }
    if (relation->oid == 0 || relation->gone || lock == SQL_LOCK_NONE) {
        return;
    }
    if (i == effects->count) {
        effects->locks = arena_grow(reaching->arena, effects->locks, i, &reaching->capacity, sizeof *effects->locks);
        reaching->held =
            arena_grow(reaching->arena, reaching->held, i, &reaching->held_capacity, sizeof *reaching->held);
        reaching->held[i] = relation;
        effects->locks[effects->count++] =
            (struct sql_relation_lock){.relation = relation->display,
                                       .lock = lock,
                                       .oid = relation->oid,
                                       .is_heir = reaching->are_heirs && lock == SQL_LOCK_ACCESS_EXCLUSIVE};
    } else if (effects->locks[i].lock < lock) {
        effects->locks[i].lock = lock;
    }
}

static void lock_link(void *data, struct relation *relation, enum sql_link link)
{
    struct reaching *const reaching = data;
    const bool is_key = link == SQL_LINK_KEY || link == SQL_LINK_ACTION;
    if ((link == SQL_LINK_VIEW) == reaching->is_through_views && !(is_key && reaching->passes_over_keys)) {
        lock(reaching, relation, reaching->link_lock);
    }
    const bool goes_on = link == SQL_LINK_VIEW && reaching->is_through_views && relation->oid == 0; /* a view, too */
    reaching->effects->unknown = reaching->effects->unknown || (goes_on && reaching->followed == FIRES_MOST_FOLLOWED);
    if (goes_on && reaching->followed < FIRES_MOST_FOLLOWED) {
        reaching->followed++;
        world_links(reaching->fires->world, relation, NULL, lock_link, reaching);
    }
}

/* Adds what the plan itself has linked with the changed relation. */
static void follow_links(struct reaching *reaching, const struct relation *relation, const struct sql_reach *reach)
{
    static const bool follows[SQL_REACH_OF_ROLE + 1] = {
        [SQL_REACH_CHILDREN] = true, [SQL_REACH_DROP] = true,  [SQL_REACH_CASCADE] = true,
        [SQL_REACH_RETYPE] = true,   [SQL_REACH_BASES] = true, [SQL_REACH_TRUNCATE_CASCADE] = true,
        [SQL_REACH_TRUNCATE] = true};
    if (follows[reach->kind]) {
        reaching->link_lock = reach->lock;
        reaching->passes_over_keys = reach->kind == SQL_REACH_CHILDREN;
        reaching->is_through_views = reach->kind == SQL_REACH_BASES;
        world_links(reaching->fires->world, relation, reach->part == NULL ? reach->name : NULL, lock_link, reaching);
    }
}

/* The lock on a dropped relation is reported first. */
static bool take_rows(struct reaching *reaching, const PGresult *result)
{
    bool found = false;
    for (int row = 0; row < PQntuples(result); row++) {
        const uint32_t oid = (uint32_t)pg_field_int(result, row, 0, 0);
        if (oid == 0) {
            found = true;
            continue;
        }
        struct relation *const relation =
            world_of_oid(reaching->fires->world, oid, pg_field(result, row, 3), pg_field(result, row, 4)[0]);
        if (pg_field_bool(result, row, 5)) {
            lock(reaching, relation, (enum sql_lock)pg_field_int(result, row, 1, 0));
        }
        reaching->link_lock = SQL_LOCK_ACCESS_EXCLUSIVE;
        reaching->passes_over_keys = reaching->is_through_views = false;
        if (pg_field_bool(result, row, 2)) {
            world_links(reaching->fires->world, relation, NULL, lock_link, reaching);
            world_goes(reaching->fires->world, relation);
        }
    }
    return found;
}

static bool is_target(const struct reaching *reaching, const struct relation *relation)
{
    size_t i = 0;
    while (i < reaching->effects->count && (reaching->held[i] != relation || !reaching->effects->locks[i].is_target)) {
        i++;
    }
    return relation != NULL && i < reaching->effects->count;
}

static void ask(struct reaching *reaching, const struct relation *relation, const struct sql_reach *reach)
{
    reaching->are_heirs = reach->kind == SQL_REACH_CHILDREN && is_target(reaching, relation);
    const char *const values[] = {arena_printf(reaching->arena, "%u", relation == NULL ? 0 : relation->oid),
                                  reach->type,
                                  reach->schema,
                                  reach->name,
                                  reach->part,
                                  arena_printf(reaching->arena, "%d", (int)reach->lock),
                                  kinds[reach->kind].cascades ? "true" : "false"};
    PG_RESULT(result) = questions_ask(reaching->fires->questions, kinds[reach->kind].sql,
                                      kinds[reach->kind].has_cascade ? 7 : 6, values);
    const bool found = result != NULL && take_rows(reaching, result);
    if (questions_are_noted(reaching->fires->questions)) {
        return; /* what follows is asked as if it were known */
    }
    if (result == NULL || (!found && kinds[reach->kind].says_found && !world_is_empty(reaching->fires->world))) {
        reaching->effects->unknown = true; /* if the plan itself creates the object, its users are not known */
    }
}

/* Without children nothing inherits, without partitions nothing is shared with them. */
static bool is_needless(const struct relation *relation, enum sql_reach_kind kind)
{
    return (kind == SQL_REACH_CHILDREN && !relation->has_children) ||
           (kind == SQL_REACH_PARTITIONS && relation->kind != 'p' && relation->kind != 'I') ||
           (kind == SQL_REACH_BASES && relation->kind != 'v');
}

static void add_reach(struct reaching *reaching, const struct sql_reach *reach)
{
    static const char of_relations[] = " relation column constraint trigger rule policy ";
    const bool is_of_relation = strstr(of_relations, arena_printf(reaching->arena, " %s ", reach->type)) != NULL;
    const struct relation *const relation =
        is_of_relation && reach->name != NULL ? world_find(reaching->fires->world, reach->schema, reach->name) : NULL;
    if (is_of_relation) {
        follow_links(reaching, relation, reach);
    }
    const bool is_made = is_of_relation && (relation == NULL || relation->oid == 0);
    if (!is_made && (relation == NULL || !is_needless(relation, reach->kind))) {
        ask(reaching, relation, reach);
    }
}

/* The other table of a foreign key that the plan makes: its rows are checked at least. */
static void lock_key(void *data, struct relation *relation, enum sql_link link)
{
    if (link == SQL_LINK_KEY || link == SQL_LINK_ACTION) {
        lock(data, relation, SQL_LOCK_ROW_SHARE);
    }
}

/* Views, partitions and keys of existing relations, in the order of the answer. Returns how many are left out. */
static size_t take_touched(struct reaching *reaching, const PGresult *result, size_t most)
{
    const size_t before = reaching->effects->count;
    const size_t rows = (size_t)PQntuples(result);
    size_t row = 0;
    for (; row < rows && reaching->effects->count - before < most; row++) {
        struct relation *const relation =
            world_of_oid(reaching->fires->world, (uint32_t)pg_field_int(result, (int)row, TOUCHED_OID, 0),
                         pg_field(result, (int)row, TOUCHED_NAME), pg_field(result, (int)row, TOUCHED_KIND)[0]);
        lock(reaching, relation, (enum sql_lock)pg_field_int(result, (int)row, TOUCHED_LOCK, 0));
    }
    return rows == 0 ? 0 : (size_t)pg_field_int(result, 0, TOUCHED_COUNT, 0) - row;
}

/* The lock on the relation itself, which those that FOR UPDATE or EXPLAIN reads through it get, too. */
static enum sql_lock own_lock(const struct reaching *reaching, const struct relation *relation)
{
    size_t i = 0;
    while (i < reaching->effects->count && reaching->held[i] != relation) {
        i++;
    }
    const enum sql_lock held = i < reaching->effects->count ? reaching->effects->locks[i].lock : SQL_LOCK_ACCESS_SHARE;
    return held <= SQL_LOCK_ROW_EXCLUSIVE ? held : SQL_LOCK_ACCESS_SHARE;
}

/* What is locked along with the rows of relations. */
static void add_touched(struct reaching *reaching, const struct sql_touch *touch, size_t most)
{
    struct relation *const relation = world_find(reaching->fires->world, touch->schema, touch->name);
    if (relation == NULL) {
        return;
    }
    const bool reads = strcmp(touch->how, "r") == 0;
    fires_by_rows(reaching->fires, relation, reads, reaching->effects);
    reaching->is_through_views = true;
    reaching->link_lock = reads ? SQL_LOCK_ACCESS_SHARE : SQL_LOCK_ROW_EXCLUSIVE;
    world_links(reaching->fires->world, relation, NULL, lock_link, reaching);
    if (!reads) {
        world_links(reaching->fires->world, relation, NULL, lock_key, reaching);
    }
    if (relation->oid == 0 || relation->gone || touched_is_alone(relation, touch)) {
        return;
    }
    PG_RESULT(result) =
        touched_ask(reaching->arena, reaching->fires->questions, relation, touch, own_lock(reaching, relation));
    if (result != NULL) {
        const size_t left = take_touched(reaching, result, most);
        reaching->effects->unlisted = left > reaching->effects->unlisted ? left : reaching->effects->unlisted;
    } else if (!questions_are_noted(reaching->fires->questions)) {
        reaching->effects->unknown = true;
    }
}

static void say_unlisted(struct arena *arena, struct sql_effects *effects)
{
    if (effects->unlisted > 0) {
        effects->advice =
            arena_printf(arena, "%s%sIt also locks %s not listed; these locks stop neither readers nor writers.",
                         effects->advice == NULL ? "" : effects->advice, effects->advice == NULL ? "" : " ",
                         words_counted(arena, effects->unlisted, "more relation that is", "more relations that are"));
    }
}

void reach_add(struct arena *arena, struct fires *fires, struct sql_effects *effects, size_t most)
{
    struct reaching reaching = {.arena = arena,
                                .fires = fires,
                                .effects = effects,
                                .capacity = effects->count,
                                .held_capacity = effects->count};
    reaching.held = arena_array(arena, effects->count, sizeof *reaching.held);
    for (size_t i = 0; i < effects->count; i++) {
        struct relation *const relation = world_find(fires->world, effects->locks[i].schema, effects->locks[i].name);
        if (relation != NULL && relation->renamed && relation->display != NULL) {
            effects->locks[i].relation = relation->display; /* its present name for other sessions */
        }
        reaching.held[i] = relation;
        effects->locks[i].oid = relation == NULL ? 0 : relation->oid;
    }
    for (size_t i = 0; i < effects->reach_count; i++) {
        add_reach(&reaching, &effects->reaches[i]);
    }
    reaching.are_heirs = false;
    for (size_t i = 0; i < effects->touch_count; i++) {
        add_touched(&reaching, &effects->touches[i], most);
    }
    fires_by_types(fires, effects);
    say_unlisted(arena, effects);
    sql_effects_sort(effects);
}
