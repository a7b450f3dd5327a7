#include "migration/look/half_done.h"

#include "framework/core/ledger.h"
#include "migration/look/advice.h"
#include "migration/look/failed_attempts.h"
#include "migration/look/store.h"
#include "pg/own_query.h"
#include "pg/own_tables.h"
#include "pg/values.h"

#include <string.h>

/* In place of a step's number: plan/cut/steps.h writes it for a tool. */
static const char sql[] =
    "SELECT migration, pg_catalog.count(finished_at), coalesce(pg_catalog.max(steps), 0), pg_catalog.min(attempt), "
    "pg_catalog.bool_or(step OPERATOR(pg_catalog.=) 0) FROM {truss}.migration_steps WHERE ledger "
    "OPERATOR(pg_catalog.=) $1 AND migration IS NOT NULL GROUP BY migration ORDER BY migration";

static bool is_applied(const struct catalog_item *item)
{
    return item != NULL && item->entry != NULL && item->entry->state == ENTRY_APPLIED;
}

/* Was the last attempt another one than that of our rows? Where the tracking table has a row from the start, it knows.
 */
static bool is_of_another(const struct catalog *catalog, const struct catalog_item *item, const char *attempt)
{
    const struct ledger_entry *failed = NULL;
    for (size_t i = 0; item != NULL && i < item->attempt_count; i++) {
        failed = item->attempts[i].state == ENTRY_FAILED ? &item->attempts[i] : failed;
    }
    return item != NULL && (failed == NULL ? ledger_has(catalog->detection.framework, LEDGER_START)
                                           : failed->id != NULL && strcmp(failed->id, attempt) != 0);
}

bool half_done_read(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                    struct half_done_list *list)
{
    static const struct own_tables tables = {.last = STORE_LAST};
    struct arena *const arena = request->arena;
    *list = (struct half_done_list){0};
    if (!catalog->has_own_schema || catalog->detection.framework == NULL || catalog->detection.problem != NULL ||
        !own_table_may_be_read(session, "{truss}.migration_steps", &tables, arena)) {
        return true;
    }
    const char *const values[] = {ledger_full_name(arena, &catalog->detection.ledger)};
    PG_RESULT(result) = own_query(session, sql, 1, values, request->status);
    const int count = result == NULL ? 0 : PQntuples(result);
    list->items = arena_array(arena, (size_t)count, sizeof *list->items);
    for (int row = 0; row < count; row++) {
        const char *const name = pg_field(result, row, 0);
        const struct catalog_item *const item = catalog_named(catalog, name);
        const bool is_of_tool = pg_field_bool(result, row, 4);
        if (!is_applied(item) && (is_of_tool || !is_of_another(catalog, item, pg_field(result, row, 3)))) {
            list->items[list->count++] =
                (struct half_done){arena_strdup(arena, name), item, (uint32_t)pg_field_int(result, row, 1, 0),
                                   (uint32_t)pg_field_int(result, row, 2, 0), is_of_tool};
        }
    }
    return result != NULL;
}

const char *half_done_sentence(struct arena *arena, const struct half_done *one)
{
    const char *const name = one->migration;
    if (one->is_of_tool) {
        return arena_printf(arena,
                            "The project's own tool was started for \"%s\", and its end was not seen: what it did is "
                            "not known, and no run starts it again. Undo what it left and say so (%s), or complete it "
                            "(%s).",
                            name, advice_rolled_back(arena, name), advice_applied(arena, name));
    }
    return one->item == NULL || one->item->file == NULL
               ? arena_printf(arena,
                              "\"%s\" is half done by an earlier run (%u of %u steps), and its file is not there any "
                              "more: nothing runs until that is settled. Restore the file and run it to its end; or "
                              "undo what it did and say so: %s.",
                              name, one->finished, one->steps, advice_rolled_back(arena, name))
               : arena_printf(
                     arena,
                     "Half done by an earlier run: %u of %u steps are finished and stay. The next run continues "
                     "after them if the file still begins with them; or undo them and say so: %s.",
                     one->finished, one->steps, advice_rolled_back(arena, name));
}
