/*
 * The transaction stays open from one query to the next: each migration is a query of its own, so that what fails is
 * known, and the last word is COMMIT or ROLLBACK. A lock that cannot be had undoes the batch, which is tried again from
 * its beginning.
 */
#include "migration/run/whole.h"

#include "base/uuid.h"
#include "migration/run/observer.h"
#include "migration/run/recovery.h"
#include "migration/run/send.h"
#include "migration/run/sequences.h"
#include "pg/sqlstate.h"

#include <string.h>

/* The batch under way; its memory goes with each try. */
struct batch {
    struct run *run;
    struct status status; /* of this try */
    struct preparation *preparation;
    struct run_result *result;
    bool stalls;
    char last_id[UUID_SIZE];   /* of the row that was written last */
    struct ledger_record last; /* and what is in it */
};

static bool send(struct batch *batch, const char *sql, struct failure *failure)
{
    if (pg_exec(batch->run->session, sql, &batch->status)) {
        return true;
    }
    return failure_take(failure, &batch->status);
}

/* One part of a migration's script inside the open transaction; with the ledger's row behind it where it is the last.
 */
static bool send_part(struct batch *batch, const struct prepared *prepared, const struct loaded *loaded,
                      const struct step *step, bool record, const struct ladder *ladder, struct failure *failure)
{
    const struct catalog *const catalog = &batch->preparation->catalog;
    const struct detection *const detection = &catalog->detection;
    struct arena *const arena = batch->run->arena;
    struct query query = {.sql = {.arena = arena}};
    query_put_session(&query, batch->run, detection);
    if (batch->stalls) {
        query_put_timeout(&query);
    }
    query_put_script(&query, text_slice(loaded->script.sql, step->start, step->end));
    if (record) {
        uuid_v4(batch->last_id);
        batch->last = prepared_record(batch->run->arena, catalog, prepared, loaded);
        batch->last.id = batch->last_id;
        query_put_ledger(&query, detection, &batch->last, LEDGER_RECORD);
        batch->last.script = (struct text){0}; /* it goes with this try's memory */
    }
    return query_send_once(batch->run, loaded->script.sql, step, &query, ladder, failure);
}

static bool load(struct batch *batch, const struct prepared *prepared, struct loaded *loaded, struct failure *failure)
{
    return prepared_read(batch->run->arena, batch->run->request->site, &batch->preparation->catalog.detection, prepared,
                         loaded, &batch->status) ||
           failure_take(failure, &batch->status);
}

static void add_applied(struct batch *batch, const struct prepared *prepared, const struct loaded *loaded,
                        int64_t began)
{
    const struct ledger_record row = prepared_record(batch->run->arena, &batch->preparation->catalog, prepared, loaded);
    batch->result->applied[batch->result->applied_count++] = (struct run_applied){
        .name = prepared->item->name,
        .checksum = row.checksum,
        .duration_ms = (uint32_t)(clock_ms() - began),
    };
}

/* Begins a try, also after another one. */
static void start_try(struct batch *batch)
{
    if (batch->run->status == &batch->status) {
        run_leave(batch->run);
    }
    run_enter(batch->run, &batch->status);
    batch->result->applied_count = 0;
    batch->result->untried_count = 0;
    batch->result->failed_name = NULL;
}

static void keep_failure(struct batch *batch, const char *name, const struct failure *failure)
{
    batch->result->failed_name = name;
    batch->result->failure = failure_keep(batch->run->arena, failure);
    batch->result->failure.partially_applied = false;
}

static void find_stalls(struct batch *batch, bool records)
{
    batch->stalls = records && ledger_has(batch->preparation->catalog.detection.framework, LEDGER_LOCK);
    for (size_t i = 0; i < batch->preparation->count; i++) {
        const struct plan *const plan = &batch->preparation->items[i].plan;
        for (size_t j = 0; j < plan->count; j++) {
            batch->stalls = batch->stalls || plan->steps[j].stalls;
        }
    }
}

/* ---- for good ---- */

static void tell_migration(const struct batch *batch, size_t i, enum run_event_kind kind)
{
    const char *const name = batch->preparation->items[i].item->name;
    watch_tell(
        &batch->run->watch,
        &(struct run_event){
            .kind = kind,
            .migration = name,
            .number = (uint32_t)(i + 1),
            .count = (uint32_t)batch->preparation->count,
            .message = kind == RUN_EVENT_MIGRATION_DONE
                           ? arena_printf(batch->run->arena, "\"%s\" is through; it commits with the others.", name)
                           : arena_printf(batch->run->arena, "Running \"%s\".", name),
        });
}

static bool run_item(struct batch *batch, size_t i, const struct ladder *ladder, struct failure *failure)
{
    static const struct step nothing = {.kind = STEP_TRANSACTION, .commit_at = SIZE_MAX};
    const struct prepared *const prepared = &batch->preparation->items[i];
    const struct step *const step = prepared->plan.count == 0 ? &nothing : &prepared->plan.steps[0];
    const int64_t began = clock_ms();
    struct loaded loaded;
    tell_migration(batch, i, RUN_EVENT_MIGRATION_STARTED);
    if (batch->run->observer != NULL) {
        observer_at(batch->run->observer, prepared->item->name, 1, 1);
    }
    if (!load(batch, prepared, &loaded, failure) || !send_part(batch, prepared, &loaded, step, true, ladder, failure)) {
        return false;
    }
    add_applied(batch, prepared, &loaded, began);
    tell_migration(batch, i, RUN_EVENT_MIGRATION_DONE);
    return true;
}

/* False, for who has failed. */
static bool roll_back(struct batch *batch)
{
    if (pg_session_in_transaction(batch->run->session)) {
        struct failure ignored;
        send(batch, "ROLLBACK", &ignored);
    }
    return false;
}

/* BEGIN, and what keeps the framework's own tool out of the ledger until the end. */
static bool begin_all(struct batch *batch, const struct ladder *ladder, struct failure *failure)
{
    const struct detection *const detection = &batch->preparation->catalog.detection;
    struct buffer sql = {.arena = batch->run->arena};
    buffer_puts(&sql, "BEGIN;");
    if (ledger_has(detection->framework, LEDGER_LOCK)) {
        buffer_printf(&sql, "SET LOCAL lock_timeout = %u;", ladder->timeout_ms);
        ledger_put(&sql, detection->framework, LEDGER_LOCK, &detection->ledger, NULL);
    }
    return send(batch, buffer_string(&sql), failure);
}

static bool commit_all(struct batch *batch, struct failure *failure)
{
    struct query query = {.sql = {.arena = batch->run->arena}};
    query_put_commit(&query, &batch->preparation->catalog.detection);
    return send(batch, buffer_string(&query.sql), failure);
}

/* One try at all of it. *at is the migration that failed. */
static bool run_all(struct batch *batch, const struct ladder *ladder, size_t *at, struct failure *failure)
{
    *failure = (struct failure){0};
    *at = 0;
    if (!begin_all(batch, ladder, failure)) {
        return roll_back(batch);
    }
    for (*at = 0; *at < batch->preparation->count; (*at)++) {
        if (!run_item(batch, *at, ladder, failure)) {
            break;
        }
    }
    if (*at == batch->preparation->count) {
        (*at)--;
        return commit_all(batch, failure) || roll_back(batch);
    }
    return roll_back(batch);
}

/* The connection was lost, perhaps in the COMMIT: it happened where the last row is there. */
static void find_out(struct batch *batch, struct failure *failure)
{
    struct truth truth;
    watch_note(&batch->run->watch, NULL, "The connection was lost; the ledger is asked what was committed.");
    if (!recovery_find_out(batch->run, &batch->preparation->catalog, &batch->last, &truth)) {
        failure->status.message =
            arena_printf(batch->run->arena,
                         "%s Whether the batch was committed could not be found out: ask for the status "
                         "when the database is back.",
                         failure->status.message);
    } else if (truth.recorded) {
        batch->result->ok = true;
    } else {
        failure->status.message =
            arena_printf(batch->run->arena, "%s; the ledger says that nothing was committed.", failure->status.message);
        failure->connection_lost = false;
    }
}

void batch_run(struct run *run, struct preparation *preparation, struct run_result *result)
{
    struct batch batch = {.run = run, .preparation = preparation, .result = result};
    struct ladder ladder = ladder_start(run);
    struct failure failure;
    bool again = true;
    size_t at = 0;
    find_stalls(&batch, true);
    while (again) {
        start_try(&batch);
        result->ok = run_all(&batch, &ladder, &at, &failure);
        again = !result->ok && batch.stalls && ladder_again(&ladder, run, preparation->items[at].item->name, &failure);
    }
    if (!result->ok && failure.connection_lost) {
        find_out(&batch, &failure);
    }
    result->summary = arena_printf(run->request->arena, "Applied %zu migration(s) successfully.", preparation->count);
    if (!result->ok) {
        const char *const name = preparation->items[at].item->name;
        keep_failure(&batch, name, &failure);
        result->applied_count = 0;
        result->summary = arena_printf(run->request->arena, "Migration \"%s\" failed — %s", name,
                                       failure.connection_lost ? "the batch was committed whole or not at all: ask for "
                                                                 "the status."
                                                               : "entire batch rolled back.");
    }
    run_leave(run);
}

/* ---- for a try ---- */

static void add_untried(struct batch *batch, const struct prepared *prepared, size_t step, const char *reason)
{
    struct run_result *const result = batch->result;
    result->untried[result->untried_count++] = (struct run_untried){
        .migration = prepared->item->name,
        .step = (uint32_t)(step + 1),
        .reason = reason == NULL ? "it follows on a step that could not be tried" : reason,
    };
}

/* A value that an enum got in this very transaction; after a commit between it would do. */
static bool is_for_the_try_only(const struct failure *failure)
{
    return sqlstate_is(failure->status.sqlstate, SQLSTATE_UNSAFE_NEW_ENUM_VALUE_USAGE);
}

/* One step, behind a savepoint where a failure may be the try's own fault. */
static bool try_step(struct batch *batch, const struct prepared *prepared, const struct loaded *loaded, size_t j,
                     const struct ladder *ladder, struct failure *failure)
{
    const struct step *const step = &prepared->plan.steps[j];
    if (step->kind != STEP_TRANSACTION) {
        add_untried(batch, prepared, j, step->reason);
        return true;
    }
    return send_part(batch, prepared, loaded, step, false, ladder, failure);
}

static bool try_item(struct batch *batch, size_t i, const struct ladder *ladder, bool *stop, struct failure *failure)
{
    const struct prepared *const prepared = &batch->preparation->items[i];
    const int64_t began = clock_ms();
    struct loaded loaded;
    if (!load(batch, prepared, &loaded, failure)) {
        return false;
    }
    for (size_t j = prepared->done; j < prepared->plan.count; j++) {
        failure->step = (uint32_t)(j + 1);
        failure->steps = (uint32_t)prepared->plan.count;
        if (batch->run->observer != NULL) {
            observer_at(batch->run->observer, prepared->item->name, failure->step, failure->steps);
        }
        if (!try_step(batch, prepared, &loaded, j, ladder, failure)) {
            if (!is_for_the_try_only(failure)) {
                return false;
            }
            add_untried(batch, prepared, j, "it uses an enum value that is new in the same transaction");
            *stop = true;
            return true;
        }
    }
    add_applied(batch, prepared, &loaded, began);
    return true;
}

/* Behind a step that broke the transaction nothing can be tried. */
static void give_up_rest(struct batch *batch, size_t i)
{
    for (; i < batch->preparation->count; i++) {
        add_untried(batch, &batch->preparation->items[i], 0, "it comes behind what could not be tried");
    }
}

static bool try_all(struct batch *batch, const struct ladder *ladder, struct sequences *sequences, size_t *at,
                    struct failure *failure)
{
    bool ok = true;
    bool stop = false;
    *failure = (struct failure){0};
    *at = 0;
    if (!send(batch, "BEGIN", failure)) {
        return false;
    }
    ok = sequences_set_aside(batch->run, sequences, batch->stalls ? ladder->timeout_ms : 0, failure);
    for (; ok && !stop && *at < batch->preparation->count; *at += ok ? 1 : 0) {
        ok = try_item(batch, *at, ladder, &stop, failure);
    }
    if (stop) {
        give_up_rest(batch, *at);
    }
    if (pg_session_in_transaction(batch->run->session)) {
        struct failure ignored;
        send(batch, "ROLLBACK", &ignored);
    }
    return ok;
}

static size_t count_steps(const struct preparation *preparation)
{
    size_t count = preparation->count;
    for (size_t i = 0; i < preparation->count; i++) {
        count += preparation->items[i].plan.count;
    }
    return count;
}

static const char *try_summary(const struct batch *batch)
{
    const struct run_result *const result = batch->result;
    struct arena *const arena = batch->run->arena;
    if (result->failed_name != NULL) {
        return arena_printf(arena, "Migration \"%s\" would fail; everything was rolled back.", result->failed_name);
    }
    if (result->untried_count > 0) {
        return arena_printf(arena,
                            "Tried %zu migration(s) without a failure and rolled everything back; %zu step(s) "
                            "could not be tried.",
                            batch->preparation->count, result->untried_count);
    }
    return arena_printf(arena, "%zu migration(s) would be applied; everything was rolled back.",
                        batch->preparation->count);
}

bool batch_try(struct run *run, struct preparation *preparation, struct run_result *result)
{
    struct batch batch = {.run = run, .preparation = preparation, .result = result};
    struct ladder ladder = ladder_start(run);
    struct failure failure;
    struct sequences sequences;
    bool again = true;
    size_t at = 0;
    find_stalls(&batch, false);
    result->untried = arena_array(run->request->arena, count_steps(preparation), sizeof *result->untried);
    if (!sequences_find(run, preparation, &sequences)) {
        return false;
    }
    while (again) {
        start_try(&batch);
        result->ok = try_all(&batch, &ladder, &sequences, &at, &failure);
        again = !result->ok && batch.stalls && at < preparation->count &&
                ladder_again(&ladder, run, preparation->items[at].item->name, &failure);
    }
    if (!result->ok) {
        keep_failure(&batch, preparation->items[at].item->name, &failure);
    }
    result->summary = try_summary(&batch);
    run_leave(run);
    return sequences_check(run, &sequences, &result->warnings, &result->warning_count);
}
