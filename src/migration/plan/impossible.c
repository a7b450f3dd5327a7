/*
 * Only what is certain: of a name that the world does not know, and of what a body of code does, nothing is said.
 */
#include "migration/plan/impossible.h"

#include "migration/plan/enum_value.h"
#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

#define SINCE_17 170000 /* values of a type that the same transaction has made can be used */

/* ---- inside of a transaction block ---- */

/* A DO need not come to its COMMIT, and of a subscription the slot is not known here. */
static bool is_certainly_alone(struct text statement)
{
    struct sql_reader words = sql_read(statement);
    return !sql_is_word(&words.token, "do") &&
           !(sql_take(&words, "drop") && sql_is_word(&words.token, "subscription")) &&
           sql_alone_reason(statement) != NULL;
}

/* REINDEX and CLUSTER of what is partitioned. */
static const char *reason_by_target(const struct impossible *impossible, struct text statement,
                                    const struct sql_effects *effects)
{
    struct sql_reader words = sql_read(statement);
    const bool clusters = sql_is_word(&words.token, "cluster");
    if (!clusters && !sql_is_word(&words.token, "reindex")) {
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
                                         "one: put it behind the COMMIT, or into a migration of its own.",
                                         reason);
}

/* ---- another kind of relation ---- */

struct kind {
    const char *words;  /* behind DROP */
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

/* Which of them these words name; RELATIONS: none. */
static size_t take_kind(struct sql_reader *words)
{
    for (size_t i = 0; i < RELATIONS; i++) {
        struct sql_reader ahead = *words;
        const char *const space = strchr(relations[i].words, ' ');
        char first[16] = {0};
        memcpy(first, relations[i].words,
               space == NULL ? strlen(relations[i].words) : (size_t)(space - relations[i].words));
        if (sql_take(&ahead, first) && (space == NULL || sql_take(&ahead, space + 1))) {
            *words = ahead;
            return i;
        }
    }
    return RELATIONS;
}

/* What a change names, where it is there and no table of rows that is meant; NULL: nothing is wrong. */
static const char *other_kind(const struct impossible *impossible, const struct sql_change *change, size_t wanted,
                              const char *what)
{
    const struct relation *const relation = world_find(impossible->world, change->schema, change->name);
    const size_t found =
        relation == NULL || relation->oid == 0 || relation->kind == 0 ? RELATIONS : kind_called(relation->kind);
    return found == RELATIONS || found == wanted
               ? NULL
               : arena_printf(impossible->arena, "\"%s\" is %s, which %s does not %s (42809).", change->name,
                              relations[found].called, what, wanted == 1 ? "replace" : "drop");
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
            wrong = other_kind(impossible, &effects->changes[i], wanted,
                               arena_printf(impossible->arena, "%s %s", drops ? "DROP" : "CREATE OR REPLACE",
                                            relations[wanted].words));
        }
    }
    return wrong;
}

/* ---- values of an enum ---- */

/* $1 the type's name, $2 a relation's oid: has it a column of the type, or of an array of it? */
static const char column_sql[] =
    "SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN "
    "pg_catalog.pg_type e ON e.oid = t.typelem WHERE a.attrelid = $2::oid AND a.attnum > 0 AND NOT a.attisdropped AND "
    "$1 IN (t.typname, e.typname) LIMIT 1";

static const char *added_to(struct arena *arena, struct text statement)
{
    struct sql_reader words = sql_read(statement);
    const char *type = NULL;
    if (!sql_take(&words, "alter") || !sql_take(&words, "type")) {
        return NULL;
    }
    for (; words.token.kind != SQL_END && !sql_is_word(&words.token, "add"); sql_advance(&words)) {
        const char *const name = sql_identifier(arena, &words.token);
        type = name != NULL ? name : type;
    }
    return type;
}

/* Does the statement change rows of a table that has a column of the type, or name the type? */
static bool is_about(const struct impossible *impossible, struct text statement, const struct sql_effects *effects,
                     const char *type)
{
    struct sql_reader words = sql_read(statement);
    for (; words.token.kind != SQL_END; sql_advance(&words)) {
        const char *const name = sql_identifier(impossible->arena, &words.token);
        if (name != NULL && strcmp(name, type) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < effects->count; i++) {
        const struct sql_relation_lock *const lock = &effects->locks[i];
        const struct relation *const relation =
            lock->name == NULL ? NULL : world_find(impossible->world, lock->schema, lock->name);
        struct status unanswered = {.arena = impossible->arena};
        const char *const values[] = {type,
                                      arena_printf(impossible->arena, "%u", relation == NULL ? 0 : relation->oid)};
        PG_RESULT(result) = relation == NULL || relation->oid == 0
                                ? NULL
                                : pg_query(impossible->session, column_sql, 2, values, &unanswered);
        if (result != NULL && PQntuples(result) > 0) {
            return true;
        }
    }
    return false;
}

/* A string that is the value, and nothing more. */
static bool has_string(struct arena *arena, struct text statement, const char *value)
{
    struct sql_reader words = sql_read(statement);
    for (; words.token.kind != SQL_END; sql_advance(&words)) {
        const char *const string = sql_string(arena, &words.token);
        if (string != NULL && strcmp(string, value) == 0) {
            return true;
        }
    }
    return false;
}

/* A body keeps its strings: they are read when it runs. */
static bool keeps_strings(struct text statement)
{
    static const char *const kept[] = {"do", "comment", "alter", NULL};
    struct sql_reader words = sql_read(statement);
    if (sql_is_any_word(&words.token, kept)) {
        return !(sql_take(&words, "alter") && sql_is_word(&words.token, "table"));
    }
    if (!sql_take(&words, "create")) {
        return false;
    }
    return !sql_is_word(&words.token, "table") && !sql_is_word(&words.token, "index");
}

static const char *value_too_early(struct impossible *impossible, struct text statement,
                                   const struct sql_effects *effects)
{
    struct arena *const arena = impossible->arena;
    const char *const value = sql_added_enum_value(arena, statement);
    const char *const type = value == NULL ? NULL : added_to(arena, statement);
    struct sql_objects made = {0};
    const enum sql_class class = sql_classify(statement);
    if (class == SQL_CLASS_COMMIT || class == SQL_CLASS_ROLLBACK) {
        impossible->values.count = 0;
        return NULL;
    }
    sql_created_objects(arena, statement, &made);
    for (size_t i = 0; i < made.count && pg_session_server_version(impossible->session) >= SINCE_17; i++) {
        if (strcmp(made.items[i].type, "type") == 0) {
            words_add(arena, &impossible->types, made.items[i].name);
        }
    }
    if (type != NULL && !words_have(&impossible->types, type)) {
        words_add(arena, &impossible->values, type);
        words_add(arena, &impossible->values, value);
    }
    for (size_t i = 0; value == NULL && i < impossible->values.count && !keeps_strings(statement); i += 2) {
        const char *const added = impossible->values.items[i + 1];
        if (has_string(arena, statement, added) &&
            is_about(impossible, statement, effects, impossible->values.items[i])) {
            return arena_printf(arena,
                                "It uses the value '%s' of the type %s, which its own transaction has added: that must "
                                "be committed first (55P04).",
                                added, impossible->values.items[i]);
        }
    }
    return NULL;
}

/* ---- all of it ---- */

void impossible_step(struct impossible *impossible, const struct step *step, struct text part)
{
    struct sql_lexer lexer = {.text = part};
    struct sql_statement statement;
    size_t count = 0;
    while (count < 2 && sql_next_statement(&lexer, &statement)) {
        count++;
    }
    impossible->is_block = step->kind == STEP_TRANSACTION || count > 1;
    impossible->values.count = 0;
    impossible->types.count = 0;
    read_only_step(&impossible->read_only, step);
}

const char *impossible_why(struct impossible *impossible, struct text statement, const struct sql_effects *effects)
{
    const char *const reasons[] = {
        alone_in_block(impossible, statement, effects),
        wrong_kind(impossible, statement, effects),
        value_too_early(impossible, statement, effects),
        read_only_takes(&impossible->read_only, impossible->world, statement, effects),
    };
    size_t i = 0;
    while (i + 1 < sizeof reasons / sizeof reasons[0] && reasons[i] == NULL) {
        i++;
    }
    return reasons[i];
}
