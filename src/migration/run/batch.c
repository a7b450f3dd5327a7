/*
 * Ends with COMMIT or ROLLBACK. An attempt's memory is freed with it: 400 files of 5 MB need no more than one attempt.
 */
#include "migration/run/batch.h"

#include "migration/record/row.h"

#include "migration/run/attempt.h"
#include "migration/run/lock.h"
#include "migration/run/send.h"

static bool stalls(const struct preparation *preparation)
{
    for (size_t i = 0; i < preparation->count; i++) {
        const struct plan *const plan = &preparation->items[i].plan;
        for (size_t j = 0; j < plan->count; j++) {
            if (plan->steps[j].stalls) {
                return true;
            }
        }
    }
    return false;
}

struct batch batch_start(const struct execution *execution, bool locks)
{
    const struct preparation *const preparation = execution->preparation;
    return (struct batch){
        .execution = execution,
        .run = execution->run,
        .ladder = ladder_start(execution->run),
        .stalls = stalls(preparation) || (locks && ledger_has(preparation->catalog.detection.framework, LEDGER_LOCK)),
        .locks = locks,
    };
}

static struct transaction transaction_of(const struct batch *batch, enum transaction_frame frame)
{
    const struct detection *const detection = &batch->execution->preparation->catalog.detection;
    return (struct transaction){
        .frame = frame,
        .framework = detection->framework,
        .ledger = &detection->ledger,
        .lock_timeout_ms = batch->ladder.timeout_ms,
        .server_version = batch->run->settings.server_version,
        .locks = batch->locks,
    };
}

static bool write(struct batch *batch, enum transaction_frame frame)
{
    struct transaction transaction = transaction_of(batch, frame);
    transaction.guard = lock_guard(batch->run, &batch->execution->preparation->catalog.detection);
    const struct query query = transaction_compose(batch->run->arena, &transaction);
    return query_write(batch->run, &query, &batch->failure);
}

bool batch_begin(struct batch *batch)
{
    batch_end(batch); /* of an earlier attempt */
    run_enter(batch->run, &batch->status);
    batch->failure = (struct failure){0};
    batch->at = 0;
    batch->is_incomplete = batch->is_doubtful = false;
    batch->execution->result->applied_count = 0;
    batch->execution->result->untried_count = 0;
    return write(batch, FRAME_BEGIN);
}

void batch_end(struct batch *batch)
{
    if (batch->run->status == &batch->status) {
        run_leave(batch->run);
    }
}

bool batch_commit(struct batch *batch)
{
    return write(batch, FRAME_COMMIT);
}

void batch_roll_back(struct batch *batch)
{
    run_roll_back(batch->run);
}

bool batch_load(struct batch *batch, const struct prepared *prepared, struct loaded *loaded)
{
    struct run *const run = batch->run;
    if (!prepared_read(run->arena, prepared, loaded, run->status)) {
        return failure_take(&batch->failure, run->status);
    }
    row_doubt(&batch->execution->preparation->catalog.detection.ledger, loaded->script.sql);
    return true;
}

/* Of a step of the current migration; a callback has none of its steps. */
static const char *reading_of(const struct batch *batch, const struct loaded *loaded, const struct step *step)
{
    const struct plan *const plan = &batch->execution->preparation->items[batch->at].plan;
    for (size_t i = 0; i < plan->count; i++) {
        if (&plan->steps[i] == step) {
            return reading_of_step(batch->run->session, plan, loaded->script.sql, i);
        }
    }
    return NULL;
}

bool batch_send(struct batch *batch, const struct loaded *loaded, const struct step *step, const char *carry,
                const struct ledger_record *record)
{
    struct transaction transaction = transaction_of(batch, FRAME_INSIDE);
    transaction.session = &batch->run->settings;
    transaction.carry = carry;
    transaction.stalls = batch->stalls;
    transaction.content = loaded->script.sql;
    transaction.parts = &loaded->script.parts;
    transaction.start = step->start;
    transaction.end = step->end;
    transaction.records = record != NULL;
    transaction.part = LEDGER_RECORD;
    transaction.record = record;
    transaction.reads_alike = reading_of(batch, loaded, step);
    struct query query = transaction_compose(batch->run->arena, &transaction);
    return query_send_once(batch->run, &query, &batch->ladder, &batch->failure);
}

bool batch_again(struct batch *batch)
{
    const struct preparation *const preparation = batch->execution->preparation;
    return batch->stalls &&
           ladder_again(&batch->ladder, batch->run, preparation->items[batch->at].item->name, &batch->failure);
}

void batch_keep_failure(const struct batch *batch)
{
    struct run_result *const result = batch->execution->result;
    result->failed_name = batch->execution->preparation->items[batch->at].item->name;
    result->failure = failure_keep(batch->run->request->arena, &batch->failure);
    result->failure.partially_applied = false;
}

void batch_add_applied(const struct batch *batch, const struct loaded *loaded, int64_t began)
{
    const struct preparation *const preparation = batch->execution->preparation;
    const struct catalog_item *const item = preparation->items[batch->at].item;
    struct arena *const arena = batch->run->request->arena;
    const struct run_applied applied = {
        .name = item->name,
        .checksum = record_of(arena, &preparation->catalog, item, loaded).checksum,
        .duration_ms = result_took(began),
    };
    result_add_applied(arena, batch->execution->result, &applied);
}
