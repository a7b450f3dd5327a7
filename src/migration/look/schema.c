/*
 * Finds the objects by the statements' words, and splits scripts by words, too: it must not depend on what the parser
 * knows, nor cost as much.
 */
#include "migration/look/schema.h"

#include "base/shortage.h"
#include "base/sqlstate.h"
#include "migration/look/definition_kinds.h"
#include "migration/look/definition_meaning.h"
#include "migration/look/definition_more.h"
#include "migration/look/objects_query.h"
#include "migration/look/schema_columns.h"
#include "migration/look/schema_passing.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN           60 /* characters of a statement */
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* Does the statement change nothing permanently? */
static bool changes_nothing(struct text statement)
{
    static const char *const words[] = {
        "set",     "reset", "begin",   "start",      "commit",   "end",     "rollback",   "abort", "savepoint",
        "release", "show",  "listen",  "notify",     "unlisten", "declare", "fetch",      "close", "analyze",
        "vacuum",  "lock",  "prepare", "deallocate", "discard",  "load",    "checkpoint", NULL};
    struct sql_reader reader = sql_read(statement);
    if (sql_take(&reader, "create")) {
        return sql_is_word(&reader.token, "temp") || sql_is_word(&reader.token, "temporary");
    }
    if (!sql_take(&reader, "select")) {
        return sql_is_any_word(&reader.token, words);
    }
    /* A SELECT of constants, or set_config() as in pg_dump's output; other functions may do anything. */
    for (; reader.token.kind != SQL_END; sql_advance(&reader)) {
        struct sql_reader ahead = reader;
        sql_advance(&ahead);
        if (sql_is_word(&reader.token, "into") ||
            (sql_is_symbol(&ahead.token, '(') &&
             (reader.token.kind == SQL_WORD || reader.token.kind == SQL_IDENTIFIER) &&
             !sql_is_word(&reader.token, "set_config") && !sql_is_word(&reader.token, "setval"))) {
            return false;
        }
    }
    return true;
}

void schema_note_unjudged(struct arena *arena, struct text statement, struct schema_findings *findings)
{
    struct sql_reader words = sql_read(statement);
    if (changes_nothing(statement)) {
        return;
    }
    findings->unmade_count += sql_is_word(&words.token, "create") || sql_is_word(&words.token, "comment") ? 1 : 0;
    const size_t most = text_byte_of_character(statement, SHOWN + 1);
    char *const shown = arena_printf(arena, "%.*s%s", (int)most, statement.data, most < statement.size ? "…" : "");
    for (char *c = shown; *c != '\0'; c++) {
        *c = *c == '\n' || *c == '\r' || *c == '\t' ? ' ' : *c;
    }
    findings->unjudged =
        arena_grow(arena, findings->unjudged, findings->unjudged_count, &findings->unjudged_capacity, sizeof shown);
    findings->unjudged[findings->unjudged_count++] = shown;
}

/* ALTER TABLE … ALTER COLUMN, ALTER SEQUENCE … OWNED BY */
static bool may_alter_columns(struct text statement)
{
    struct sql_reader reader = sql_read(statement);
    return sql_take(&reader, "alter") &&
           (sql_has_words(statement, "owned", "by") ||
            sql_has_word(text_slice(statement, reader.token.offset, statement.size), "alter"));
}

/* \restrict of pg_dump's output, which means something to psql only. */
static struct text without_restrict(struct text statement)
{
    while (text_starts_with(statement, "\\restrict ") || text_starts_with(statement, "\\unrestrict ")) {
        const size_t end = text_find(statement, "\n", 0);
        statement = end == SIZE_MAX ? (struct text){0} : text_trim(text_slice(statement, end + 1, statement.size));
    }
    return statement;
}

/* Notes a statement that makes no object, or does something else, too. */
static void note_other(struct arena *arena, struct text statement, struct script_objects *found,
                       struct schema_findings *findings)
{
    if (!may_alter_columns(statement)) {
        schema_note_unjudged(arena, statement, findings);
        return;
    }
    found->alterations = arena_grow(arena, found->alterations, found->alteration_count, &found->alteration_capacity,
                                    sizeof *found->alterations);
    found->alterations[found->alteration_count++] = statement;
}

static bool find_objects(const struct looking *looking, struct text sql, struct script_objects *found)
{
    struct arena *const arena = looking->place->arena;
    struct schema_findings *const findings = looking->findings;
    struct sql_lexer lexer = {.text = sql};
    struct sql_statement statement;
    size_t named = 0;
    while (sql_next_statement(&lexer, &statement)) {
        if (!room_for(ROOM_OF_STATEMENT, looking->status, "look up", "what this script makes")) {
            return false;
        }
        const struct text text = without_restrict(text_slice(sql, statement.start, statement.end));
        sql_created_objects(arena, text, &found->objects);
        if (text.size == 0) {
            continue;
        }
        if (found->objects.count == named || definition_does_more(text, found->objects.count - named)) {
            note_other(arena, text, found, findings);
        }
        for (; named < found->objects.count; named++) {
            found->statements =
                arena_grow(arena, found->statements, named, &found->capacity, sizeof *found->statements);
            found->statements[named] = text;
        }
    }
    return true;
}

static const char *display_name(struct arena *arena, const struct sql_object *object)
{
    const char *const schema = object->parent != NULL ? object->parent_schema : object->schema;
    return arena_printf(arena, "%s%s%s%s%s", schema == NULL ? "" : schema, schema == NULL ? "" : ".",
                        object->parent == NULL ? "" : object->parent, object->parent == NULL ? "" : ".", object->name);
}

/* strcmp that sorts NULL first. */
static int compare_strings(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a != NULL) - (b != NULL);
    }
    return strcmp(a, b);
}

static int compare_objects(const void *left, const void *right)
{
    const struct sql_object *const a = *(const struct sql_object *const *)left;
    const struct sql_object *const b = *(const struct sql_object *const *)right;
    int order = strcmp(a->type, b->type);
    order = order != 0 ? order : strcmp(a->name, b->name);
    order = order != 0 ? order : compare_strings(a->schema, b->schema);
    order = order != 0 ? order : compare_strings(a->parent, b->parent);
    return order != 0 ? order : compare_strings(a->parent_schema, b->parent_schema);
}

/* Sorts by first occurrence. */
static int compare_in_order(const void *left, const void *right)
{
    const struct sql_object *const a = *(const struct sql_object *const *)left;
    const struct sql_object *const b = *(const struct sql_object *const *)right;
    const int order = compare_objects(left, right);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Removes objects that are created twice (IF NOT EXISTS in several places). */
static void drop_repeated(struct arena *arena, struct script_objects *found)
{
    struct sql_objects *const objects = &found->objects;
    const size_t all = objects->count;
    const struct sql_object **const sorted = arena_array(arena, all, sizeof(struct sql_object *));
    bool *const repeated = arena_array(arena, all, sizeof(bool));
    for (size_t i = 0; i < all; i++) {
        sorted[i] = &objects->items[i];
    }
    qsort(sorted, all, sizeof(struct sql_object *), compare_in_order);
    for (size_t i = 1; i < all; i++) {
        repeated[sorted[i] - objects->items] = compare_objects(&sorted[i - 1], &sorted[i]) == 0;
    }
    objects->count = 0;
    for (size_t i = 0; i < all; i++) {
        if (!repeated[i]) {
            found->statements[objects->count] = found->statements[i];
            objects->items[objects->count++] = objects->items[i];
        }
    }
}

/* ---- what exists ---- */

static bool look_up(const struct looking *looking)
{
    const struct sql_objects *const objects = &looking->found->objects;
    struct schema_findings *const findings = looking->findings;
    PG_RESULT(result) = objects_exist(looking->place, objects, looking->status);
    if (result == NULL) {
        return false;
    }
    findings->items = arena_array(looking->place->arena, objects->count, sizeof *findings->items);
    findings->count = objects->count;
    for (size_t i = 0; i < objects->count; i++) {
        findings->items[i] = (struct schema_finding){
            .type = objects->items[i].type,
            .name = display_name(looking->place->arena, &objects->items[i]),
            .exists = pg_field_bool(result, (int)i, 0),
            .object = &objects->items[i],
        };
    }
    return true;
}

/* An object of that name that is not usable does not count as the script's. */
static void set_flaw(const struct looking *looking, struct schema_finding *finding, const char *flaw, size_t index)
{
    const struct sql_object *const object = &looking->found->objects.items[index];
    const bool is_meant = (strcmp(flaw, "NOT VALID") == 0 || strcmp(flaw, "not populated") == 0) &&
                          definition_is_unfinished(object, looking->found->statements[index]);
    if (is_meant) {
        return;
    }
    finding->exists = false;
    finding->flaw = arena_strdup(looking->place->arena, flaw);
    schema_differ(finding,
                  strcmp(flaw, "INVALID") == 0
                      ? "it is INVALID: an earlier CREATE INDEX CONCURRENTLY did not finish. Drop it, or REINDEX it; "
                        "IF NOT EXISTS would pass over it."
                  : strcmp(flaw, "NOT VALID") == 0
                      ? "it is NOT VALID: rows that were there before were not checked. VALIDATE CONSTRAINT does it."
                  : strcmp(flaw, "disabled") == 0 ? "it is disabled: ENABLE TRIGGER makes it work."
                                                  : "it is not populated: REFRESH MATERIALIZED VIEW does it.");
}

static void set_match(const struct looking *looking, struct schema_finding *finding, size_t index, const char *existing)
{
    const enum definition_match match = definition_compare(looking->place->arena, &looking->found->objects.items[index],
                                                           looking->found->statements[index], existing);
    finding->definition = existing;
    if (match == DEFINITION_DIFFERENT) {
        schema_differ(finding, "its definition is another one.");
    } else if (match == DEFINITION_SAME && finding->comparison == SCHEMA_UNCOMPARED) {
        finding->comparison = SCHEMA_SAME;
    }
}

/* NULL also if that would wait for a lock: then definitions are not compared. */
static PGresult *ask_definitions(const struct looking *looking, const struct sql_objects *objects)
{
    struct status unanswered = {.arena = looking->place->arena};
    PGresult *const result = objects_definitions(looking->place, objects, &unanswered);
    if (result == NULL && sqlstate_is(unanswered.sqlstate, SQLSTATE_LOCK_NOT_AVAILABLE)) {
        looking->findings->undefined = "another session keeps what is there locked";
    } else if (result == NULL) {
        *looking->status = unanswered;
    }
    return result;
}

static bool is_function(const struct schema_finding *finding)
{
    return strcmp(finding->type, "function") == 0 || strcmp(finding->type, "procedure") == 0;
}

/* What is there of a table's kind ("plain unlogged") or a function's habits ("sql stable invoker called"). */
static void compare_habits(struct arena *arena, struct schema_finding *finding, struct text statement,
                           const char *there)
{
    if (is_function(finding)) {
        if (definition_compare_habits(arena, statement, there) == DEFINITION_DIFFERENT) {
            schema_differ(
                finding,
                arena_printf(arena, "it is there as %s: its language, volatility, security or strictness is another.",
                             there));
        }
    } else if (strcmp(definition_table_kind(arena, statement), there) != 0) {
        schema_differ(finding, arena_printf(arena, "it is a %s table there, and a %s one here.", there,
                                            definition_table_kind(arena, statement)));
    }
}

/* Compares the existing object with the script's, number `index`. definitions: of the existing ones, or NULL. */
static void compare_one(const struct looking *looking, size_t index, const PGresult *flaws, int row,
                        const PGresult *definitions)
{
    static const char *const named_alone[] = {"schema", "extension", "enum value", NULL};
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[index];
    const char *const flaw = pg_field(flaws, row, 0);
    const char *const definition = definitions == NULL ? NULL : pg_field(definitions, row, 0);
    const struct text statement = looking->found->statements[index];
    for (size_t i = 0; named_alone[i] != NULL; i++) {
        finding->comparison = strcmp(finding->type, named_alone[i]) == 0 && !definition_names_more(statement)
                                  ? SCHEMA_SAME
                                  : finding->comparison;
    }
    if (definition != NULL) {
        set_match(looking, finding, index, arena_strdup(arena, definition));
    }
    if (pg_field(flaws, row, 1) != NULL) {
        compare_habits(arena, finding, statement, pg_field(flaws, row, 1));
    }
    if (definitions != NULL && finding->comparison == SCHEMA_SAME && is_function(finding) &&
        !definition_function_same(arena, statement, pg_field(definitions, row, 1))) {
        finding->comparison = SCHEMA_UNCOMPARED;
    }
    if (flaw != NULL) {
        set_flaw(looking, finding, flaw, index);
    }
}

static bool compare(const struct looking *looking)
{
    struct sql_objects existing_ones = {0};
    size_t *const numbers = arena_array(looking->place->arena, looking->findings->count, sizeof *numbers);
    existing_ones.items = arena_array(looking->place->arena, looking->findings->count, sizeof *existing_ones.items);
    for (size_t i = 0; i < looking->findings->count; i++) {
        if (looking->findings->items[i].exists) {
            numbers[existing_ones.count] = i;
            existing_ones.items[existing_ones.count++] = looking->found->objects.items[i];
        }
    }
    if (existing_ones.count == 0) {
        return true;
    }
    PG_RESULT(flaws) = objects_flaws(looking->place, &existing_ones, looking->status);
    PG_RESULT(definitions) = flaws == NULL ? NULL : ask_definitions(looking, &existing_ones);
    if (flaws == NULL || (definitions == NULL && looking->findings->undefined == NULL)) {
        return false;
    }
    for (size_t row = 0; row < existing_ones.count; row++) {
        compare_one(looking, numbers[row], flaws, (int)row, definitions);
    }
    return true;
}

/* ---- the whole ---- */

static const char *what_is_not_known(const struct schema_findings *findings, bool leaves_any)
{
    return findings->count == 0 ? "Nothing in it could be compared: it makes no object that can be looked up. Whether "
                                  "it was run already, and whether it may be run again, is not known."
           : leaves_any         ? NULL
                        : "It drops, renames or moves each object that it makes, so nothing of it would be there if it "
                          "was run already. Whether it was is not known.";
}

/* leaves_any: see schema_leaves_any. */
static void count(struct schema_findings *findings, bool leaves_any)
{
    bool same = findings->count > 0 && findings->unjudged_count == 0;
    const bool all_named = findings->count > 0 && findings->unmade_count == 0;
    findings->all_exist = all_named;
    for (size_t i = 0; i < findings->count; i++) {
        const struct schema_finding *const finding = &findings->items[i];
        findings->some_exist = findings->some_exist || finding->exists || finding->difference != NULL;
        findings->all_exist = findings->all_exist && finding->exists && finding->comparison != SCHEMA_DIFFERENT;
        same = same && finding->comparison == SCHEMA_SAME;
    }
    const bool knows_nothing = findings->count == 0 ? findings->unjudged_count > 0 : !leaves_any;
    /* All exist by name, but one could not be compared, so it is not called safe. */
    findings->recommendation =
        findings->all_exist && same ? "All DDL objects already exist. Safe to mark as applied without re-running."
        : findings->some_exist || knows_nothing
            ? "Some objects already exist. Review carefully before running or marking as applied."
            : "No existing objects detected. Safe to run this migration.";
    findings->warning = findings->some_exist ? NULL : what_is_not_known(findings, leaves_any);
}

bool schema_detect(const struct objects_place *place, struct text sql, struct schema_findings *findings,
                   struct status *status)
{
    struct script_objects found = {0};
    *findings = (struct schema_findings){0};
    const struct looking looking = {place, &found, findings, status};
    if (text_starts_with(sql, BYTE_ORDER_MARK)) {
        sql = text_slice(sql, strlen(BYTE_ORDER_MARK), sql.size);
    }
    if (text_trim(sql).size == 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "sql is required.");
    }
    if (!text_is_utf8(sql, NULL)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "sql must be UTF-8 text.");
    }
    if (!find_objects(&looking, sql, &found)) {
        return false;
    }
    struct definition_columns columns = {0};
    if (found.objects.count > 0) {
        drop_repeated(place->arena, &found);
        if (!look_up(&looking) || !compare(&looking)) {
            return false;
        }
    }
    schema_read_columns(&looking, &columns);
    schema_compare_columns(&looking, &columns);
    count(findings, schema_leaves_any(place->arena, sql, &found.objects, found.statements));
    return true;
}
