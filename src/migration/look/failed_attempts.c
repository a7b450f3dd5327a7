/*
 * First asks only whether the table exists; for a database without it that is all.
 */
#include "migration/look/failed_attempts.h"

#include "framework/core/ledger.h"
#include "migration/look/content.h"
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

static struct failed_attempt *read_row(struct arena *arena, const PGresult *result, int row)
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
        .content_hash = field(arena, result, row, 11),
    };
    return failure;
}

/* Reads the file again. What cannot be read, or not be made into SQL any more, is not what was tried. */
static enum tried_file compare_file(const struct request *request, const struct catalog *catalog,
                                    const struct catalog_item *item, const char *tried)
{
    const struct migration_place place = {&request->site->project, &catalog->detection.folder, item->file};
    struct status ignored = {.arena = request->arena};
    struct loaded loaded;
    if (tried == NULL || item->file == NULL || !catalog->detection.has_folder) {
        return TRIED_FILE_NOT_KNOWN;
    }
    return migration_load(request->arena, &place, &loaded, &ignored) &&
                   strcmp(loaded_hash(request->arena, &loaded), tried) == 0
               ? TRIED_FILE_IS_SAME
               : TRIED_FILE_HAS_CHANGED;
}

static void put_to_item(const struct request *request, const struct catalog *catalog, const char *name,
                        struct failed_attempt *failure, const struct failed_attempt **failures)
{
    for (size_t i = 0; i < catalog->count; i++) {
        if (catalog->items[i].state == MIGRATION_PENDING && strcmp(catalog->items[i].name, name) == 0) {
            failure->file = compare_file(request, catalog, &catalog->items[i], failure->content_hash);
            failures[i] = failure;
        }
    }
}

bool failures_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                   const struct failed_attempt ***failures)
{
    static const char sql[] = "SELECT migration, (extract(epoch FROM failed_at) OPERATOR(pg_catalog.*) "
                              "1000000)::bigint, failed_by, message, sqlstate, detail, "
                              "hint, statement, line, col, partially_applied, "
                              /* an older version made the table without it */
                              "pg_catalog.to_jsonb(f) OPERATOR(pg_catalog.->>) 'content_hash' "
                              "FROM {truss}.failed_attempts f WHERE ledger OPERATOR(pg_catalog.=) $1 "
                              "AND migration IS NOT NULL";
    static const struct own_tables tables = {.last = STORE_LAST};
    *failures = arena_array(request->arena, catalog->count, sizeof **failures);
    if (!catalog->has_own_schema || catalog->counts[MIGRATION_PENDING] == 0 ||
        !own_table_may_be_read(session, "{truss}.failed_attempts", &tables, request->arena)) {
        return true;
    }
    const char *const values[] = {ledger_full_name(request->arena, &catalog->detection.ledger)};
    PG_RESULT(result) = own_query(session, sql, 1, values, request->status);
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        put_to_item(request, catalog, pg_field(result, row, 0), read_row(request->arena, result, row), *failures);
    }
    return result != NULL;
}
