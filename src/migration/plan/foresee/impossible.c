/*
 * Reports only what is certain: names that the world does not know, and the effects of code bodies, are not judged.
 */
#include "migration/plan/foresee/impossible.h"

#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

#define SINCE_14 140000

/* ---- in a transaction block ---- */

/* A DO may not reach its COMMIT, and a subscription's slot is not known here. */
static bool is_certainly_alone(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    return !sql_is_word(&words.token, "do") &&
           !(sql_take(&words, "drop") && sql_is_word(&words.token, "subscription")) &&
           sql_alone_reason(statement) != NULL;
}

/* REINDEX and CLUSTER of a partitioned relation; before PostgreSQL 14 REINDEX skipped it. */
static const char *reason_by_target(const struct impossible *impossible, struct text statement,
                                    const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    const bool clusters = sql_is_word(&words.token, "cluster");
    const int version = pg_session_server_version(questions_session(impossible->questions));
    if (!clusters && (version < SINCE_14 || !sql_is_word(&words.token, "reindex"))) {
        return NULL;
    }
    for (size_t i = 0; i < effects->count; i++) {
        const struct sql_relation_lock *const lock = &effects->locks[i];
        const struct relation *const relation =
            lock->is_target ? world_find(impossible->world, lock->schema, lock->name) : NULL;
        if (relation != NULL && (relation->kind == 'p' || relation->kind == 'I')) {
            return clusters ? "CLUSTER of a partitioned table" : "REINDEX of what is partitioned";
        }
    }
    return NULL;
}

static const char *alone_in_block(const struct impossible *impossible, struct text statement,
                                  const struct sql_effects *effects)
{
    const char *const reason = !impossible->is_block           ? NULL
                               : is_certainly_alone(statement) ? sql_alone_reason(statement)
                                                               : reason_by_target(impossible, statement, effects);
    return reason == NULL ? NULL
                          : arena_printf(impossible->arena,
                                         "%s cannot run inside a transaction block (25001), and the script has begun "
                                         "one: put it after the COMMIT, or into a migration of its own.",
                                         reason);
}

/* ---- another kind of relation ---- */

struct kind {
    const char *words;  /* after DROP */
    const char *kinds;  /* pg_class.relkind of what it drops */
    const char *called; /* "a table" */
};

static const struct kind relations[] = {
    {"table", "rp", "a table"},        {"view", "v", "a view"},     {"materialized view", "m", "a materialized view"},
    {"sequence", "S", "a sequence"},   {"index", "iI", "an index"}, {"foreign table", "f", "a foreign table"},
    {"type", "c", "a composite type"},
};

#define RELATIONS (sizeof relations / sizeof relations[0])

static size_t kind_called(char kind)
{
    size_t i = 0;
    while (i < RELATIONS && strchr(relations[i].kinds, kind) == NULL) {
        i++;
    }
    return i;
}

/* The row of these words; RELATIONS: none. */
static size_t take_kind(struct sql_reader *words)
{
    size_t i = 0;
    struct sql_reader ahead = *words;
    while (i < RELATIONS && !sql_take_words(&ahead, relations[i].words)) {
        ahead = *words;
        i++;
    }
    *words = ahead;
    return i;
}

/* The problem if the relation in the change exists and has an unsuitable kind; NULL: none. verb: DROP, or CREATE OR
 * REPLACE. */
static const char *other_kind(const struct impossible *impossible, const struct sql_change *change, size_t wanted,
                              const char *verb)
{
    const struct relation *const relation = world_find(impossible->world, change->schema, change->name);
    const size_t found =
        relation == NULL || relation->oid == 0 || relation->kind == 0 ? RELATIONS : kind_called(relation->kind);
    return found == RELATIONS || found == wanted
               ? NULL
               : arena_printf(impossible->arena, "\"%s\" is %s, which %s %s does not %s (42809).", change->name,
                              relations[found].called, verb, relations[wanted].words,
                              strcmp(verb, "DROP") == 0 ? "drop" : "replace");
}

/* DROP TABLE of a view, with or without IF EXISTS; CREATE OR REPLACE VIEW over a table. */
static const char *wrong_kind(const struct impossible *impossible, struct text statement,
                              const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    const bool drops = sql_take(&words, "drop");
    const bool replaces = !drops && sql_take(&words, "create") && sql_take(&words, "or") && sql_take(&words, "replace");
    if (replaces) {
        sql_take(&words, "recursive");
    }
    const size_t wanted = drops || replaces ? take_kind(&words) : RELATIONS;
    const char *wrong = NULL;
    for (size_t i = 0; wanted < RELATIONS && wrong == NULL && i < effects->change_count; i++) {
        const enum sql_change_kind kind = effects->changes[i].kind;
        if (drops ? kind == SQL_CHANGE_DROPS : kind == SQL_CHANGE_CREATES) {
            wrong = other_kind(impossible, &effects->changes[i], wanted, drops ? "DROP" : "CREATE OR REPLACE");
        }
    }
    return wrong;
}

/* ---- all of it ---- */

struct impossible impossible_begin(struct arena *arena, struct questions *questions, struct world *world)
{
    return (struct impossible){
        .questions = questions, .world = world, .early = {.lasting = arena, .questions = questions, .world = world}};
}

void impossible_migration(struct impossible *impossible, struct arena *arena)
{
    const struct impossible before = *impossible;
    *impossible = (struct impossible){
        .arena = arena, .questions = before.questions, .world = before.world, .early = before.early};
    impossible->early.arena = arena;
    impossible->early.values = impossible->early.types = (struct words){0};
}

void impossible_step(struct impossible *impossible, const struct step *step, struct text part)
{
    struct sql_lexer lexer = {.text = part};
    struct sql_statement statement;
    size_t count = 0;
    while (count < 2 && sql_next_statement(&lexer, &statement)) {
        count++;
    }
    impossible->is_block = step->kind == STEP_TRANSACTION || count > 1;
    early_value_step(&impossible->early);
    read_only_step(&impossible->read_only, step);
}

const char *impossible_why(struct impossible *impossible, struct text statement, const struct sql_effects *effects)
{
    const char *const reasons[] = {
        alone_in_block(impossible, statement, effects),
        impossible->is_stale ? NULL : wrong_kind(impossible, statement, effects),
        early_value_why(&impossible->early, statement, effects),
        effects->wrong,
        read_only_takes(&impossible->read_only, impossible->is_stale ? NULL : impossible->world, statement, effects),
    };
    size_t i = 0;
    while (i + 1 < sizeof reasons / sizeof reasons[0] && reasons[i] == NULL) {
        i++;
    }
    return reasons[i];
}
