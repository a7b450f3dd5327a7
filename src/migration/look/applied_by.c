/*
 * First asks only whether the table exists; for a database without it that is all.
 */
#include "migration/look/applied_by.h"

#include "base/sorting.h"
#include "framework/core/ledger.h"
#include "migration/look/failed_attempts.h"
#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/query_trace.h"
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

/* Tolerance between the time in the tracking table and the run's own: some tables store whole seconds, and frameworks
 * have their own clocks. */
#define MARGIN_US 2000000

struct kept_row {
    const char *migration;
    int64_t began; /* of the run; us since 1970, like the next */
    int64_t ended;
    struct applied_by by;
};

static struct kept_row row_of(struct arena *arena, const PGresult *result, int row)
{
    const char *const operation = pg_field(result, row, 4);
    return (struct kept_row){
        .migration = arena_strdup(arena, pg_field(result, row, 0)),
        .began = pg_field_us(result, row, 1),
        .ended = pg_field_us(result, row, 2),
        .by = {arena_strdup(arena, pg_field(result, row, 3)), operation == NULL ? NULL : arena_strdup(arena, operation),
               pg_field_bool(result, row, 5), pg_field_int(result, row, 6, -1)},
    };
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct kept_row *)a)->migration, ((const struct kept_row *)b)->migration);
}

/* The row of an item, if it belongs to the run that the tracking table's row is from. */
static const struct applied_by *find(const struct kept_row *rows, size_t count, const struct catalog_item *item)
{
    const bool has_time = item->entry != NULL && item->entry->state == ENTRY_APPLIED &&
                          item->entry->finished_at != NO_TIME && item->state != MIGRATION_PENDING;
    const struct kept_row wanted = {.migration = item->name};
    const struct kept_row *const row =
        has_time && count > 0 ? bsearch(&wanted, rows, count, sizeof *rows, by_name) : NULL;
    return row != NULL && item->entry->finished_at >= row->began - MARGIN_US &&
                   item->entry->finished_at <= row->ended + MARGIN_US
               ? &row->by
               : NULL;
}

const struct applied_by *const *applied_by_read(const struct request *request, struct pg_session *session,
                                                const struct catalog *catalog)
{
    static const char sql[] =
        "SELECT migration, (extract(epoch FROM run_began) OPERATOR(pg_catalog.*) 1000000)::bigint, "
        "(extract(epoch FROM run_ended) OPERATOR(pg_catalog.*) 1000000)::bigint, actor, operation, "
        /* an older version made the table without it */
        "coalesce((pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'marked')::pg_catalog.bool, false), "
        "pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'duration_ms' "
        "FROM {truss}.applied_by a WHERE ledger OPERATOR(pg_catalog.=) $1 AND migration IS NOT NULL "
        "AND pg_catalog.isfinite(run_began) AND pg_catalog.isfinite(run_ended) AND actor IS NOT NULL";
    static const struct own_tables tables = {.last = "{truss}.applied_by"};
    struct arena *const arena = request->arena;
    struct status ignored = {.arena = arena};
    const struct applied_by **const found = arena_array(arena, catalog->count, sizeof *found);
    if (!catalog->has_own_schema || !catalog->detection.has_ledger ||
        !own_table_may_be_read(session, tables.last, &tables, arena)) {
        return found;
    }
    const char *const values[] = {ledger_full_name(arena, &catalog->detection.ledger)};
    PG_RESULT(result) = own_query(session, sql, 1, values, &ignored);
    query_trace_just_read(own_sql(arena, session, tables.last));
    const size_t count = result == NULL ? 0 : (size_t)PQntuples(result);
    struct kept_row *const rows = arena_array(arena, count, sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        rows[i] = row_of(arena, result, (int)i);
    }
    sort_items(rows, count, sizeof *rows, by_name);
    for (size_t i = 0; i < catalog->count; i++) {
        found[i] = find(rows, count, &catalog->items[i]);
    }
    return found;
}
