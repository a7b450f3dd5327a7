/*
 * Bounded: a plan of 400 files of 5 MB lists the first statements of each step and counts the others.
 */
#include "migration/plan/view.h"

#include "framework/core/project_bounds.h"
#include "framework/core/script.h"
#include "migration/plan/explaining.h"
#include "migration/plan/refusal.h"
#include "migration/plan/summary.h"
#include "migration/tool/start.h"

#include "sql/split.h"

#define MOST_OF_STEP 100                 /* listed statements of one step that touch nothing existing */
#define MOST_OF_PLAN 5000                /* and of the whole plan, whatever they touch */
#define LARGE        4096                /* bytes of scripts from which on questions are sent together */
#define TOGETHER     ((size_t)64 * 1024) /* bytes of scripts whose questions are sent together */
#define EACH         64                  /* … and for each script */

static void add_locks(struct explanation *explanation, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        explanation->blocks_reads = explanation->blocks_reads || sql_lock_blocks_reads(effects->locks[i].lock);
        explanation->blocks_writes = explanation->blocks_writes || sql_lock_blocks_writes(effects->locks[i].lock);
    }
    explanation->unknown = explanation->unknown || effects->unknown;
}

/* Does it touch something existing, or is nothing known about it? */
static bool is_notable(const struct explained_statement *statement)
{
    return statement->effects.count > 0 || statement->effects.unknown || statement->fails != NULL;
}

/* Counts a statement, and lists it if there is room. */
static void list(struct explaining *explaining, struct explained_step *explained,
                 const struct explained_statement *statement)
{
    const bool notable = is_notable(statement);
    if (questions_are_noted(explaining->questions)) {
        return; /* it is read again */
    }
    explained->made += statement->effects.made;
    if (statement->fails == NULL &&
        (explaining->listed >= MOST_OF_PLAN || (!notable && explained->listed >= MOST_OF_STEP))) {
        explained->unlisted_notable += notable ? 1 : 0;
        return;
    }
    struct arena *const arena = explaining->request->arena;
    explained->statements = arena_grow(arena, explained->statements, explained->listed, &explained->capacity,
                                       sizeof *explained->statements);
    struct explained_statement *const shown = &explained->statements[explained->listed++];
    explaining->listed++;
    *shown = *statement;
    shown->sql = explained_excerpt(arena, text_slice(explaining->script->content, statement->start, statement->end));
    const char *name;
    shown->where = script_position_next(explaining->script->content, explaining->parts, statement->start, &name,
                                        &explaining->script->shown);
    shown->effects = explained_effects(arena, &statement->effects);
    if (name != NULL) {
        const char *const advice = shown->effects.advice;
        shown->effects.advice = arena_printf(arena, "It is of the callback %s.%s%s", name, advice == NULL ? "" : " ",
                                             advice == NULL ? "" : advice);
    }
}

/* What is only known of the statement goes when it is done: a script may have a million of them. */
static void explain_statement(struct explaining *explaining, struct text statement, struct explained_step *explained,
                              struct explained_statement *read)
{
    explaining->reading = arena_new(0);
    explaining_statement(explaining, statement, read);
    add_locks(explaining->explanation, &read->effects);
    explaining->explanation->loses_data = explaining->explanation->loses_data || read->loses_data;
    list(explaining, explained, read);
    arena_free(explaining->reading);
}

static bool explain_step(struct explaining *explaining, struct explained_step *explained)
{
    const struct step *const step = explained->step;
    const struct text part = text_slice(explaining->script->looked_at, step->start, step->end);
    struct sql_lexer lexer = {.text = part};
    struct sql_statement statement;
    explained->where = script_position(explaining->script->content, explaining->parts, step->start, NULL);
    explaining->is_undone = step->is_undone;
    explaining->is_tried_again = explained->was_begun && step->kind == STEP_ALONE;
    impossible_step(&explaining->impossible, step, part);
    permits_begin_transaction(&explaining->permits);
    held_begin(&explaining->held);
    bool goes_on = true;
    for (; goes_on && sql_next_statement(&lexer, &statement); explained->statement_count++) {
        const struct text one = text_slice(part, statement.start, statement.end);
        struct explained_statement read = {.start = step->start + statement.start, .end = step->start + statement.end};
        goes_on = request_goes_on(explaining->request, "plan", "this migration");
        if (goes_on && !explained->finished) {
            explain_statement(explaining, one, explained, &read);
        }
    }
    return goes_on;
}

static void count_step(struct explanation *explanation, const struct explained_step *explained)
{
    explanation->alone += !explained->finished && explained->step->kind == STEP_ALONE ? 1 : 0;
    explanation->own += !explained->finished && explained->step->kind == STEP_OWN ? 1 : 0;
}

static bool load(const struct explaining *explaining, const struct prepared *prepared, struct script *script)
{
    struct loaded loaded = {.script.sql = prepared->script};
    script->arena = arena_new(0);
    const bool ok = prepared->script.data != NULL ||
                    migration_load(script->arena, &prepared->place, &loaded, explaining->request->status);
    script->content = ok ? loaded.script.sql : (struct text){0};
    script->looked_at = pg_session_standard_strings(explaining->session)
                            ? script->content
                            : sql_conforming(script->arena, script->content);
    script->retold = retold_new(script->arena);
    return ok;
}

static bool explain_migration(struct explaining *explaining, const struct prepared *prepared, struct script *script,
                              struct explained_migration *explained)
{
    const struct request *const request = explaining->request;
    const struct plan *const plan = &prepared->plan;
    if (script->arena == NULL && !load(explaining, prepared, script)) {
        return false;
    }
    explaining->script = script;
    explaining->parts = &plan->parts;
    world_begin(explaining->world);
    permits_begin(&explaining->permits);
    impossible_migration(&explaining->impossible, script->arena);
    explained->prepared = prepared;
    explained->checksum = prepared->item->checksum;
    explained->delegate = explaining->delegate;
    explained->steps = arena_array(questions_are_noted(explaining->questions) ? script->arena : request->arena,
                                   plan->count, sizeof *explained->steps);
    bool ok = true;
    for (size_t i = 0; ok && i < plan->count; i++) {
        explained->steps[i] = (struct explained_step){.step = &plan->steps[i],
                                                      .finished = i < prepared->done,
                                                      .was_begun = i == prepared->done && prepared->steps.count > i};
        count_step(explaining->explanation, &explained->steps[i]);
        ok = explain_step(explaining, &explained->steps[i]);
    }
    /* What a program does is not known. */
    explaining->explanation->unknown = explaining->explanation->unknown || prepared->item->file->is_code;
    explaining->makes_unseen = explaining->makes_unseen || prepared->item->file->is_code;
    explaining->moves_unseen = explaining->moves_unseen || prepared->item->file->is_code;
    explaining->explanation->transactions += plan->count == 0 ? 1 : (uint32_t)(plan->count - prepared->done);
    return ok;
}

static const char *summary_of(struct arena *arena, const struct preparation *preparation,
                              const struct explanation *explanation)
{
    const struct extent extent = {explanation->transactions, explanation->alone,         explanation->own,
                                  explanation->blocks_reads, explanation->blocks_writes, explanation->unknown,
                                  explanation->loses_data};
    return summary_make(arena, preparation, &extent);
}

/* ---- the readings ---- */

static size_t size_of(const struct prepared *prepared)
{
    const struct plan *const plan = &prepared->plan;
    return plan->count == 0 ? 0 : plan->steps[plan->count - 1].end;
}

static bool is_large(const struct preparation *preparation)
{
    size_t size = 0;
    for (size_t i = 0; i < preparation->count; i++) {
        size += size_of(&preparation->items[i]);
    }
    return size >= LARGE;
}

/* Those that are read together. */
struct some {
    const struct prepared *items;
    struct script *scripts;
    size_t count;
};

static void let_go(struct script *script)
{
    arena_free(script->arena);
    *script = (struct script){0};
}

/* The first reading, for its questions. */
static bool note_some(struct explaining *explaining, const struct some *some)
{
    struct explained_migration unused;
    bool ok = true;
    for (size_t i = 0; ok && i < some->count && explaining->parsed <= EXPLAINING_MOST_PARSED; i++) {
        struct script *const script = &some->scripts[i];
        ok = explain_migration(explaining, &some->items[i], script, &unused);
        if (script->arena != NULL && arena_used(script->arena) > 2 * EXPLAINING_MOST_KEPT) {
            let_go(script);
        }
    }
    return ok;
}

static bool read_some(struct explaining *explaining, const struct some *some)
{
    struct explanation *const explanation = explaining->explanation;
    bool ok = true;
    for (size_t i = 0; ok && i < some->count; i++) {
        ok = explain_migration(explaining, &some->items[i], &some->scripts[i],
                               &explanation->migrations[explanation->count++]);
        let_go(&some->scripts[i]);
    }
    return ok;
}

/* noting: the first reading, which is ahead by these scripts; NULL: there is only one. */
static bool read_twice(struct explaining *noting, struct explaining *explaining, const struct some *some)
{
    bool ok = true;
    if (noting != NULL) {
        questions_note(explaining->questions);
        ok = note_some(noting, some);
        questions_send(explaining->questions);
        for (size_t i = 0; i < noting->needs.stored.count; i++) {
            words_add(explaining->needs.arena, &explaining->needs.stored, noting->needs.stored.items[i]);
        }
        noting->needs.stored = (struct words){0};
    }
    ok = ok && read_some(explaining, some);
    for (size_t i = 0; i < some->count; i++) {
        let_go(&some->scripts[i]);
    }
    return ok;
}

static bool read_all(struct explaining *noting, struct explaining *explaining, const struct preparation *preparation)
{
    struct arena *const arena = explaining->request->arena;
    const struct prepared *const items = preparation->items;
    explaining->explanation->migrations =
        arena_array(arena, preparation->count, sizeof *explaining->explanation->migrations);
    struct script *const scripts = arena_array(arena, preparation->count, sizeof *scripts);
    bool ok = true;
    for (size_t from = 0, to; ok && from < preparation->count && items[from].item != preparation->unfit; from = to) {
        size_t size = 0;
        for (to = from; to < preparation->count && items[to].item != preparation->unfit && size < TOGETHER; to++) {
            size += size_of(&items[to]) + EACH;
        }
        ok = read_twice(noting, explaining, &(const struct some){items + from, scripts + from, to - from});
    }
    return ok;
}

bool explain(const struct request *request, struct pg_session *session, const struct run_options *options,
             const struct preparation *preparation, struct explanation *explanation)
{
    const bool is_twice = is_large(preparation);
    struct explanation unused;
    struct bounds bounds;
    struct explaining explaining = {.request = request,
                                    .session = session,
                                    .questions = questions_new(request->arena, session),
                                    .explanation = explanation};
    struct explaining noting = explaining;
    noting.explanation = &unused;
    explaining_begin(&explaining, preparation, is_twice);
    if (is_twice) {
        explaining_begin(&noting, preparation, is_twice);
    }
    explaining.delegate =
        preparation->delegate ? tool_run_command(request->arena, request->site, explaining.detection) : NULL;
    project_enter_bounds(request->arena, &request->site->project, &bounds); /* once for all scripts */
    const bool ok = read_all(is_twice ? &noting : NULL, &explaining, preparation);
    bounds_leave(&bounds);
    if (!ok) {
        return false;
    }
    explanation->unknown = explanation->unknown || preparation->unfit != NULL || /* from there on nothing was read */
                           (preparation->delegate && preparation->count > 0);
    if (options->in_one_transaction) {
        explanation->alone = explanation->own = 0;
        explanation->transactions = preparation->count == 0 ? 0 : 1;
    }
    struct permits *const permits = arena_alloc(request->arena, sizeof *permits);
    *permits = explaining.permits;
    explanation->permits = permits;
    explanation->summary = needs_summary(&explaining.needs, summary_of(request->arena, preparation, explanation));
    return refusal_find(request, session, options, preparation, &explanation->refusal);
}
