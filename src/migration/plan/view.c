/*
 * Bounded: a plan of 400 files of 5 MB lists the first statements of each step and counts the others.
 */
#include "migration/plan/view.h"

#include "framework/core/script.h"
#include "migration/plan/foresee/absent.h"
#include "migration/plan/foresee/already.h"
#include "migration/plan/foresee/asked.h"
#include "migration/plan/foresee/fires.h"
#include "migration/plan/foresee/grammar.h"
#include "migration/plan/foresee/heard.h"
#include "migration/plan/foresee/held.h"
#include "migration/plan/foresee/impossible.h"
#include "migration/plan/foresee/made_tables.h"
#include "migration/plan/foresee/missing.h"
#include "migration/plan/foresee/needs.h"
#include "migration/plan/foresee/reach.h"
#include "migration/plan/foresee/touched.h"
#include "migration/plan/foresee/unseen.h"
#include "migration/plan/foresee/wrong.h"
#include "migration/plan/refusal.h"
#include "migration/plan/summary.h"
#include "migration/tool/start.h"

#include "sql/loss.h"
#include "sql/split.h"

#include <string.h>

#define MOST_OF_STEP 100                       /* listed statements of one step that touch nothing existing */
#define MOST_OF_PLAN 5000                      /* and of the whole plan, whatever they touch */
#define MOST_PARSED  ((size_t)2 * 1024 * 1024) /* bytes that are parsed for their effects: 5 us each at worst */
#define MOST_BESIDE  5000                      /* relations that statements lock without naming them */
#define LARGE        4096                      /* bytes of scripts from which on questions are sent together */

struct explaining {
    const struct request *request;
    struct pg_session *session;
    struct questions *questions;
    struct explanation *explanation;
    struct sql_facts facts;
    struct world *world;
    struct arena *reading; /* for one migration */
    size_t listed;
    size_t parsed; /* bytes */
    size_t beside; /* relations that statements lock without naming them */
    const struct detection *detection;
    const struct script_parts *parts; /* of the current migration */
    struct text content;              /* its script */
    enum grammar_answer grammar;      /* of the current statement */
    bool delegates;                   /* its own tool runs everything */
    /* A relation that the statement names and that neither exists nor was created; NULL: none. */
    const char *absent;
    struct word_set told;          /* already reported names: once is enough */
    bool makes_unseen;             /* earlier statements may have created things unseen */
    bool moves_unseen;             /* … and renamed them: what a statement names then may be anything */
    struct unseen unseen;          /* the same, through functions that nobody names */
    struct impossible impossible;  /* what the migration cannot do */
    struct asked asked;            /* queries for the effects */
    struct needs needs;            /* what statements need */
    struct fires fires;            /* what the plan creates that fires something */
    struct heard heard;            /* event triggers */
    struct held held;              /* locks of earlier statements of the transaction */
    bool is_undone;                /* the script itself rolls this back */
    bool is_tried_again;           /* it was interrupted in this statement: the run cleans up */
    const struct relation *ledger; /* as it is before the plan; NULL: none, or its removal was reported */
};

/* For sql_effects: the type of a column in the database. */
static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    struct explaining *const explaining = data;
    return asked_column_type(&explaining->asked, schema, table, column);
}

static bool is_new(void *data, const char *schema, const char *name)
{
    struct explaining *const explaining = data;
    const bool is_new = world_is_new(explaining->world, schema, name);
    if (is_new && explaining->absent == NULL && !world_knows(explaining->world, name)) {
        explaining->absent = arena_strdup(explaining->request->arena, name);
    }
    return is_new;
}

static bool is_harmless(void *data, const char *schema, const char *name)
{
    struct explaining *const explaining = data;
    return fires_calls_quietly(&explaining->fires, schema, name);
}

static void add_locks(struct explanation *explanation, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        explanation->blocks_reads = explanation->blocks_reads || sql_lock_blocks_reads(effects->locks[i].lock);
        explanation->blocks_writes = explanation->blocks_writes || sql_lock_blocks_writes(effects->locks[i].lock);
    }
    explanation->unknown = explanation->unknown || effects->unknown;
}

/* Why the server's grammar refuses the statement, with the line; NULL: it does not, or that is not known. */
static const char *why_refused(struct explaining *explaining, struct text statement,
                               const struct explained_statement *read)
{
    struct arena *const arena = explaining->request->arena;
    struct status said = {.arena = arena};
    explaining->grammar = grammar_ask(&explaining->needs, statement, &read->effects, &said);
    if (explaining->grammar != GRAMMAR_REFUSES) {
        return NULL;
    }
    const size_t at = read->start + (said.position == 0 ? 0 : text_byte_of_character(statement, said.position));
    return arena_printf(arena, "PostgreSQL cannot read it: %s, in line %u (%s).", said.message,
                        script_position(explaining->content, explaining->parts, at, NULL).line, said.sqlstate);
}

/* Returns false if it was already reported. */
static bool tell(struct explaining *explaining, const char *absent)
{
    const bool is_new = !word_set_has(&explaining->told, absent);
    word_set_add(explaining->request->arena, &explaining->told, absent);
    return is_new;
}

/* Is it the tracking table, which the run creates before any script? */
static bool is_coming_ledger(const struct explaining *explaining)
{
    const struct ledger *const ledger = &explaining->detection->ledger;
    return !explaining->detection->has_ledger && ledger->table != NULL &&
           strcmp(ledger->table, explaining->absent) == 0;
}

/* The statement fails because of a name that nobody created, provided that everything before it was seen. */
static const char *why_it_fails(struct explaining *explaining, struct text statement)
{
    static const char *const implicit[] = {"_seq", "_pkey", "_key", "_idx", "_excl"};
    const char *const absent = explaining->absent;
    for (size_t i = 0; absent != NULL && i < sizeof implicit / sizeof implicit[0]; i++) {
        if (text_ends_with(text_of(absent), implicit[i])) {
            return NULL;
        }
    }
    if (absent == NULL || explaining->makes_unseen || explaining->is_undone || !absent_is_certain(statement) ||
        is_coming_ledger(explaining) ||
        unseen_may_be(&explaining->unseen, explaining->request->arena, explaining->session) ||
        !tell(explaining, absent)) {
        return NULL;
    }
    return arena_printf(explaining->request->arena, "\"%s\" is not there, and nothing before this statement makes it.",
                        absent);
}

/* A name that is free may belong to something that an earlier statement has renamed unseen. */
static const char *what_it_may_be(struct explaining *explaining, struct text statement)
{
    const struct sql_reader words = sql_read(statement);
    const char *const absent = explaining->absent;
    if (absent == NULL || sql_is_word(&words.token, "select") || is_coming_ledger(explaining) ||
        !(explaining->moves_unseen ||
          unseen_may_be(&explaining->unseen, explaining->request->arena, explaining->session))) {
        return NULL;
    }
    return arena_printf(
        explaining->request->arena,
        "\"%s\" may be something that an earlier statement has renamed, of which not all is known: what "
        "this one locks is not known, and may block.",
        absent);
}

/* Obstacles and missing things, provided that everything before it was seen. */
static const char *what_is_wrong(struct explaining *explaining, struct text statement, struct sql_effects *effects)
{
    const char *const there = already_there(&explaining->needs, statement, effects);
    const char *fails = explaining->is_tried_again ? NULL : there;
    const char *files = NULL;
    if (fails == NULL && !explaining->is_undone) {
        explaining->needs.is_tried_again = explaining->is_tried_again;
        fails = wrong_why(&explaining->needs, statement, effects);
        files = missing_files_why(&explaining->needs, statement, effects);
    }
    needs_note(&explaining->needs, statement, effects);
    made_tables_note(&explaining->needs, effects->made_table);
    if (!explaining->is_undone) {
        needs_note_schemas(&explaining->needs, statement);
    }
    explaining->impossible.is_stale =
        explaining->makes_unseen || unseen_may_be(&explaining->unseen, explaining->request->arena, explaining->session);
    return effects->unread || explaining->impossible.is_stale ? files : fails;
}

/* A row cannot be written to a ledger that was dropped. */
static const char *takes_ledger(struct explaining *explaining)
{
    const struct ledger *const ledger = &explaining->detection->ledger;
    if (explaining->ledger == NULL ||
        (world_find(explaining->world, ledger->schema, ledger->table) == explaining->ledger &&
         !explaining->ledger->gone)) {
        return NULL;
    }
    explaining->ledger = NULL;
    return arena_printf(
        explaining->request->arena,
        "It drops, renames or replaces the tracking table %s.%s, so that the row of its migration cannot be "
        "written: the run stops there and undoes it.",
        ledger->schema, ledger->table);
}

/* Extensions and foreign schemas create tables, and unknown statements may. */
static bool brings_unseen(struct explaining *explaining, struct text statement, const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    return effects->unknown || sql_is_word(&words.token, "import") ||
           (sql_take_words(&words, "create extension") && !missing_is_installed(&explaining->needs, effects));
}

/* Of many such relations each statement lists fewer: an INSERT into a table of 1,000 partitions may be one of 5,000. */
static void add_reached(struct explaining *explaining, struct sql_effects *effects)
{
    const size_t named = effects->count;
    reach_add(explaining->reading, &explaining->fires, effects,
              explaining->beside < MOST_BESIDE ? TOUCHED_MOST : TOUCHED_FEW);
    explaining->beside += effects->count - named;
}

static void find_effects(struct explaining *explaining, struct text statement, struct explained_statement *read)
{
    struct sql_effects *const effects = &read->effects;
    explaining->absent = NULL;
    world_statement(explaining->world, statement);
    if (explaining->parsed + statement.size > MOST_PARSED) {
        sql_effects_by_words(explaining->reading, statement, &explaining->facts, effects);
        effects->advice = effects->unknown ? "This plan is too large to read each statement: what this one locks is "
                                             "not known, and may block. Plan fewer migrations."
                                           : NULL;
    } else {
        explaining->parsed += statement.size;
        sql_effects(explaining->reading, statement, &explaining->facts, NULL, effects);
    }
    const char *const refused = why_refused(explaining, statement, read);
    const char *const there = what_is_wrong(explaining, statement, effects);
    read->fails = refused != NULL || effects->unknown ? refused : why_it_fails(explaining, statement);
    read->fails = read->fails != NULL ? read->fails : there;
    const char *const impossible = impossible_why(&explaining->impossible, statement, effects);
    read->fails = read->fails != NULL ? read->fails : arena_strdup(explaining->request->arena, impossible);
    const char *const may_be = what_it_may_be(explaining, statement);
    explaining->makes_unseen = explaining->makes_unseen || brings_unseen(explaining, statement, effects);
    explaining->moves_unseen = explaining->moves_unseen || effects->unknown;
    unseen_note(&explaining->unseen, statement);
    add_reached(explaining, effects);
    effects->unknown = effects->unknown || may_be != NULL;
    heard_statement(&explaining->heard, statement, explaining->is_undone, effects);
    read->loses_data = (effects->count > 0 || effects->unknown) && (effects->loses_values || sql_loses_data(statement));
    if (!explaining->is_undone) {
        world_apply(explaining->world, effects);
        fires_note(&explaining->fires, statement, effects);
        asked_note(&explaining->asked, statement, effects);
    }
    read->fails = read->fails != NULL ? read->fails : takes_ledger(explaining);
    const char *const doubt = explaining->impossible.early.doubt;
    const char *const said = may_be != NULL ? may_be : effects->advice;
    effects->advice = read->fails != NULL ? read->fails : doubt != NULL ? doubt : said;
    held_statement(&explaining->held,
                   &(struct held_place){explaining->request->arena, explaining->content, explaining->parts}, statement,
                   read->start, effects);
    effects->unknown = effects->unknown && refused == NULL && (effects->unread || !explaining->explanation->is_nobodys);
    if (effects->unread && read->fails == NULL) {
        effects->advice = grammar_unread(&explaining->needs, explaining->grammar);
    }
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
    shown->sql = explained_excerpt(arena, text_slice(explaining->content, statement->start, statement->end));
    const char *name;
    shown->where = script_position(explaining->content, explaining->parts, statement->start, &name);
    shown->effects = explained_effects(arena, &statement->effects);
    if (name != NULL) {
        const char *const advice = shown->effects.advice;
        shown->effects.advice = arena_printf(arena, "It is of the callback %s.%s%s", name, advice == NULL ? "" : " ",
                                             advice == NULL ? "" : advice);
    }
}

/* looked_at: the script as read by a server without backslash escapes in strings. */
static void explain_step(struct explaining *explaining, struct text looked_at, struct explained_step *explained)
{
    const struct step *const step = explained->step;
    const struct text part = text_slice(looked_at, step->start, step->end);
    struct sql_lexer lexer = {.text = part};
    struct sql_statement statement;
    explained->where = script_position(explaining->content, explaining->parts, step->start, NULL);
    explaining->is_undone = step->is_undone;
    explaining->is_tried_again = explained->was_begun && step->kind == STEP_ALONE;
    impossible_step(&explaining->impossible, step, part);
    held_begin(&explaining->held);
    for (; sql_next_statement(&lexer, &statement); explained->statement_count++) {
        const struct text one = text_slice(part, statement.start, statement.end);
        struct explained_statement read = {.start = step->start + statement.start, .end = step->start + statement.end};
        if (explained->finished) {
            continue;
        }
        find_effects(explaining, one, &read);
        add_locks(explaining->explanation, &read.effects);
        explaining->explanation->loses_data = explaining->explanation->loses_data || read.loses_data;
        list(explaining, explained, &read);
    }
}

static void count_step(struct explanation *explanation, const struct explained_step *explained)
{
    explanation->alone += !explained->finished && explained->step->kind == STEP_ALONE ? 1 : 0;
    explanation->own += !explained->finished && explained->step->kind == STEP_OWN ? 1 : 0;
}

static bool explain_migration(struct explaining *explaining, const struct prepared *prepared,
                              struct explained_migration *explained)
{
    const struct request *const request = explaining->request;
    const struct plan *const plan = &prepared->plan;
    struct arena *const reading = arena_new(0);
    struct loaded loaded;
    const bool ok = migration_load(reading, &prepared->place, &loaded, request->status);
    const struct text content = ok ? loaded.script.sql : (struct text){0};
    const struct text looked_at =
        pg_session_standard_strings(explaining->session) ? content : sql_conforming(reading, content);
    explaining->reading = reading;
    explaining->parts = &plan->parts;
    explaining->content = content;
    world_begin(explaining->world);
    impossible_migration(&explaining->impossible, reading);
    explained->prepared = prepared;
    explained->checksum = prepared->item->checksum;
    explained->delegate =
        explaining->delegates ? tool_run_command(request->arena, request->site, explaining->detection) : NULL;
    explained->steps = arena_array(request->arena, plan->count, sizeof *explained->steps);
    for (size_t i = 0; ok && i < plan->count; i++) {
        explained->steps[i] = (struct explained_step){.step = &plan->steps[i],
                                                      .finished = i < prepared->done,
                                                      .was_begun = i == prepared->done && prepared->steps.count > i};
        count_step(explaining->explanation, &explained->steps[i]);
        explain_step(explaining, looked_at, &explained->steps[i]);
    }
    /* What a program does is not known. */
    explaining->explanation->unknown = explaining->explanation->unknown || prepared->item->file->is_code;
    explaining->makes_unseen = explaining->makes_unseen || prepared->item->file->is_code;
    explaining->moves_unseen = explaining->moves_unseen || prepared->item->file->is_code;
    explaining->explanation->transactions += plan->count == 0 ? 1 : (uint32_t)(plan->count - prepared->done);
    arena_free(reading);
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

/* Callbacks are not read: what they create may be used, and what they lock is not known. */
static void note_around(struct explaining *explaining, const struct migration_files *files)
{
    for (size_t i = 0; i < files->around_count; i++) {
        const enum around_when when = files->around[i].when;
        const bool is_of_run = when != AROUND_BEFORE_EACH && when != AROUND_AFTER_EACH;
        explaining->makes_unseen = explaining->makes_unseen || is_of_run;
        explaining->moves_unseen = explaining->makes_unseen;
        explaining->explanation->unknown = explaining->explanation->unknown || is_of_run;
    }
}

static bool is_large(const struct preparation *preparation)
{
    size_t size = 0;
    for (size_t i = 0; i < preparation->count; i++) {
        const struct plan *const plan = &preparation->items[i].plan;
        size += plan->count == 0 ? 0 : plan->steps[plan->count - 1].end;
    }
    return size >= LARGE;
}

/* Does the framework's own connection have other settings than the search path? */
static bool has_settings(const struct detection *detection)
{
    return detection->framework != NULL && ledger_has(detection->framework, LEDGER_SESSION);
}

/* Initialises the state. */
static void begin(struct explaining *explaining, const struct preparation *preparation)
{
    const struct request *const request = explaining->request;
    struct questions *const questions = explaining->questions;
    struct world *const world = world_new(request, questions, is_large(preparation));
    const struct detection *const detection = &preparation->catalog.detection;
    *explaining = (struct explaining){.request = request,
                                      .session = explaining->session,
                                      .questions = questions,
                                      .explanation = explaining->explanation,
                                      .facts = explaining->facts,
                                      .world = world,
                                      .detection = detection,
                                      .delegates = preparation->delegate,
                                      .asked = asked_begin(request->arena, questions, world),
                                      .needs = {.arena = request->arena,
                                                .questions = questions,
                                                .world = world,
                                                .stored = explaining->needs.stored, /* of the first reading */
                                                .may_set_zone = has_settings(detection),
                                                .own_schema = detection->ledger.schema,
                                                .own_table = detection->ledger.table},
                                      .fires = fires_begin(request->arena, questions, world),
                                      .heard = {.arena = request->arena, .fires = &explaining->fires},
                                      .impossible = impossible_begin(request->arena, questions, world)};
    asked_answer(&explaining->asked, &explaining->needs, &explaining->facts);
    if (detection->has_ledger) {
        explaining->ledger = world_find(world, detection->ledger.schema, detection->ledger.table);
    }
    *explaining->explanation = (struct explanation){.is_nobodys = world_is_empty(world)};
    if (preparation->count > 0) {
        note_around(explaining, &preparation->catalog.files);
    }
}

static bool read_all(struct explaining *explaining, const struct preparation *preparation)
{
    struct explanation *const explanation = explaining->explanation;
    begin(explaining, preparation);
    explanation->migrations =
        arena_array(explaining->request->arena, preparation->count, sizeof *explanation->migrations);
    for (size_t i = 0; i < preparation->count && preparation->items[i].item != preparation->unfit; i++) {
        const bool is_enough = questions_are_noted(explaining->questions) && explaining->parsed > MOST_PARSED;
        if (!is_enough &&
            !explain_migration(explaining, &preparation->items[i], &explanation->migrations[explanation->count++])) {
            return false;
        }
    }
    return true;
}

bool explain(const struct request *request, struct pg_session *session, const struct run_options *options,
             const struct preparation *preparation, struct explanation *explanation)
{
    struct explaining explaining = {.request = request,
                                    .session = session,
                                    .questions = questions_new(request->arena, session),
                                    .explanation = explanation,
                                    .facts = {.server_version = pg_session_server_version(session),
                                              .data = &explaining,
                                              .column_type = column_type,
                                              .is_new = is_new,
                                              .is_harmless = is_harmless}};
    if (is_large(preparation)) {
        questions_note(explaining.questions);
        if (!read_all(&explaining, preparation)) {
            return false;
        }
        questions_send(explaining.questions);
    }
    if (!read_all(&explaining, preparation)) {
        return false;
    }
    explanation->unknown = explanation->unknown || preparation->unfit != NULL || /* from there on nothing was read */
                           (preparation->delegate && preparation->count > 0);
    if (options->in_one_transaction) {
        explanation->alone = explanation->own = 0;
        explanation->transactions = preparation->count == 0 ? 0 : 1;
    }
    explanation->summary = needs_summary(&explaining.needs, summary_of(request->arena, preparation, explanation));
    return refusal_find(request, session, options, preparation, &explanation->refusal);
}
