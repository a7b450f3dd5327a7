/*
 * Applies the rules of PostgreSQL's tablecmds.c to the catalogs. Domains, arrays and composite types, whose casts come
 * from other types, are not judged.
 */
#include "migration/plan/foresee/fitting.h"

#include "migration/plan/foresee/made_tables.h"
#include "migration/plan/foresee/types_said.h"
#include "pg/values.h"

#include <string.h>

/* ---- properties of a column ---- */

enum fact { INHERITED, PARTITION_KEY, IDENTITY, GENERATED, DEFAULT, NOT_NULL, PRIMARY_KEY };

/* $1 the relation, $2 the column: the properties, in their order. */
static const char facts_sql[] =
    "SELECT a.attinhcount > 0, EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = a.attrelid "
    "AND "
    "a.attnum = ANY (p.partattrs)), a.attidentity <> '', a.attgenerated <> '', a.atthasdef, a.attnotnull, EXISTS "
    "(SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY "
    "(i.indkey[0:i.indnkeyatts - 1])) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "WHERE a.attrelid = "
    "$1::oid AND a.attname = $2::name AND NOT a.attisdropped AND c.relkind IN ('r', 'p')";

static const struct {
    enum sql_alter_kind kind;
    enum fact fact;
    bool value; /* the value that makes the statement fail */
    const char *why;
} rules[] = {
    {SQL_ALTER_TYPE, INHERITED, true, "is inherited: change it in the parent (42P16)."},
    {SQL_ALTER_TYPE, PARTITION_KEY, true, "is part of the partition key: it cannot be changed (42P16)."},
    {SQL_ALTER_DROP, INHERITED, true, "is inherited: drop it in the parent (42P16)."},
    {SQL_ALTER_DROP, PARTITION_KEY, true, "is part of the partition key: it cannot be dropped (42P16)."},
    {SQL_ALTER_RENAME, INHERITED, true, "is inherited: rename it in the parent (42P16)."},
    {SQL_ALTER_DEFAULT, IDENTITY, true, "is an identity column, which has no DEFAULT: DROP IDENTITY first (42601)."},
    {SQL_ALTER_DEFAULT, GENERATED, true, "is a generated column, which has no DEFAULT (42601)."},
    {SQL_ALTER_NULLABLE, PRIMARY_KEY, true, "is of the primary key, which has no NULL (42P16)."},
    {SQL_ALTER_NULLABLE, IDENTITY, true, "is an identity column, which has no NULL (42601)."},
    {SQL_ALTER_ADD_IDENTITY, IDENTITY, true, "is an identity column already (55000)."},
    {SQL_ALTER_ADD_IDENTITY, DEFAULT, true,
     "has a DEFAULT, with which it cannot be an identity: DROP DEFAULT (55000)."},
    {SQL_ALTER_ADD_IDENTITY, NOT_NULL, false, "may be NULL, which an identity may not: SET NOT NULL first (55000)."},
    {SQL_ALTER_SET_IDENTITY, IDENTITY, false, "is not an identity column (55000)."},
    {SQL_ALTER_DROP_IDENTITY, IDENTITY, false, "is not an identity column (55000)."},
    {SQL_ALTER_DROP_EXPRESSION, GENERATED, false, "is not a generated column (55000)."},
};

static const char *why_by_facts(struct needs *needs, const struct sql_alter *alter, const char *oid)
{
    bool has_rule = false;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        has_rule = has_rule || rules[i].kind == alter->kind;
    }
    if (!has_rule || !alter->is_only || needs_mentioned(needs, alter->name)) {
        return NULL;
    }
    PG_RESULT(facts) = needs_ask(needs, facts_sql, 2, (const char *const[]){oid, alter->column});
    for (size_t i = 0; facts != NULL && PQntuples(facts) == 1 && i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].kind == alter->kind && pg_field_bool(facts, 0, (int)rules[i].fact) == rules[i].value) {
            return arena_printf(needs->arena, "\"%s\" %s", alter->column, rules[i].why);
        }
    }
    return NULL;
}

/* ---- types ---- */

/* The oid of a DEFAULT's type if it is a constant, possibly wrapped in implicit length coercions (1043 becomes
 * varchar(50) so); else NULL. PostgreSQL strips the same (strip_implicit_coercions). Read from the node tree, the same
 * in PostgreSQL 11 to 18, because pg_get_expr() would wait for the table's lock. */
#define CONSTANT_TYPE                                                                                                  \
    "pg_catalog.\"substring\"(e.adbin::text, '^(?:[{]FUNCEXPR [^{]*:funcformat 2 [^{]*:args [(])*[{]CONST :consttype " \
    "([0-9]+) [^{]*:constisnull false ')::oid"

#define COLUMN_ASSIGNS  TYPES_ASSIGN("o.oid", "t")
#define DEFAULT_ASSIGNS TYPES_ASSIGN("d.oid", "t")
#define NEW_TYPES       TYPES_SAID("$3")

/* $1 the relation, $2 the column, $3 its new type: the old type, whether its values are converted implicitly, and
 * whether a constant DEFAULT is not. */
static const char type_sql[] =
    "SELECT pg_catalog.format_type(o.oid, NULL), pg_catalog.bool_or(" COLUMN_ASSIGNS
    "), pg_catalog.bool_and(d.oid IS NOT NULL AND NOT " DEFAULT_ASSIGNS
    "), pg_catalog.min(pg_catalog.format_type(t.oid, NULL)) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c "
    "ON c.oid = a.attrelid JOIN pg_catalog.pg_type o ON o.oid = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = ANY "
    "(" NEW_TYPES ") LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum AND "
    "a.attgenerated = '' LEFT JOIN pg_catalog.pg_type d ON d.oid = " CONSTANT_TYPE " AND d.typtype IN ('b', 'e') AND "
    "d.typcategory <> 'A' WHERE a.attrelid = $1::oid AND a.attname = $2::name AND NOT a.attisdropped AND c.relkind IN "
    "('r', 'p', 'f') AND o.typtype IN ('b', 'e') AND o.typcategory <> 'A' GROUP BY o.oid";

static const char *why_by_type(struct needs *needs, const struct sql_alter *alter, const char *oid)
{
    if (alter->kind != SQL_ALTER_TYPE || alter->type[0] == '\0' || needs_mentioned_type(needs, alter->type) ||
        needs_mentioned(needs, "cast")) {
        return NULL;
    }
    PG_RESULT(found) = needs_ask(needs, type_sql, 3, (const char *const[]){oid, alter->column, alter->type});
    if (found == NULL || PQntuples(found) != 1) {
        return NULL;
    }
    return !alter->has_using && !pg_field_bool(found, 0, 1)
               ? arena_printf(needs->arena,
                              "\"%s\" is of type %s, whose values do not become %s by themselves: say how, with USING "
                              "(42804).",
                              alter->column, pg_field(found, 0, 0), pg_field(found, 0, 3))
           : alter->is_only && pg_field_bool(found, 0, 2)
               ? arena_printf(needs->arena,
                              "The DEFAULT of \"%s\" does not become %s by itself: DROP DEFAULT before, and set it "
                              "again after (42804).",
                              alter->column, pg_field(found, 0, 3))
               : NULL;
}

/* $1 the relation, $2 the new column, $3 its type: a row if the relation is a partition, or if a descendant has a
 * column of that name with another type; with the names through which it inherits. */
static const char added_sql[] =
    "WITH RECURSIVE down(oid, names) AS (SELECT i.inhrelid, c.relname::text FROM pg_catalog.pg_inherits i JOIN "
    "pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::oid UNION SELECT i.inhrelid, "
    "pg_catalog.concat(down.names, pg_catalog.chr(31), c.relname) FROM pg_catalog.pg_inherits i JOIN down ON "
    "i.inhparent = down.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid) SELECT 'It is a partition: a column is "
    "added to the partitioned table (42809).', '' FROM pg_catalog.pg_class c WHERE c.oid = $1::oid AND "
    "c.relispartition "
    "UNION ALL SELECT pg_catalog.format('The child %I has a column %I of another type (42804).', c.relname, "
    "a.attname), "
    "down.names FROM down JOIN pg_catalog.pg_class c ON c.oid = down.oid JOIN pg_catalog.pg_attribute a ON a.attrelid "
    "= down.oid AND a.attname = $2::name AND NOT a.attisdropped WHERE $3 <> '' AND a.atttypid <> ALL (" NEW_TYPES
    ") AND EXISTS (SELECT FROM pg_catalog.unnest(" NEW_TYPES ")) LIMIT 100";

static const char *why_by_children(struct needs *needs, const struct sql_alter *alter, const char *oid)
{
    if (alter->kind != SQL_ALTER_ADD || needs_mentioned(needs, alter->name) ||
        needs_mentioned_type(needs, alter->type)) {
        return NULL;
    }
    PG_RESULT(found) = needs_ask(needs, added_sql, 3, (const char *const[]){oid, alter->column, alter->type});
    for (int i = 0; found != NULL && i < PQntuples(found); i++) {
        if (!needs_mentioned_any(needs, pg_field(found, i, 1))) {
            return arena_strdup(needs->arena, pg_field(found, i, 0));
        }
    }
    return NULL;
}

/* ---- partitions and children ---- */

/* $1 the parent, $2 the other table, $3 the bound, or NULL for a child: the obstacle. NOT NULL … NO INHERIT (PostgreSQL
 * 18) requires nothing of a child. */
static const char joined_sql[] =
    "WITH parent AS (SELECT b.* FROM pg_catalog.pg_attribute b WHERE b.attrelid = $1::oid AND b.attnum > 0 AND NOT "
    "b.attisdropped), other AS (SELECT b.* FROM pg_catalog.pg_attribute b WHERE b.attrelid = $2::oid AND b.attnum > 0 "
    "AND NOT b.attisdropped) SELECT coalesce((SELECT 'is not a partitioned table (42809).' FROM pg_catalog.pg_class c "
    "WHERE c.oid = $1::oid AND c.relkind <> 'p' AND $3::text IS NOT NULL), "
    "(SELECT pg_catalog.format('cannot take %I, which is a partition already (42809).', c.relname) FROM "
    "pg_catalog.pg_class c WHERE c.oid = $2::oid AND c.relispartition), "
    "(SELECT 'is partitioned otherwise: the bound is of another kind (42P16).' FROM pg_catalog.pg_partitioned_table p "
    "WHERE p.partrelid = $1::oid AND $3 IN ('l', 'r', 'h') AND p.partstrat::text <> $3), "
    "(SELECT pg_catalog.format('has a column %I that the other table lacks (42804).', p.attname) FROM parent p WHERE "
    "NOT EXISTS (SELECT FROM other o WHERE o.attname = p.attname) LIMIT 1), "
    "(SELECT pg_catalog.format('has no column %I, which the other table has (42804).', o.attname) FROM other o WHERE "
    "$3::text IS NOT NULL AND NOT EXISTS (SELECT FROM parent p WHERE o.attname = p.attname) LIMIT 1), "
    "(SELECT pg_catalog.format('has a column %I of another type: %s, and %s in the other table (42804).', p.attname, "
    "pg_catalog.format_type(p.atttypid, p.atttypmod), pg_catalog.format_type(o.atttypid, o.atttypmod)) FROM parent p "
    "JOIN other o ON o.attname = p.attname WHERE o.atttypid <> p.atttypid OR o.atttypmod <> p.atttypmod LIMIT 1), "
    "(SELECT pg_catalog.format('has a column %I that is NOT NULL, and may be NULL in the other table (42804).', "
    "p.attname) FROM parent p JOIN other o ON o.attname = p.attname WHERE p.attnotnull AND NOT o.attnotnull AND NOT "
    "EXISTS (SELECT FROM pg_catalog.pg_index i WHERE $3::text IS NOT NULL AND i.indrelid = p.attrelid AND "
    "i.indisprimary AND p.attnum = ANY (i.indkey) AND pg_catalog.current_setting('server_version_num')::int < 180000) "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = p.attrelid AND k.contype = 'n' AND "
    "k.connoinherit AND p.attnum = ANY (k.conkey)) LIMIT 1))";

static const char detached_sql[] = "SELECT 'has no such partition (42P01).' WHERE NOT EXISTS (SELECT FROM "
                                   "pg_catalog.pg_inherits i WHERE i.inhparent = $1::oid AND i.inhrelid = $2::oid)";

static const char *why_not_joined(struct needs *needs, const struct sql_alter *alter)
{
    const bool is_child = alter->kind == SQL_ALTER_INHERIT;
    const struct relation *const table = needs_untouched(needs, alter->schema, alter->name);
    const struct relation *const other = needs_untouched(needs, alter->other_schema, alter->other);
    if (table == NULL || other == NULL) {
        return NULL;
    }
    const char bound[] = {alter->bound, '\0'};
    const char *const values[] = {arena_printf(needs->arena, "%u", is_child ? other->oid : table->oid),
                                  arena_printf(needs->arena, "%u", is_child ? table->oid : other->oid),
                                  is_child ? NULL : bound};
    const char *const why = alter->kind == SQL_ALTER_DETACH ? needs_value(needs, detached_sql, 2, values)
                                                            : needs_value(needs, joined_sql, 3, values);
    return why == NULL ? NULL : arena_printf(needs->arena, "\"%s\" %s", is_child ? alter->other : alter->name, why);
}

static const char *why_alter(struct needs *needs, const struct sql_alter *alter)
{
    if (alter->other != NULL) {
        return why_not_joined(needs, alter);
    }
    const struct relation *const relation = world_find(needs->world, alter->schema, alter->name);
    if (relation == NULL || relation->oid == 0 || relation->renamed || needs_mentioned(needs, alter->column)) {
        return NULL;
    }
    const char *const oid = arena_printf(needs->arena, "%u", relation->oid);
    const char *const by_facts = why_by_facts(needs, alter, oid);
    const char *const by_type = by_facts == NULL ? why_by_type(needs, alter, oid) : NULL;
    return by_facts != NULL ? by_facts : by_type != NULL ? by_type : why_by_children(needs, alter, oid);
}

/* ---- foreign keys ---- */

#define OWN_TYPES TYPES_SAID("own.type")

/* $1 the referenced table, $2 its columns or '', $3 the referencing table or NULL, $4 its columns, $5 their types. Two
 * types fit if a btree operator compares them, or one is implicitly converted to the other; the index's type may differ
 * from its column's: a cidr is compared as inet. */
static const char key_sql[] =
    "WITH keys AS (SELECT u.name, u.number FROM pg_catalog.unnest(pg_catalog.string_to_array($2, pg_catalog.chr(31))) "
    "WITH ORDINALITY AS u(name, number) UNION ALL SELECT a.attname::text, k.number FROM pg_catalog.pg_index i CROSS "
    "JOIN LATERAL pg_catalog.unnest(i.indkey[0:i.indnkeyatts - 1]::int2[]) WITH ORDINALITY AS k(column_number, number) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.column_number WHERE $2 = '' AND "
    "i.indrelid = $1::oid AND i.indisprimary), own AS (SELECT u.name, u.type, u.number FROM "
    "unnest(pg_catalog.string_to_array($4, pg_catalog.chr(31)), pg_catalog.string_to_array($5, pg_catalog.chr(31))) "
    "WITH ORDINALITY AS u(name, type, number)), pairs AS (SELECT own.name, keys.name AS key, ka.attnum AS to_number, "
    "p.oid AS to_oid, f.oid AS from_oid, p.typcategory = 'S' AND f.typcategory = 'S' AS are_strings, p.typtype IN "
    "('b', 'e') AND p.typcategory <> 'A' AND f.typtype IN ('b', 'e') AND f.typcategory <> 'A' AS are_plain FROM own "
    "JOIN keys ON keys.number = own.number JOIN pg_catalog.pg_attribute ka ON ka.attrelid = $1::oid AND ka.attname = "
    "keys.name::name AND NOT ka.attisdropped JOIN pg_catalog.pg_type p ON p.oid = ka.atttypid JOIN pg_catalog.pg_type "
    "f ON CASE WHEN own.type <> '' THEN f.oid = ANY (" OWN_TYPES ") ELSE f.oid = (SELECT o.atttypid FROM "
    "pg_catalog.pg_attribute o WHERE o.attrelid = $3::oid AND o.attname = own.name::name AND NOT o.attisdropped) END), "
    "compared AS (SELECT DISTINCT r.to_number, r.to_oid AS oid FROM pairs r UNION SELECT k.number, o.opcintype FROM "
    "pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) AS k(number, class) JOIN "
    "pg_catalog.pg_opclass o ON o.oid = k.class WHERE i.indrelid = $1::oid AND i.indisunique) SELECT CASE WHEN (SELECT "
    "pg_catalog.count(*) FROM keys) <> (SELECT pg_catalog.count(*) FROM own) THEN 'The foreign key has another number "
    "of columns than the key that it refers to (42830).' ELSE (SELECT pg_catalog.format('%I is of type %s, and %I, "
    "which it refers to, of type %s: they cannot be compared (42804).', r.name, "
    "pg_catalog.format_type(pg_catalog.min(r.from_oid), NULL), r.key, pg_catalog.format_type(r.to_oid, NULL)) FROM "
    "pairs r GROUP BY r.name, r.key, r.to_oid HAVING pg_catalog.bool_and(r.are_plain AND NOT r.are_strings AND NOT "
    "EXISTS (SELECT FROM compared t WHERE t.to_number = r.to_number AND (t.oid = r.from_oid OR EXISTS (SELECT FROM "
    "pg_catalog.pg_amop o WHERE o.amopmethod = 403 AND o.amopstrategy = 3 AND o.amoplefttype = t.oid AND "
    "o.amoprighttype = r.from_oid) OR EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = r.from_oid AND "
    "k.casttarget = t.oid AND k.castcontext = 'i')))) LIMIT 1) END WHERE EXISTS (SELECT FROM keys)";

static const char *why_reference(struct needs *needs, const struct sql_reference *key)
{
    const struct relation *const to = needs_untouched(needs, key->to_schema, key->to);
    const struct relation *const from = needs_untouched(needs, key->schema, key->name);
    const bool is_known = to != NULL && (from != NULL || key->name == NULL) &&
                          !needs_mentioned_any(needs, key->to_columns) && !needs_mentioned_type(needs, key->types) &&
                          !needs_mentioned(needs, "cast") && !needs_mentioned(needs, "operator");
    if (!is_known || key->columns[0] == '\0') {
        return NULL;
    }
    const char *const values[] = {arena_printf(needs->arena, "%u", to->oid), key->to_columns,
                                  from == NULL ? NULL : arena_printf(needs->arena, "%u", from->oid), key->columns,
                                  key->types};
    return needs_value(needs, key_sql, 5, values);
}

const char *fitting_why(struct needs *needs, const struct sql_effects *effects)
{
    const char *why = NULL;
    for (size_t i = 0; why == NULL && !needs->has_cascaded && i < effects->alter_count; i++) {
        why = why_alter(needs, &effects->alters[i]);
    }
    for (size_t i = 0; why == NULL && !needs->has_cascaded && i < effects->reference_count; i++) {
        why = why_reference(needs, &effects->references[i]);
        why = why == NULL ? made_tables_why(needs, &effects->references[i]) : why;
    }
    return why;
}
