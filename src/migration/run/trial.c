/*
 * A dry run: everything in one transaction that is rolled back. What cannot be tried in it is listed. Sequences that
 * the scripts name, or whose tables they name, keep their values; others that advanced are reported.
 */
#include "base/sqlstate.h"
#include "base/words.h"
#include "framework/core/script.h"
#include "migration/look/baseline.h"
#include "migration/run/around.h"
#include "migration/run/batch.h"
#include "migration/run/observer.h"
#include "migration/run/sequences.h"
#include "sql/escapes.h"
#include "sql/split.h"

#define AT_A_TIME 100 /* functions whose callers are searched in one query */

static void add_untried(const struct batch *batch, size_t item, size_t step, const char *reason)
{
    const struct execution *const execution = batch->execution;
    const struct run_untried untried = {
        .migration = execution->preparation->items[item].item->name,
        .step = (uint32_t)(step + 1),
        .reason = reason == NULL ? "it follows on a step that could not be tried" : reason,
    };
    result_add_untried(execution->run->request->arena, execution->result, &untried);
}

/* Why a step failed only because of the dry run: an enum value added in the same transaction (outside, a commit would
 * separate them), or a CALL that commits. NULL: it would fail anyway. */
static const char *fault_of_the_try(const struct failure *failure, const struct step *step)
{
    if (sqlstate_is(failure->status.sqlstate, SQLSTATE_UNSAFE_NEW_ENUM_VALUE_USAGE)) {
        return "it uses an enum value that is new in the same transaction";
    }
    return step->may_commit && sqlstate_is(failure->status.sqlstate, SQLSTATE_INVALID_TRANSACTION_TERMINATION)
               ? "it ends transactions itself"
               : NULL;
}

/* Steps outside a transaction, or in one of another mode, are not tried. A step gets the session as earlier steps leave
 * it. */
static bool try_step(struct batch *batch, const struct loaded *loaded, size_t j)
{
    const struct plan *const plan = &batch->execution->preparation->items[batch->at].plan;
    const struct step *const step = &plan->steps[j];
    if (step->kind != STEP_TRANSACTION || step->modes != NULL) {
        add_untried(batch, batch->at, j, step->modes == NULL ? step->reason : "its transaction has modes of its own");
        return true;
    }
    const char *const carry = arena_printf(batch->run->arena, "%s%s", plan_settings(batch->run->arena, plan, j),
                                           step->carry == NULL ? "" : step->carry);
    return batch_send(batch, loaded, step, carry, NULL);
}

/* *stop: the transaction is broken because of the dry run itself. */
static bool try_item(struct batch *batch, bool *stop)
{
    const struct prepared *const prepared = &batch->execution->preparation->items[batch->at];
    const int64_t began = clock_ms();
    struct loaded loaded;
    if (!batch_load(batch, prepared, &loaded)) {
        return false;
    }
    for (size_t j = prepared->done; j < prepared->plan.count; j++) {
        batch->failure.step = (uint32_t)(j + 1);
        batch->failure.steps = (uint32_t)prepared->plan.count;
        if (batch->run->observer != NULL) {
            observer_at(batch->run->observer, prepared->item->name, batch->failure.step, batch->failure.steps);
        }
        if (!try_step(batch, &loaded, j)) {
            const char *const reason = fault_of_the_try(&batch->failure, &prepared->plan.steps[j]);
            *stop = reason != NULL;
            if (*stop) {
                add_untried(batch, batch->at, j, reason);
            }
            return *stop;
        }
    }
    batch_add_applied(batch, &loaded, began);
    return true;
}

/* Can this script be tried inside the transaction, and be undone with it? */
static bool is_triable(struct run *run, const struct loaded *loaded, const struct plan *plan)
{
    struct sql_lexer lexer = {.text = loaded->script.sql};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        if (sql_escapes(run->arena, text_slice(lexer.text, statement.start, statement.end), NULL) != NULL) {
            return false;
        }
    }
    return plan->one_transaction && plan->steps[0].modes == NULL;
}

/* A callback before the run: the migrations may need what it does. */
static bool try_callback(struct batch *batch, const struct migration_file *file)
{
    struct run *const run = batch->run;
    const struct detection *const detection = &batch->execution->preparation->catalog.detection;
    const struct migration_place place = {&run->request->site->project, &detection->folder, file};
    const struct script_part whole = {.end = SIZE_MAX, .name = file->filename};
    struct loaded loaded;
    struct plan plan;
    if (!migration_load(run->arena, &place, &loaded, run->status)) {
        return failure_take(&batch->failure, run->status);
    }
    const struct plan_options options = prepare_options(run->session, detection->framework, &loaded.script);
    if (!plan_build(run->arena, loaded.script.sql, &options, &plan, run->status)) {
        return failure_take(&batch->failure, run->status);
    }
    loaded.script.parts = (struct script_parts){&whole, 1};
    if (plan.count > 0 && !is_triable(run, &loaded, &plan)) {
        const struct run_untried untried = {
            .migration = file->filename, .step = 1, .reason = "this callback cannot be undone by a rollback"};
        result_add_untried(run->request->arena, batch->execution->result, &untried);
        return true;
    }
    return plan.count == 0 || batch_send(batch, &loaded, &plan.steps[0], NULL, NULL);
}

static bool try_callbacks(struct batch *batch)
{
    const struct migration_files *const files = &batch->execution->preparation->catalog.files;
    bool ok = true;
    for (size_t i = 0; ok && i < files->around_count; i++) {
        ok = files->around[i].when != AROUND_BEFORE_RUN || try_callback(batch, &files->around[i].file);
    }
    return ok;
}

/* One attempt at everything. On failure batch->at is the migration that failed. */
static bool try_all(struct batch *batch, struct sequences *sequences)
{
    const size_t count = batch->execution->preparation->count;
    bool stop = false;
    if (!batch_begin(batch)) {
        return false;
    }
    bool ok = sequences_set_aside(batch->run, sequences, batch->stalls ? batch->ladder.timeout_ms : 0, &batch->failure);
    ok = ok && try_callbacks(batch);
    while (ok && !stop && batch->at < count) {
        ok = try_item(batch, &stop);
        batch->at += ok ? 1 : 0;
    }
    for (size_t i = batch->at; stop && i < count; i++) {
        add_untried(batch, i, 0, "it comes after what could not be tried");
    }
    batch_roll_back(batch);
    return ok;
}

static const char *summary_of(const struct execution *execution, bool is_lost)
{
    const struct run_result *const result = execution->result;
    struct arena *const arena = execution->run->request->arena;
    if (!result->ok && is_lost) {
        return arena_printf(arena,
                            "The connection was lost while migration \"%s\" was tried: whether it would fail is not "
                            "known. Nothing was committed; try again.",
                            result->failed_name);
    }
    if (!result->ok) {
        return arena_printf(arena, "Migration \"%s\" would fail; everything was rolled back.", result->failed_name);
    }
    if (result->untried_count > 0) {
        return arena_printf(arena, "Tried %s without a failure and rolled everything back; %s could not be tried.",
                            words_counted(arena, execution->preparation->count, "migration", "migrations"),
                            words_counted(arena, result->untried_count, "step", "steps"));
    }
    return arena_printf(arena, "%s would be applied; everything was rolled back.",
                        words_counted(arena, execution->preparation->count, "migration", "migrations"));
}

/* What a rollback does not undo is not tried: returns false, with the line, if a step contains such a thing. known: see
 * sql_escapes. */
static bool can_be_undone(const struct execution *execution, const struct prepared *prepared,
                          const struct loaded *loaded, struct words *known)
{
    struct run *const run = execution->run;
    for (size_t i = prepared->done; i < prepared->plan.count; i++) {
        const struct step *const step = &prepared->plan.steps[i];
        const struct text part = text_slice(loaded->script.sql, step->start, step->end);
        struct sql_lexer lexer = {.text = part};
        struct sql_statement statement;
        while (step->kind == STEP_TRANSACTION && step->modes == NULL && sql_next_statement(&lexer, &statement)) {
            const char *const what =
                sql_escapes(run->request->arena, text_slice(part, statement.start, statement.end), known);
            if (what == NULL) {
                continue;
            }
            const struct position at =
                script_position(loaded->script.sql, &loaded->script.parts, step->start + statement.start, NULL);
            status_fail(run->request->status, STATUS_FAILED_PRECONDITION,
                        "Migration \"%s\", line %u: %s works outside of the transaction, and a dry run could not undo "
                        "it. Nothing was tried; leave this migration out of the dry run.",
                        prepared->item->name, at.line, what);
            run->request->status->position = at.character;
            run->request->status->migration = prepared->item->name;
            return false;
        }
    }
    return true;
}

/* A regular expression for calls of these functions, and for COPY … TO PROGRAM. */
static const char *calls_of(struct arena *arena, const char *const *names)
{
    struct buffer pattern = {.arena = arena};
    for (const char *const *one = names; *one != NULL; one++) {
        buffer_printf(&pattern, "%s%s", one == names ? "\\m(" : "|", *one);
    }
    buffer_puts(&pattern, ")\"?\\s*\\(|\\mto\\s+program\\M");
    return buffer_string(&pattern);
}

/* Finds the functions of this database whose bodies call, by their words, something that a rollback does not undo, or
 * another such function. Triggers that call one are not seen. */
static bool find_escaping(struct run *run, struct words *known, struct status *status)
{
    static const char sql[] =
        "SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc p WHERE p.pronamespace NOT IN (SELECT n.oid FROM "
        "pg_catalog.pg_namespace n WHERE n.nspname IN ('pg_catalog', 'information_schema')) AND p.proname ~ "
        "'^[a-z0-9_]+$' AND p.prosrc ~* $1 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid "
        "AND "
        "d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e') ORDER BY 1";
    struct arena *const arena = run->request->arena; /* the names outlive a migration */
    const char *const *sought = sql_escaping;
    size_t done = 0;
    while (*sought != NULL) {
        const char *const pattern = calls_of(arena, sought);
        struct words next = {0};
        PG_RESULT(result) = pg_query(run->session, sql, 1, &pattern, status);
        if (result == NULL) {
            return false;
        }
        for (int i = 0; i < PQntuples(result); i++) {
            if (!words_have(known, pg_field(result, i, 0))) {
                words_add(arena, known, arena_strdup(arena, pg_field(result, i, 0)));
            }
        }
        for (; done < known->count && next.count < AT_A_TIME; done++) {
            words_add(arena, &next, known->items[done]);
        }
        sought = words_list(arena, &next);
    }
    return true;
}

static bool begin(const struct execution *execution)
{
    const struct preparation *const preparation = execution->preparation;
    struct run *const run = execution->run;
    struct words known = {0};
    bool ok = baseline_check(run->request, run->session, &preparation->catalog.detection) &&
              find_escaping(run, &known, run->request->status);
    for (size_t i = 0; ok && i < preparation->count; i++) {
        struct status status;
        struct loaded loaded;
        run_enter(run, &status);
        ok = prepared_read(run->arena, &preparation->items[i], &loaded, run->request->status) &&
             can_be_undone(execution, &preparation->items[i], &loaded, &known);
        run_leave(run);
    }
    return ok;
}

static bool try_together(const struct execution *execution)
{
    struct batch batch = batch_start(execution, false);
    struct run_result *const result = execution->result;
    struct sequences sequences;
    if (!sequences_find(execution->run, execution->preparation, &sequences)) {
        return false;
    }
    do {
        result->ok = try_all(&batch, &sequences);
    } while (!result->ok && batch_again(&batch));
    if (!result->ok) {
        batch_keep_failure(&batch);
    }
    around_untried(execution);
    result->summary = summary_of(execution, batch.failure.connection_lost);
    batch_end(&batch);
    return sequences_check(execution->run, &sequences, result);
}

const struct executor run_trial = {.begin = begin, .run = try_together};
