/*
 * A dry run: everything in one transaction that is rolled back. What cannot be tried in it is listed. Sequences that
 * the scripts name, or whose tables they name, keep their values; others that advanced are reported.
 */
#include "base/sqlstate.h"
#include "base/words.h"
#include "framework/core/script.h"
#include "migration/look/baseline.h"
#include "migration/plan/escaping.h"
#include "migration/run/around.h"
#include "migration/run/as_committed.h"
#include "migration/run/batch.h"
#include "migration/run/observer.h"
#include "migration/run/sequences.h"
#include "sql/split.h"

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

/* Can this error have its cause in what was not tried? Not a lock, an end from outside, or an error of syntax. */
static bool may_be_a_consequence(const struct failure *failure)
{
    static const char *const others[] = {SQLSTATE_CLASS_CONNECTION, SQLSTATE_CLASS_RESOURCES, SQLSTATE_CLASS_LIMITS,
                                         SQLSTATE_CLASS_OPERATOR,   SQLSTATE_CLASS_SYSTEM,    SQLSTATE_CLASS_INTERNAL};
    const char *const sqlstate = failure->status.sqlstate;
    bool may = sqlstate != NULL && !is_for_a_lock(sqlstate) && !sqlstate_is(sqlstate, SQLSTATE_SYNTAX_ERROR);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        may = may && !sqlstate_is_of_class(sqlstate, others[i]);
    }
    return may;
}

/* Why a step failed only because of the dry run: an enum value added in the same transaction (outside, a commit would
 * separate them), or a CALL that commits. NULL: it would fail anyway, or may do so. */
static const char *fault_of_the_try(const struct failure *failure, const struct step *step)
{
    if (sqlstate_is(failure->status.sqlstate, SQLSTATE_UNSAFE_NEW_ENUM_VALUE_USAGE)) {
        return "it uses an enum value that is new in the same transaction";
    }
    return step->may_commit && sqlstate_is(failure->status.sqlstate, SQLSTATE_INVALID_TRANSACTION_TERMINATION)
               ? "it ends transactions itself"
               : NULL;
}

/* Behind something that was not tried, a failure proves little. */
static void note_doubt(struct batch *batch)
{
    struct status *const status = &batch->failure.status;
    batch->is_doubtful = batch->is_incomplete && may_be_a_consequence(&batch->failure);
    if (batch->is_doubtful) {
        static const char why[] = "Something before it could not be tried, and it may fail only because of that.";
        status->hint = status->hint == NULL ? why : arena_printf(batch->run->arena, "%s\n%s", status->hint, why);
    }
}

/* Does a statement change nothing on which a later one could depend? */
static bool is_maintenance(struct text statement)
{
    static const char *const verbs[] = {"vacuum", "reindex", "analyze", "cluster", "checkpoint", NULL};
    const struct sql_reader reader = sql_read(statement);
    return sql_is_any_word(&reader.token, verbs);
}

/* A setting that a step before step j has made unseen: it is lost when the session is reset for the next step, as what
 * only lasts to a COMMIT must be. What else belongs to a session stays. NULL: there is none. */
static const char *lost_setting(const struct plan *plan, size_t j)
{
    for (size_t i = 0; i < j; i++) {
        const char *const what = plan->steps[i].session_bound;
        if (what != NULL && text_find_nocase(text_of(what), "set") != SIZE_MAX) {
            return what;
        }
    }
    return NULL;
}

/* Steps outside a transaction, or in one of another mode, are not tried. A step gets the session as earlier steps leave
 * it. */
static bool try_step(struct batch *batch, const struct loaded *loaded, size_t j)
{
    const struct plan *const plan = &batch->execution->preparation->items[batch->at].plan;
    const struct step *const step = &plan->steps[j];
    if (step->kind != STEP_TRANSACTION || step->modes != NULL) {
        const struct text text = text_slice(loaded->script.sql, step->start, step->end);
        add_untried(batch, batch->at, j, step->modes == NULL ? step->reason : "its transaction has its own modes");
        batch->is_incomplete = batch->is_incomplete || step->kind != STEP_ALONE || !is_maintenance(text);
        return true;
    }
    const char *const lost = lost_setting(plan, j);
    if (lost != NULL) {
        add_untried(batch, batch->at, j,
                    arena_printf(batch->run->request->arena,
                                 "a step before it leaves %s, which a dry run does not keep", lost));
        batch->is_incomplete = true;
        return true;
    }
    const char *const carry = arena_printf(batch->run->arena, "%s%s", plan_settings(batch->run->arena, plan, j),
                                           step->carry == NULL ? "" : step->carry);
    return batch_send(batch, loaded, step, carry, NULL) && as_committed(batch->run, &batch->failure);
}

/* What has no step that could be tried does not count as tried. *stop: the transaction is broken because of the dry run
 * itself. */
static bool try_item(struct batch *batch, bool *stop)
{
    const struct prepared *const prepared = &batch->execution->preparation->items[batch->at];
    const size_t untried = batch->execution->result->untried_count;
    const size_t left = prepared->plan.count - prepared->done;
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
            } else {
                note_doubt(batch);
            }
            return *stop;
        }
    }
    if (left == 0 || batch->execution->result->untried_count - untried < left) {
        batch_add_applied(batch, &loaded, began);
    }
    return as_next_session(batch->run, &batch->failure);
}

/* Can this script be tried inside the transaction, and be undone with it? */
static bool is_triable(struct run *run, const struct loaded *loaded, const struct plan *plan, struct escaping *known)
{
    struct sql_lexer lexer = {.text = loaded->script.sql};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        if (escaping_in(run->request->arena, text_slice(lexer.text, statement.start, statement.end), known) != NULL) {
            return false;
        }
    }
    return plan->one_transaction && plan->steps[0].modes == NULL;
}

/* A callback before the run: the migrations may need what it does. */
static bool try_callback(struct batch *batch, const struct migration_file *file, struct escaping *known)
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
    loaded.script.parts.items = &whole;
    loaded.script.parts.count = 1;
    if (plan.count > 0 && !is_triable(run, &loaded, &plan, known)) {
        const struct run_untried untried = {
            .migration = file->filename, .step = 1, .reason = "this callback cannot be undone by a rollback"};
        result_add_untried(run->request->arena, batch->execution->result, &untried);
        batch->is_incomplete = true;
        return true;
    }
    return plan.count == 0 || (batch_send(batch, &loaded, &plan.steps[0], NULL, NULL) &&
                               as_committed(run, &batch->failure) && as_next_session(run, &batch->failure));
}

static bool try_callbacks(struct batch *batch, struct escaping *known)
{
    const struct migration_files *const files = &batch->execution->preparation->catalog.files;
    bool ok = true;
    for (size_t i = 0; ok && i < files->around_count; i++) {
        ok = files->around[i].when != AROUND_BEFORE_RUN || try_callback(batch, &files->around[i].file, known);
    }
    return ok;
}

/* One attempt at everything. On failure batch->at is the migration that failed. */
static bool try_all(struct batch *batch, struct sequences *sequences, struct escaping *known)
{
    const size_t count = batch->execution->preparation->count;
    bool stop = false;
    if (!batch_begin(batch)) {
        return false;
    }
    bool ok = sequences_set_aside(batch->run, sequences, batch->stalls ? batch->ladder.timeout_ms : 0, &batch->failure);
    ok = ok && try_callbacks(batch, known);
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

static const char *summary_of(const struct batch *batch)
{
    const struct execution *const execution = batch->execution;
    const struct run_result *const result = execution->result;
    struct arena *const arena = execution->run->request->arena;
    if (!result->ok && batch->is_doubtful) {
        return arena_printf(arena,
                            "Migration \"%s\" failed in the try, perhaps only because something before it could not "
                            "be tried: whether it would fail is not known. Everything was rolled back.",
                            result->failed_name);
    }
    if (!result->ok && batch->failure.connection_lost) {
        return arena_printf(arena,
                            "The connection was lost while migration \"%s\" was tried: whether it would fail is not "
                            "known. Nothing was committed; try again.",
                            result->failed_name);
    }
    if (!result->ok) {
        return arena_printf(arena, "Migration \"%s\" would fail; everything was rolled back.", result->failed_name);
    }
    if (result->untried_count > 0 && result->applied_count == 0) {
        return arena_printf(arena, "Nothing was tried: %s could not be tried.",
                            words_counted(arena, result->untried_count, "step", "steps"));
    }
    if (result->untried_count > 0) {
        return arena_printf(arena, "Tried %s without a failure and rolled everything back; %s could not be tried.",
                            words_counted(arena, result->applied_count, "migration", "migrations"),
                            words_counted(arena, result->untried_count, "step", "steps"));
    }
    return arena_printf(arena, "%s would be applied; everything was rolled back.",
                        words_counted(arena, execution->preparation->count, "migration", "migrations"));
}

/* What a rollback does not undo is not tried: returns false, with the line, if a step contains such a thing. */
static bool can_be_undone(const struct execution *execution, const struct prepared *prepared,
                          const struct loaded *loaded, struct escaping *known)
{
    struct run *const run = execution->run;
    for (size_t i = prepared->done; i < prepared->plan.count; i++) {
        const struct step *const step = &prepared->plan.steps[i];
        const struct text part = text_slice(loaded->script.sql, step->start, step->end);
        struct sql_lexer lexer = {.text = part};
        struct sql_statement statement;
        while (step->kind == STEP_TRANSACTION && step->modes == NULL && sql_next_statement(&lexer, &statement)) {
            const char *const what =
                escaping_in(run->request->arena, text_slice(part, statement.start, statement.end), known);
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

static bool begin(const struct execution *execution)
{
    const struct preparation *const preparation = execution->preparation;
    struct run *const run = execution->run;
    struct escaping known;
    bool ok = baseline_check(run->request, run->session, &preparation->catalog.detection) &&
              escaping_find(run->request, run->session, &known);
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
    struct escaping known;
    if (!sequences_find(execution->run, execution->preparation, &sequences) ||
        !escaping_find(execution->run->request, execution->run->session, &known)) {
        return false;
    }
    do {
        result->ok = try_all(&batch, &sequences, &known);
    } while (!result->ok && batch_again(&batch));
    if (!result->ok) {
        batch_keep_failure(&batch);
    }
    around_untried(execution);
    result->summary = summary_of(&batch);
    batch_end(&batch);
    sequences_check(execution->run, &sequences, result);
    return true;
}

const struct executor run_trial = {.begin = begin, .run = try_together};
