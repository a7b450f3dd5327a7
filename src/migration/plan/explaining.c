/*
 * One statement after the other: its effects (sql/effects.h), then why it would fail, then what it changes for those
 * behind it.
 */
#include "migration/plan/explaining.h"

#include "migration/plan/blocks.h"
#include "migration/plan/foresee/absent.h"
#include "migration/plan/foresee/already.h"
#include "migration/plan/foresee/made_rows.h"
#include "migration/plan/foresee/made_tables.h"
#include "migration/plan/foresee/missing.h"
#include "migration/plan/foresee/reach.h"
#include "migration/plan/foresee/touched.h"
#include "migration/plan/foresee/wrong.h"
#include "migration/plan/own_ledger.h"

#include "sql/loss.h"

#include <string.h>

#define MOST_BESIDE 5000 /* relations that statements lock without naming them */

/* For sql_effects: the type of a column in the database. */
static const char *column_type(void *data, const char *schema, const char *table, const char *column)
{
    struct explaining *const explaining = data;
    return asked_column_type(&explaining->asked, schema, table, column);
}

static bool is_new(void *data, const char *schema, const char *name)
{
    struct explaining *const explaining = data;
    const bool is_new = world_is_new(explaining->world, schema, name) && !blocks_confuse(explaining, name);
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
                        script_position(explaining->script->content, explaining->parts, at, NULL).line, said.sqlstate);
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
static const char *why_it_fails(struct explaining *explaining, struct text statement, bool is_decided)
{
    static const char *const implicit[] = {"_seq", "_pkey", "_key", "_idx", "_excl"};
    const char *const absent = explaining->absent;
    for (size_t i = 0; absent != NULL && i < sizeof implicit / sizeof implicit[0]; i++) {
        if (text_ends_with(text_of(absent), implicit[i])) {
            return NULL;
        }
    }
    if (absent == NULL || explaining->makes_unseen || explaining->is_undone ||
        !absent_is_certain(statement, is_decided) || is_coming_ledger(explaining) ||
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

/* Facts about the database before the plan are none if something was made unseen. */
static void note_stale(struct explaining *explaining)
{
    explaining->impossible.is_stale =
        explaining->makes_unseen || unseen_may_be(&explaining->unseen, explaining->request->arena, explaining->session);
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
    made_rows_note(&explaining->needs, effects->made_table);
    if (!explaining->is_undone) {
        needs_note_schemas(&explaining->needs, statement);
    }
    note_stale(explaining);
    return effects->unread || explaining->impossible.is_stale ? files : fails;
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

/* What was read before is not read again if it says the same. */
static void read_effects(struct explaining *explaining, struct text statement, struct sql_effects *effects)
{
    if (explaining->parsed + statement.size > EXPLAINING_MOST_PARSED) {
        sql_effects_by_words(explaining->reading, statement, &explaining->facts, effects);
        effects->advice = effects->unknown ? "This plan is too large to read each statement: what this one locks is "
                                             "not known, and may block. Plan fewer migrations."
                                           : NULL;
        return;
    }
    explaining->parsed += statement.size;
    struct retold *const retold = explaining->script->retold;
    const bool is_noted =
        questions_are_noted(explaining->questions) && arena_used(explaining->script->arena) < EXPLAINING_MOST_KEPT;
    if (is_noted) {
        retold_note(retold, statement, &explaining->facts, effects);
    } else if (!retold_give(retold, statement, &explaining->facts, effects)) {
        explaining->absent = NULL;
        sql_effects(explaining->reading, statement, &explaining->facts, NULL, effects);
    }
}

/* Whether locks of earlier statements are held meanwhile; it is the last that is said of a statement. */
static void note_held(struct explaining *explaining, struct text statement, struct explained_statement *read)
{
    held_statement(&explaining->held,
                   &(struct held_place){explaining->request->arena, explaining->script->content, explaining->parts},
                   statement, read->start, &read->effects);
}

/* A DO block of which all is known (blocks.h). Inside it nothing is said to fail. */
static bool take_block(struct explaining *explaining, struct text statement, struct explained_statement *read)
{
    struct sql_plain_block block;
    if (explaining->parsed + statement.size > EXPLAINING_MOST_PARSED ||
        !sql_plain_block(explaining->reading, statement, &block)) {
        return false;
    }
    explaining->parsed += statement.size;
    if (!blocks_read(explaining, &block, read)) {
        return false;
    }
    note_stale(explaining);
    read->fails =
        arena_strdup(explaining->request->arena, impossible_why(&explaining->impossible, statement, &read->effects));
    const char *const doubt = explaining->impossible.early.doubt;
    read->effects.advice = read->fails != NULL ? read->fails : doubt != NULL ? doubt : read->effects.advice;
    note_held(explaining, statement, read);
    return true;
}

static void note_permits(struct explaining *explaining, struct text statement, struct explained_statement *read)
{
    read->is_opaque = read->effects.unknown;
    permits_note(&explaining->permits, explaining->reading, statement, &read->effects, explaining->is_undone);
}

/* Of an empty database nobody is blocked by what it may be. */
static const char *what_is_said(struct explaining *explaining, const struct sql_effects *effects, const char *may_be)
{
    return may_be != NULL && !explaining->explanation->is_nobodys ? may_be : ledger_changed(explaining, effects);
}

void explaining_statement(struct explaining *explaining, struct text statement, struct explained_statement *read)
{
    struct sql_effects *const effects = &read->effects;
    world_statement(explaining->world, statement);
    read->role = explaining->permits.role;
    if (take_block(explaining, statement, read)) {
        explaining->permits.is_unsure = true; /* what it grants is not followed */
        return;
    }
    explaining->absent = NULL;
    read_effects(explaining, statement, effects);
    note_permits(explaining, statement, read);
    const char *const refused = why_refused(explaining, statement, read);
    const char *const there = what_is_wrong(explaining, statement, effects);
    read->fails =
        refused != NULL || effects->unknown ? refused : why_it_fails(explaining, statement, effects->is_decided);
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
    explaining->permits.is_unsure = explaining->permits.is_unsure || effects->unknown;
    read->loses_data = (effects->count > 0 || effects->unknown) &&
                       (effects->loses_values || (!effects->drops_none && sql_loses_data(statement)));
    if (!explaining->is_undone) {
        blocks_note_renamed(explaining, effects);
        world_apply(explaining->world, effects);
        fires_note(&explaining->fires, statement, effects);
        asked_note(&explaining->asked, statement, effects);
    }
    read->fails = read->fails != NULL ? read->fails : ledger_taken(explaining, statement, effects);
    const char *const doubt = explaining->impossible.early.doubt;
    const char *const said = what_is_said(explaining, effects, may_be);
    effects->advice = read->fails != NULL ? read->fails : doubt != NULL ? doubt : said;
    note_held(explaining, statement, read);
    effects->unknown = effects->unknown && refused == NULL && (effects->unread || !explaining->explanation->is_nobodys);
    if (effects->unread && read->fails == NULL) {
        effects->advice = grammar_unread(&explaining->needs, explaining->grammar);
    }
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

/* Does the framework's own connection have other settings than the search path? */
static bool has_settings(const struct detection *detection)
{
    return detection->framework != NULL && ledger_has(detection->framework, LEDGER_SESSION);
}

void explaining_begin(struct explaining *explaining, const struct preparation *preparation, bool is_large)
{
    const struct request *const request = explaining->request;
    struct questions *const questions = explaining->questions;
    struct world *const world = world_new(request, questions, is_large);
    const struct detection *const detection = &preparation->catalog.detection;
    *explaining = (struct explaining){
        .request = request,
        .session = explaining->session,
        .questions = questions,
        .explanation = explaining->explanation,
        .facts = {.server_version = pg_session_server_version(explaining->session),
                  .data = explaining,
                  .column_type = column_type,
                  .is_new = is_new,
                  .is_harmless = is_harmless},
        .world = world,
        .detection = detection,
        .asked = asked_begin(request->arena, questions, world),
        .needs = {.arena = request->arena,
                  .questions = questions,
                  .world = world,
                  .may_set_zone = has_settings(detection),
                  .own_schema = detection->ledger.schema,
                  .own_table = detection->ledger.table},
        .permits = {.arena = request->arena, .world = world, .login = pg_session_user(explaining->session)},
        .fires = fires_begin(request->arena, questions, world),
        .heard = {.arena = request->arena, .fires = &explaining->fires},
        .impossible = impossible_begin(request->arena, questions, world)};
    asked_answer(&explaining->asked, &explaining->needs, &explaining->facts);
    explaining->is_ledger_coming = !detection->has_ledger && detection->ledger.table != NULL;
    if (detection->has_ledger) {
        explaining->ledger = world_find(world, detection->ledger.schema, detection->ledger.table);
    }
    *explaining->explanation = (struct explanation){.is_nobodys = world_is_empty(world)};
    if (preparation->count > 0) {
        note_around(explaining, &preparation->catalog.files);
    }
}
