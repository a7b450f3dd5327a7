/*
 * The planner of the server says whether a CHECK excludes the rows (constraint_exclusion), by the same proofs as ATTACH
 * uses (predtest.c). It does not need the NOT NULL that ATTACH needs: that is looked for besides. Columns of indexes
 * and keys are compared by their names, as ATTACH maps them.
 */
#include "migration/plan/foresee/attached.h"

#include "migration/plan/foresee/check_tree.h"
#include "migration/plan/foresee/rows.h"
#include "pg/values.h"

#include <string.h>

/* $1 the table, $2 the column: whether it is NOT NULL, its number, and the trees of the CHECKs over it. */
static const char filled_sql[] =
    "SELECT a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint n WHERE n.conrelid = a.attrelid AND "
    "n.contype = 'n' AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated), a.attnum, k.conbin::text FROM "
    "pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'c' AND "
    "k.convalidated AND a.attnum = ANY (k.conkey) WHERE a.attrelid = $1::oid AND a.attname = $2::name AND NOT "
    "a.attisdropped";

/* The names of the key columns of an index. */
#define COLUMNS(index)                                                                                                 \
    "ARRAY(SELECT a.attname FROM pg_catalog.unnest(" index ".indkey) WITH ORDINALITY AS u(attnum, number) JOIN "       \
    "pg_catalog.pg_attribute a ON a.attrelid = " index ".indrelid AND a.attnum = u.attnum ORDER BY u.number)"

/* $1 the partitioned table, $2 the other: an index that will be built. Expressions and conditions are not compared. */
static const char index_sql[] =
    "SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = $1::oid "
    "AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL OR NOT EXISTS (SELECT FROM pg_catalog.pg_index o JOIN "
    "pg_catalog.pg_class y ON y.oid = o.indexrelid WHERE o.indrelid = $2::oid AND o.indisvalid AND o.indexprs IS NULL "
    "AND o.indpred IS NULL AND y.relam = x.relam AND o.indisunique = i.indisunique AND o.indnkeyatts = i.indnkeyatts "
    "AND o.indclass::text = i.indclass::text AND o.indcollation::text = i.indcollation::text AND " COLUMNS(
        "o") " = " COLUMNS("i") " AND (NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = "
                                "i.indexrelid AND k.contype IN ('p', 'u', 'x')) OR EXISTS (SELECT FROM "
                                "pg_catalog.pg_constraint k WHERE k.conindid = o.indexrelid AND k.contype IN ('p', "
                                "'u', 'x'))))) LIMIT 1";

#define NAMES(key)                                                                                                     \
    "ARRAY(SELECT a.attname FROM pg_catalog.unnest(" key ".conkey) AS u(attnum) JOIN pg_catalog.pg_attribute a ON "    \
    "a.attrelid = " key ".conrelid AND a.attnum = u.attnum ORDER BY 1)"

/* $1 the partitioned table, $2 the other: a foreign key that will be checked. */
static const char key_sql[] =
    "SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = $1::oid AND k.contype = 'f' AND NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_constraint o WHERE o.conrelid = $2::oid AND o.contype = 'f' AND o.convalidated AND o.confrelid = "
    "k.confrelid AND o.confdeltype = k.confdeltype AND o.confupdtype = k.confupdtype AND o.confmatchtype = "
    "k.confmatchtype AND o.condeferrable = k.condeferrable AND o.condeferred = k.condeferred AND " NAMES(
        "o") " = " NAMES("k") ") LIMIT 1";

static bool has_rows(struct needs *needs, const char *sql, const struct relation *parent, const struct relation *other)
{
    const char *const values[] = {arena_printf(needs->arena, "%u", parent->oid),
                                  arena_printf(needs->arena, "%u", other->oid)};
    PG_RESULT(found) = needs_ask(needs, sql, 2, values);
    return found == NULL || PQntuples(found) > 0;
}

static bool is_filled(struct needs *needs, const struct relation *relation, const char *column)
{
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), column};
    PG_RESULT(found) = needs_ask(needs, filled_sql, 2, values);
    bool is = found != NULL && PQntuples(found) > 0 && pg_field_bool(found, 0, 0);
    for (int i = 0; !is && found != NULL && i < PQntuples(found); i++) {
        is = pg_field(found, i, 2) != NULL && check_tree_proves(pg_field(found, i, 2), pg_field(found, i, 1));
    }
    return is;
}

/* Do the table's CHECKs, and those that the plan has added, exclude this? Nothing is known of a table that something
 * was dropped from. */
static bool excludes(struct needs *needs, const char *schema, const char *name, const char *condition)
{
    const struct relation *const relation = world_find(needs->world, schema, name);
    struct buffer checks = {.arena = needs->arena};
    if (relation == NULL || relation->oid == 0 || relation->kind != 'r' || needs_took(needs, name)) {
        return false;
    }
    for (size_t i = 0; i < needs->promise_count; i++) {
        const struct sql_need *const one = &needs->promises[i];
        if (one->kind == SQL_NEED_CHECKED && one->promised == NULL && !needs->may_undo &&
            world_find(needs->world, one->schema, one->name) == relation) {
            buffer_printf(&checks, " AND %s", one->types);
        }
    }
    return rows_excluded(needs, relation, arena_printf(needs->arena, "(%s)%s", condition, buffer_string(&checks)));
}

static bool is_spared(struct needs *needs, const struct attached *attached, const struct relation *other)
{
    const struct sql_alter *const alter = attached->alter;
    return other->oid == 0 || (is_filled(needs, other, attached->column) &&
                               excludes(needs, alter->other_schema, alter->other,
                                        arena_printf(needs->arena, "NOT (%s)", attached->within)));
}

void attached_note(struct needs *needs, const struct attached *attached, struct sql_effects *effects)
{
    const struct relation *const other =
        world_find(needs->world, attached->alter->other_schema, attached->alter->other);
    const bool has_default = attached->default_name != NULL && attached->default_name[0] != '\0';
    if (other == NULL || effects->work != SQL_WORK_SCAN || questions_are_noted(needs->questions)) {
        return;
    }
    const bool builds = other->oid != 0 && has_rows(needs, index_sql, attached->parent, other);
    if (!is_spared(needs, attached, other) ||
        (has_default && !excludes(needs, attached->default_schema, attached->default_name, attached->within)) ||
        (other->oid != 0 && has_rows(needs, key_sql, attached->parent, other))) {
        effects->work = builds ? SQL_WORK_INDEX : SQL_WORK_SCAN;
        effects->advice =
            builds ? "It is read, and an index of the partitioned table is built on it, under the lock: build "
                     "the same one there before, with CREATE INDEX CONCURRENTLY. A valid CHECK that implies "
                     "the bounds spares the scan; a DEFAULT partition is locked and read as well."
                   : effects->advice;
        return;
    }
    effects->work = builds ? SQL_WORK_INDEX : SQL_WORK_NONE;
    effects->advice = builds ? "Its constraints spare the scan, but an index of the partitioned table is built on it "
                               "under the lock: build the same one there before, with CREATE INDEX CONCURRENTLY."
                             : "Its constraints say what the bound says, so no row is read.";
}
