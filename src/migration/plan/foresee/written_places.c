/*
 * The server says the bound of a partition as a condition (pg_get_partition_constraintdef), which runs nobody's code if
 * all keys are of types and operators of PostgreSQL's. A row that is in none of them fails, unless there is a DEFAULT
 * partition.
 */
#include "migration/plan/foresee/written_places.h"

#include "migration/plan/foresee/rows.h"
#include "pg/values.h"

#include <string.h>

#define MOST_BYTES 65536 /* of the conditions of all partitions */

/* A format for the table's oid: the columns of all keys, of those above it, too; its own bound, if it is a partition;
 * that a row is outside of all of its partitions at the lowest level, if it is partitioned and none is a DEFAULT. No
 * row if it is neither, or if a key is not judged. */
static const char places_sql[] =
    "WITH RECURSIVE it(oid) AS (SELECT %u::pg_catalog.oid), down(oid) AS (SELECT oid FROM it UNION SELECT i.inhrelid "
    "FROM pg_catalog.pg_inherits i JOIN down d ON i.inhparent = d.oid), up(oid) AS (SELECT oid FROM it UNION SELECT "
    "i.inhparent FROM pg_catalog.pg_inherits i JOIN up u ON i.inhrelid = u.oid), keys AS (SELECT p.* FROM "
    "pg_catalog.pg_partitioned_table p WHERE p.partrelid IN (SELECT oid FROM down UNION ALL SELECT oid FROM up)), "
    "columns AS (SELECT a.attname, t.typnamespace, o.opcnamespace FROM keys k CROSS JOIN LATERAL "
    "unnest(k.partattrs::pg_catalog.int2[], k.partclass::pg_catalog.oid[]) AS u(attnum, class) LEFT JOIN "
    "pg_catalog.pg_attribute a ON a.attrelid = k.partrelid AND a.attnum = u.attnum LEFT JOIN pg_catalog.pg_type t ON "
    "t.oid = a.atttypid LEFT JOIN pg_catalog.pg_opclass o ON o.oid = u.class) SELECT (SELECT "
    "pg_catalog.string_agg(DISTINCT c.attname, pg_catalog.chr(31)) FROM columns c), "
    "pg_catalog.pg_get_partition_constraintdef(r.oid), CASE WHEN r.relkind = 'p' AND NOT EXISTS (SELECT FROM keys k "
    "JOIN down d ON d.oid = k.partrelid WHERE k.partdefid <> 0) THEN (SELECT coalesce(pg_catalog.string_agg("
    "pg_catalog.concat('(', pg_catalog.pg_get_partition_constraintdef(l.oid), ') IS NOT TRUE'), ' AND '), 'true') FROM "
    "down d JOIN pg_catalog.pg_class l ON l.oid = d.oid AND l.relkind <> 'p') END FROM it JOIN pg_catalog.pg_class r "
    "ON r.oid = it.oid AND (r.relkind = 'p' OR r.relispartition) WHERE NOT EXISTS (SELECT FROM columns c WHERE "
    "c.attname IS NULL OR c.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace OR c.opcnamespace <> "
    "'pg_catalog'::pg_catalog.regnamespace)";
enum { PLACES_COLUMNS, PLACES_OWN, PLACES_OUTSIDE };

static void put(struct writing *writing, const char *columns, const char *message, const char *condition)
{
    writing_put(writing, &(struct writing_part){message, columns, writing_list(writing, columns, ""),
                                                arena_printf(writing->needs->arena, "WHERE %s", condition), false});
}

void written_places(struct writing *writing)
{
    struct needs *const needs = writing->needs;
    struct arena *const arena = needs->arena;
    const char *ignored;
    const uint32_t oid = writing->relation->oid;
    const bool is_known = !needs_mentioned(needs, writing->written->name) && !needs_mentioned_above(needs, oid);
    PG_RESULT(places) = is_known ? rows_look(needs, arena_printf(arena, places_sql, oid), &ignored) : NULL;
    if (places == NULL || PQntuples(places) == 0) {
        return;
    }
    const char *const columns = arena_strdup(arena, pg_field(places, 0, PLACES_COLUMNS));
    const char *const own = pg_field(places, 0, PLACES_OWN);
    const char *const outside = pg_field(places, 0, PLACES_OUTSIDE);
    if (columns == NULL || !writing_has(writing, columns)) {
        return;
    }
    if (own != NULL && own[0] != '\0') {
        put(writing, columns, "A row does not belong to this partition (23514).",
            arena_printf(arena, "(%s) IS FALSE", own));
    }
    if (outside != NULL && strlen(outside) < MOST_BYTES) {
        put(writing, columns, "No partition takes a row that it writes (23514).", outside);
    }
}
