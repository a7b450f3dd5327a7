/*
 * During a rollout two workers may have different versions of a project and see different drift in turns. So drift that
 * one of them no longer sees stays known for a while; otherwise it would be news again and again.
 */
#include "worker/telemetry/drift.h"

#include "base/sorting.h"
#include "framework/core/ledger.h"
#include "migration/look/catalog.h"
#include "migration/look/failed_attempts.h"
#include "pg/own_query.h"
#include "pg/own_sql.h"
#include "pg/own_tables.h"
#include "pg/own_write.h"
#include "pg/values.h"

#include <string.h>

#define FORGOTTEN_AFTER "15 minutes"
#define AT_ONCE         1000 /* items of one statement */

static const struct own_tables tables = {
    .last = "{truss}.drift",
    .sql = "CREATE TABLE IF NOT EXISTS {truss}.drift ("
           "ledger text NOT NULL, migration text NOT NULL, state text NOT NULL, seen_at timestamptz NOT NULL, "
           "PRIMARY KEY (ledger, migration, state));"
           "COMMENT ON TABLE {truss}.drift IS 'Applied migrations that webhooks were told are modified or orphaned.';",
};

bool drift_table_ensure(struct pg_session *session, struct status *status)
{
    return own_tables_ensure(session, &tables, status);
}

/* An applied migration after the last file belongs to a newer release, which this worker's folder does not contain. */
static size_t count_to_last_file(const struct catalog *catalog)
{
    size_t count = catalog->count;
    while (count > 0 && catalog->items[count - 1].file == NULL) {
        count--;
    }
    return count;
}

static void take_items(struct arena *arena, const struct catalog *catalog, struct drift *drift)
{
    const size_t count = count_to_last_file(catalog);
    const size_t most = catalog->counts[MIGRATION_MODIFIED] + catalog->counts[MIGRATION_ORPHANED];
    drift->items = arena_array(arena, most, sizeof *drift->items);
    for (size_t i = 0; i < count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->state == MIGRATION_MODIFIED || item->state == MIGRATION_ORPHANED) {
            drift->items[drift->count++] = (struct drift_item){
                .migration = item->name,
                .state = item->state == MIGRATION_MODIFIED ? "modified" : "orphaned",
            };
        }
    }
}

bool drift_look(const struct request *request, struct drift *drift)
{
    struct catalog catalog = {0};
    struct pg_session *const session = request_connect(request);
    const bool ok = session != NULL && catalog_read(request, session, &catalog);
    request_release(request, session);
    *drift = (struct drift){0};
    if (ok && catalog.problem == NULL && catalog.other_database == NULL && catalog.detection.has_ledger) {
        drift->ledger = ledger_full_name(request->arena, &catalog.detection.ledger);
        take_items(request->arena, &catalog, drift);
    }
    return ok;
}

/* One statement: if another worker writes at the same moment, each item is news for only one of them. Each row once,
 * because the server refuses duplicates, and in a fixed order, because two workers could deadlock. */
static const char *upsert_of(struct arena *arena, const struct pg_session *session, const struct drift *drift)
{
    struct buffer sql = {.arena = arena};
    own_put(&sql, pg_session_own_schema(session),
            "INSERT INTO {truss}.drift AS d (ledger, migration, state, seen_at) SELECT ");
    ledger_put_text(&sql, drift->ledger);
    buffer_puts(&sql, ", n.migration, n.state, pg_catalog.clock_timestamp() FROM (SELECT DISTINCT v.* FROM (VALUES ");
    for (size_t i = 0; i < drift->count; i++) {
        buffer_puts(&sql, i == 0 ? "(" : ", (");
        ledger_put_text(&sql, own_key(arena, session, drift->items[i].migration));
        buffer_puts(&sql, ", ");
        ledger_put_text(&sql, drift->items[i].state);
        buffer_putc(&sql, ')');
    }
    buffer_puts(&sql, ") v (migration, state)) n ORDER BY n.migration COLLATE pg_catalog.\"C\", n.state "
                      "ON CONFLICT (ledger, migration, state) DO UPDATE SET seen_at = EXCLUDED.seen_at "
                      "RETURNING d.migration, d.state, d.xmax OPERATOR(pg_catalog.=) 0");
    return buffer_string(&sql);
}

static bool forget_old(struct pg_session *session, const struct drift *drift, struct status *status)
{
    static const char sql[] = "DELETE FROM {truss}.drift WHERE ledger OPERATOR(pg_catalog.=) $1 AND seen_at "
                              "OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) "
                              "'" FORGOTTEN_AFTER "'::pg_catalog.interval)";
    const struct own_statement forget = {.table = tables.last, .sql = sql, .count = 1, .values = &drift->ledger};
    PG_RESULT(result) = own_write(session, &forget, status);
    return result != NULL;
}

/* The item of a row, which may have its name escaped. */
static const struct drift_item *item_of(const struct drift *drift, const char *const *keys, const PGresult *result,
                                        int row)
{
    for (size_t i = 0; i < drift->count; i++) {
        const struct drift_item *const item = &drift->items[i];
        if (strcmp(pg_field(result, row, 1), item->state) == 0 && strcmp(pg_field(result, row, 0), keys[i]) == 0) {
            return item;
        }
    }
    return NULL;
}

/* The names of all items, as they are in rows. */
static const char *const *keys_of(struct arena *arena, const struct pg_session *session, const struct drift *drift)
{
    const char **const keys = arena_array(arena, drift->count, sizeof *keys);
    for (size_t i = 0; i < drift->count; i++) {
        keys[i] = own_key(arena, session, drift->items[i].migration);
    }
    return keys;
}

static int compare_items(const void *a, const void *b)
{
    const struct drift_item *const one = a;
    const struct drift_item *const other = b;
    const int by_name = strcmp(one->migration, other->migration);
    return by_name != 0 ? by_name : strcmp(one->state, other->state);
}

/* Adds the news among these items to those of *news. */
static bool keep_some(struct pg_session *session, const struct drift *some, struct drift *news, struct status *status)
{
    const struct own_statement upsert = {
        .table = tables.last,
        .sql = upsert_of(status->arena, session, some),
        .is_complete = true,
    };
    PG_RESULT(result) = own_write(session, &upsert, status);
    const char *const *const keys = keys_of(status->arena, session, some);
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        const struct drift_item *const item = item_of(some, keys, result, row);
        if (item != NULL && pg_field_bool(result, row, 2)) {
            news->items[news->count++] = *item;
        }
    }
    return result != NULL;
}

bool drift_keep_news(struct pg_session *session, struct drift *drift, struct status *status)
{
    if (!forget_old(session, drift, status) || drift->count == 0) {
        return status->code == STATUS_OK;
    }
    const struct drift all = *drift;
    bool ok = true;
    sort_items(all.items, all.count, sizeof *all.items, compare_items);
    drift->count = 0;
    drift->items = arena_array(status->arena, all.count, sizeof *drift->items);
    for (size_t done = 0; ok && done < all.count; done += AT_ONCE) {
        const size_t left = all.count - done;
        const struct drift some = {all.ledger, &all.items[done], left < AT_ONCE ? left : AT_ONCE};
        ok = keep_some(session, &some, drift, status);
    }
    return ok;
}
