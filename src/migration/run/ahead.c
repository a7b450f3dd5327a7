/*
 * A migration takes the server about a millisecond, and us a third of that.
 */
#include "migration/run/ahead.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "migration/record/row.h"
#include "migration/run/durable.h"
#include "migration/run/lock_script.h"
#include "migration/run/migrate.h"
#include "migration/run/settled.h"

#define YOUNG_MS 100                  /* as long as a file that was read ahead counts as read just now */
#define LARGEST  ((size_t)256 * 1024) /* bytes of a script: the run is not to be deaf for longer than a moment */

bool attempt_load(struct attempt *attempt, const struct execution *execution, size_t i)
{
    struct run *const run = execution->run;
    struct catalog *const catalog = &execution->preparation->catalog;
    const struct prepared *const prepared = &execution->preparation->items[i];
    char *const id = arena_alloc(run->arena, UUID_SIZE);
    struct loaded loaded;
    *attempt = (struct attempt){.run = run, .may_commit_late = durable_may_wait(execution, i)};
    if (!prepared_read(run->arena, prepared, &loaded, run->status)) {
        return false;
    }
    uuid_v4(id);
    attempt->detection = &catalog->detection;
    attempt->content = loaded.script.sql;
    attempt->may_let_go = lock_may_be_let_go(loaded.script.sql);
    row_doubt(&catalog->detection.ledger, loaded.script.sql);
    attempt->plan = prepared->plan;
    attempt->plan.parts = loaded.script.parts; /* the same, with the data of COPY */
    attempt->is_started = prepared->attempt != NULL;
    attempt->steps = prepared->steps;
    attempt->done = prepared->done;
    attempt->record = record_of(run->arena, catalog, prepared->item, &loaded);
    attempt->record.id = prepared->attempt != NULL ? prepared->attempt : id;
    attempt->is_quiet = settled_is_quiet(attempt);
    return true;
}

static bool is_worth_it(const struct prepared *prepared)
{
    const struct plan *const plan = &prepared->plan;
    return prepared->attempt == NULL && plan->one_transaction && plan->count == 1 && plan->steps[0].end <= LARGEST &&
           plan->parts.data_count == 0;
}

void ahead_prepare(struct ahead *ahead, const struct execution *execution, size_t i)
{
    struct run *const run = execution->run;
    struct arena *const arena = run->arena;
    struct status *const status = run->status;
    struct status own;
    ahead_drop(ahead);
    if (!is_worth_it(&execution->preparation->items[i])) {
        return;
    }
    const int64_t began = clock_ms();
    run_enter(run, &own);
    const bool ok = attempt_load(&ahead->attempt, execution, i);
    if (ok) {
        migrate_compose(&ahead->attempt);
    }
    ahead->arena = run->arena;
    ahead->prepared = &execution->preparation->items[i];
    ahead->at = began;
    run->arena = arena;
    run->status = status;
    if (!ok) {
        ahead_drop(ahead);
    }
}

bool ahead_take(struct ahead *ahead, const struct execution *execution, size_t i, struct attempt *attempt,
                struct status *status)
{
    struct run *const run = execution->run;
    if (ahead->arena == NULL || ahead->prepared != &execution->preparation->items[i] ||
        clock_ms() - ahead->at > YOUNG_MS ||
        ahead->attempt.finds_settled != (ahead->attempt.is_quiet && settled_is(run))) {
        return false;
    }
    *attempt = ahead->attempt;
    *status = (struct status){.arena = ahead->arena};
    run->arena = ahead->arena;
    run->status = status;
    *ahead = (struct ahead){0};
    return true;
}

void ahead_drop(struct ahead *ahead)
{
    arena_free(ahead->arena);
    *ahead = (struct ahead){0};
}
