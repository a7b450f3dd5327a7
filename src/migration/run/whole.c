/*
 * All in one transaction, with their rows: everything or nothing.
 */
#include "base/log.h"
#include "base/uuid.h"
#include "migration/record/make.h"
#include "migration/run/batch.h"
#include "migration/run/observer.h"
#include "migration/run/recovery.h"

/* The row that was written last, which tells after a lost connection what became of all. */
struct last_row {
    char id[UUID_SIZE];
    struct ledger_record record;
};

static void tell(const struct batch *batch, enum run_event_kind kind)
{
    const struct preparation *const preparation = batch->execution->preparation;
    const char *const name = preparation->items[batch->at].item->name;
    const struct run_event event = {
        .kind = kind,
        .migration = name,
        .number = (uint32_t)(batch->at + 1),
        .count = (uint32_t)preparation->count,
        .message = kind == RUN_EVENT_MIGRATION_DONE
                       ? arena_printf(batch->run->arena, "\"%s\" is through; it commits with the others.", name)
                       : arena_printf(batch->run->arena, "Running \"%s\".", name),
    };
    watch_tell(&batch->run->watch, &event);
}

static bool run_one(struct batch *batch, struct last_row *last)
{
    static const struct step nothing = {.kind = STEP_TRANSACTION};
    const struct preparation *const preparation = batch->execution->preparation;
    const struct prepared *const prepared = &preparation->items[batch->at];
    const struct step *const step = prepared->plan.count == 0 ? &nothing : &prepared->plan.steps[0];
    const int64_t began = clock_ms();
    struct loaded loaded;
    tell(batch, RUN_EVENT_MIGRATION_STARTED);
    if (batch->run->observer != NULL) {
        observer_at(batch->run->observer, prepared->item->name, 1, 1);
    }
    if (!batch_load(batch, prepared, &loaded)) {
        return false;
    }
    uuid_v4(last->id);
    last->record = record_of(batch->run->request->arena, &preparation->catalog, prepared->item, &loaded);
    last->record.id = last->id;
    const bool ok = batch_send(batch, &loaded, step, NULL, &last->record);
    last->record.script = (struct text){0}; /* it is freed with this attempt's memory */
    if (ok) {
        batch_add_applied(batch, &loaded, began);
        tell(batch, RUN_EVENT_MIGRATION_DONE);
    }
    return ok;
}

/* One attempt at everything. On failure batch->at is the migration that failed. */
static bool run_all(struct batch *batch, struct last_row *last)
{
    const size_t count = batch->execution->preparation->count;
    if (!batch_begin(batch)) {
        return false;
    }
    for (;; batch->at++) {
        if (!run_one(batch, last)) {
            batch_roll_back(batch);
            return false;
        }
        if (batch->at + 1 == count) {
            return batch_commit(batch);
        }
    }
}

/* The connection was lost, perhaps in the COMMIT: it succeeded if the last row exists. Before the first row was sent
 * there is none to look for. */
static bool find_out(struct batch *batch, const struct last_row *last)
{
    struct run *const run = batch->run;
    struct failure *const failure = &batch->failure;
    const struct catalog *const catalog = &batch->execution->preparation->catalog;
    const struct written written = {.record = &last->record, .before = &catalog->entries};
    struct truth truth;
    if (last->record.key == NULL) {
        failure->connection_lost = false;
        failure->status.message = arena_printf(run->arena, "%s; nothing was committed.", failure->status.message);
        return false;
    }
    watch_note(&run->watch, NULL, "The connection was lost; the tracking table is asked what was committed.");
    if (!recovery_find_out(run, catalog, &written, &truth)) {
        failure->status.message = arena_printf(run->arena,
                                               "%s Whether the batch was committed could not be found out: ask for the "
                                               "status when the database is back.",
                                               failure->status.message);
        return false;
    }
    if (!truth.recorded) {
        failure->status.message = arena_printf(run->arena, "%s; the tracking table says that nothing was committed.",
                                               failure->status.message);
        failure->connection_lost = false;
    }
    return truth.recorded;
}

static bool begin(const struct execution *execution)
{
    struct run *const run = execution->run;
    struct preparation *const preparation = execution->preparation;
    const char *const obstacle = prepare_obstacle(run->arena, preparation);
    if (obstacle != NULL) {
        return status_fail(run->status, STATUS_FAILED_PRECONDITION,
                           "These migrations cannot share one transaction: %s. Nothing was run; run them each in its "
                           "own.",
                           obstacle);
    }
    return ledger_make_ready(run->request, run->session, &preparation->catalog.detection);
}

static bool run_together(const struct execution *execution)
{
    struct batch batch = batch_start(execution, true);
    struct run_result *const result = execution->result;
    struct arena *const arena = execution->run->request->arena;
    struct last_row last = {0};
    do {
        result->ok = run_all(&batch, &last);
    } while (!result->ok && batch_again(&batch));
    if (!result->ok && batch.failure.connection_lost) {
        result->ok = find_out(&batch, &last);
    }
    if (result->ok) {
        result->summary = result_applied(arena, execution->preparation->count);
    } else {
        batch_keep_failure(&batch);
        result->applied_count = 0;
        result->summary = arena_printf(arena, "Migration \"%s\" failed — %s", result->failed_name,
                                       batch.failure.connection_lost
                                           ? "the batch was committed whole or not at all: ask for the status."
                                           : "entire batch rolled back.");
    }
    batch_end(&batch);
    return true;
}

const struct executor run_whole = {.begin = begin, .run = run_together};
