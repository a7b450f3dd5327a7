/*
 * First asks only whether the table exists; for a database without it that is all.
 */
#include "migration/look/failed_attempts.h"

#include "framework/core/ledger.h"
#include "migration/look/store.h"
#include "pg/own_query.h"
#include "pg/own_tables.h"
#include "pg/values.h"

#include <string.h>

static const char *field(struct arena *arena, const PGresult *result, int row, int column)
{
    const char *const value = pg_field(result, row, column);
    return value == NULL ? NULL : arena_strdup(arena, value);
}

static const struct failed_attempt *read_row(struct arena *arena, const PGresult *result, int row)
{
    struct failed_attempt *const failure = arena_alloc(arena, sizeof *failure);
    *failure = (struct failed_attempt){
        .at = pg_field_us(result, row, 1),
        .by = field(arena, result, row, 2),
        .message = field(arena, result, row, 3),
        .sqlstate = field(arena, result, row, 4),
        .detail = field(arena, result, row, 5),
        .hint = field(arena, result, row, 6),
        .statement = field(arena, result, row, 7),
        .line = (uint32_t)pg_field_int(result, row, 8, 0),
        .column = (uint32_t)pg_field_int(result, row, 9, 0),
        .partially_applied = pg_field_bool(result, row, 10),
    };
    return failure;
}

static void put_to_item(const struct catalog *catalog, const char *name, const struct failed_attempt *failure,
                        const struct failed_attempt **failures)
{
    for (size_t i = 0; i < catalog->count; i++) {
        if (catalog->items[i].state == MIGRATION_PENDING && strcmp(catalog->items[i].name, name) == 0) {
            failures[i] = failure;
        }
    }
}

bool failures_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                   const struct failed_attempt ***failures)
{
    static const char sql[] = "SELECT migration, (extract(epoch FROM failed_at) OPERATOR(pg_catalog.*) "
                              "1000000)::bigint, failed_by, message, sqlstate, detail, "
                              "hint, statement, line, col, partially_applied FROM {truss}.failed_attempts WHERE ledger "
                              "OPERATOR(pg_catalog.=) $1 AND migration IS NOT NULL";
    static const struct own_tables tables = {.last = STORE_LAST};
    *failures = arena_array(request->arena, catalog->count, sizeof **failures);
    if (!catalog->has_own_schema || catalog->counts[MIGRATION_PENDING] == 0 ||
        !own_table_may_be_read(session, "{truss}.failed_attempts", &tables, request->arena)) {
        return true;
    }
    const char *const values[] = {ledger_full_name(request->arena, &catalog->detection.ledger)};
    PG_RESULT(result) = own_query(session, sql, 1, values, request->status);
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        put_to_item(catalog, pg_field(result, row, 0), read_row(request->arena, result, row), *failures);
    }
    return result != NULL;
}
