/*
 * Ledgers are named "schema.table": two services in one database have separate steps.
 */
#include "migration/plan/cut/steps.h"

#include "framework/core/ledger.h"
#include "framework/core/script.h"
#include "migration/look/advice.h"
#include "migration/look/store.h"
#include "pg/own_query.h"
#include "pg/values.h"

#include <string.h>

const char *step_checksum(struct arena *arena, struct text content, const struct step *step)
{
    return sha256_hex_of(arena, text_slice(content, step->start, step->end));
}

bool steps_read(struct pg_session *session, const struct ledger *ledger, struct step_records *records,
                struct status *status)
{
    struct arena *const arena = status->arena;
    const char *const values[] = {ledger_full_name(arena, ledger), records->migration};
    bool exists = false;
    records->count = 0;
    if (!store_exists(session, &exists, status)) {
        return false;
    }
    if (!exists) {
        return true;
    }
    PG_RESULT(result) = own_query(session,
                                  "SELECT step, steps, attempt, checksum, finished_at IS NOT NULL, indexes_before "
                                  "FROM {truss}.migration_steps WHERE ledger OPERATOR(pg_catalog.=) $1 AND migration "
                                  "OPERATOR(pg_catalog.=) $2 ORDER BY step",
                                  2, values, status);
    if (result == NULL) {
        return false;
    }
    records->items = arena_array(arena, (size_t)PQntuples(result), sizeof *records->items);
    for (int row = 0; row < PQntuples(result); row++) {
        records->items[records->count++] = (struct step_record){
            .step = (uint32_t)pg_field_int(result, row, 0, 0),
            .steps = (uint32_t)pg_field_int(result, row, 1, 0),
            .attempt = arena_strdup(arena, pg_field(result, row, 2)),
            .checksum = arena_strdup(arena, pg_field(result, row, 3)),
            .finished = pg_field_bool(result, row, 4),
            .indexes_before = arena_strdup(arena, pg_field(result, row, 5)),
        };
    }
    return true;
}

bool steps_are_of_tool(const struct step_records *records)
{
    return records->count > 0 && records->items[0].step == STEP_OF_TOOL;
}

bool steps_exist(struct pg_session *session, const struct ledger *ledger, bool *exist, struct status *status)
{
    const char *const values[] = {ledger_full_name(status->arena, ledger)};
    if (!store_exists(session, exist, status)) {
        return false;
    }
    if (!*exist) {
        return true;
    }
    PG_RESULT(result) =
        own_query(session, "SELECT 1 FROM {truss}.migration_steps WHERE ledger OPERATOR(pg_catalog.=) $1 LIMIT 1", 1,
                  values, status);
    *exist = result != NULL && PQntuples(result) > 0;
    return result != NULL;
}

bool steps_names(struct pg_session *session, const struct ledger *ledger, struct words *names, struct status *status)
{
    struct arena *const arena = status->arena;
    const char *const values[] = {ledger_full_name(arena, ledger)};
    bool exists = false;
    if (!store_exists(session, &exists, status) || !exists) {
        return status->code == STATUS_OK;
    }
    PG_RESULT(result) = own_query(session,
                                  "SELECT DISTINCT migration FROM {truss}.migration_steps WHERE ledger "
                                  "OPERATOR(pg_catalog.=) $1 AND step OPERATOR(pg_catalog.>) 0 ORDER BY 1",
                                  1, values, status);
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        words_add(arena, names, arena_strdup(arena, pg_field(result, row, 0)));
    }
    return result != NULL;
}

/* Fails if a finished step has left something in its session, which is gone. */
static bool check_session(struct text content, const struct plan *plan, size_t done, const char *migration,
                          struct status *status)
{
    for (size_t i = 0; i < done; i++) {
        const struct step *const step = &plan->steps[i];
        if (step->session_bound == NULL) {
            continue;
        }
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "Migration \"%s\" was interrupted after step %zu of %zu, and the next steps may need %s (line %u), "
                    "which went with its session. Undo what was run, then %s; or do the rest by hand, then %s.",
                    migration, done, plan->count, step->session_bound,
                    script_position(content, &plan->parts, step->session_bound_at, NULL).line,
                    advice_rolled_back(status->arena, migration), advice_applied(status->arena, migration));
        status->migration = migration;
        return false;
    }
    return true;
}

bool steps_match(const struct step_records *records, struct text content, const struct plan *plan, size_t *done,
                 struct status *status)
{
    struct arena *const arena = status->arena;
    const char *const migration = records->migration;
    *done = 0;
    for (size_t i = 0; i < records->count && records->items[i].finished; i++) {
        const struct step_record *const record = &records->items[i];
        const struct step *const step = i < plan->count ? &plan->steps[i] : NULL;
        const bool is_last = i + 1 >= plan->count; /* the last step's row would have been deleted with the ledger's */
        if (record->step == i + 1 && !is_last && strcmp(step_checksum(arena, content, step), record->checksum) == 0) {
            (*done)++;
            continue;
        }
        const uint32_t line = step == NULL ? 0 : script_position(content, &plan->parts, step->start, NULL).line;
        status_fail(
            status, STATUS_FAILED_PRECONDITION,
            "Migration \"%s\" was interrupted after step %u of %u, and its file has changed since: step %u%s is not "
            "what was run. Restore the file and run again; or undo what was run, then %s.",
            migration, record->step, record->steps, (unsigned)(i + 1),
            step == NULL ? " is gone, so the file" : arena_printf(arena, " (line %u)", line),
            advice_rolled_back(arena, migration));
        status->migration = migration;
        return false;
    }
    return check_session(content, plan, *done, migration, status);
}
