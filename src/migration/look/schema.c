/*
 * Finds the objects by the statements' words, and splits scripts by words, too: it must not depend on what the parser
 * knows, nor cost as much.
 */
#include "migration/look/schema.h"

#include "base/sqlstate.h"
#include "migration/look/definition_kinds.h"
#include "migration/look/objects_query.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN           60 /* characters of a statement */
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* The objects of a script, and the statement that creates each. */
struct script_objects {
    struct sql_objects objects;
    struct text *statements;
    size_t capacity;
};

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
            (sql_is_symbol(&ahead.token, '(') && reader.token.kind == SQL_WORD &&
             !sql_is_word(&reader.token, "set_config") && !sql_is_word(&reader.token, "setval"))) {
            return false;
        }
    }
    return true;
}

/* A statement of which it is not known whether it was already executed: it creates a kind that is not looked up, or has
 * another permanent effect (GRANT, OWNER TO, ENABLE ROW LEVEL SECURITY, rows). */
static void note_unjudged(struct arena *arena, struct text statement, struct schema_findings *findings)
{
    struct sql_reader words = sql_read(statement);
    if (changes_nothing(statement)) {
        return;
    }
    findings->unmade_count += sql_is_word(&words.token, "create") || sql_is_word(&words.token, "comment") ? 1 : 0;
    const size_t most = text_byte_of_character(statement, SHOWN + 1);
    const char **const grown = arena_array(arena, findings->unjudged_count + 1, sizeof *grown);
    for (size_t i = 0; i < findings->unjudged_count; i++) {
        grown[i] = findings->unjudged[i];
    }
    char *const shown = arena_printf(arena, "%.*s%s", (int)most, statement.data, most < statement.size ? "…" : "");
    for (char *c = shown; *c != '\0'; c++) {
        *c = *c == '\n' || *c == '\r' || *c == '\t' ? ' ' : *c;
    }
    grown[findings->unjudged_count++] = shown;
    findings->unjudged = grown;
}

static void find_objects(struct arena *arena, struct text sql, struct script_objects *found,
                         struct schema_findings *findings)
{
    struct sql_lexer lexer = {.text = sql};
    struct sql_statement statement;
    size_t named = 0;
    while (sql_next_statement(&lexer, &statement)) {
        const struct text text = text_slice(sql, statement.start, statement.end);
        sql_created_objects(arena, text, &found->objects);
        if (found->objects.count == named) {
            note_unjudged(arena, text, findings);
        }
        for (; named < found->objects.count; named++) {
            found->statements =
                arena_grow(arena, found->statements, named, &found->capacity, sizeof *found->statements);
            found->statements[named] = text;
        }
    }
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

struct looking {
    const struct objects_place *place;
    const struct script_objects *found;
    struct schema_findings *findings;
    struct status *status;
};

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

static void differ(struct schema_finding *finding, const char *difference)
{
    finding->comparison = SCHEMA_DIFFERENT;
    finding->difference = finding->difference == NULL ? difference : finding->difference;
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
    differ(finding, strcmp(flaw, "INVALID") == 0
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
        differ(finding, "its definition is another one.");
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

/* Compares the existing object with the script's, number `index`. definition: the existing one's, or NULL. */
static void compare_one(const struct looking *looking, size_t index, const PGresult *flaws, int row,
                        const char *definition)
{
    static const char *const named_alone[] = {"schema", "extension", "enum value", NULL};
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[index];
    const char *const flaw = pg_field(flaws, row, 0);
    const char *const habits = pg_field(flaws, row, 1);
    for (size_t i = 0; named_alone[i] != NULL; i++) {
        finding->comparison = strcmp(finding->type, named_alone[i]) == 0 ? SCHEMA_SAME : finding->comparison;
    }
    if (definition != NULL) {
        set_match(looking, finding, index, arena_strdup(arena, definition));
    }
    if (habits != NULL &&
        definition_compare_habits(arena, looking->found->statements[index], habits) == DEFINITION_DIFFERENT) {
        differ(finding,
               arena_printf(arena, "it is there as %s: its language, volatility, security or strictness is another.",
                            habits));
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
        compare_one(looking, numbers[row], flaws, (int)row,
                    definitions == NULL ? NULL : pg_field(definitions, (int)row, 0));
    }
    return true;
}

/* ---- columns ---- */

/* "255" for "character varying(255)", "" for "integer". */
static const char *modifiers_of(struct arena *arena, const char *type)
{
    const struct text text = text_of(type);
    const size_t open = text_find(text, "(", 0);
    const struct text inside =
        open == SIZE_MAX ? (struct text){0} : text_slice(text, open + 1, text_find(text, ")", open));
    return arena_strndup(arena, inside.data, inside.size);
}

/* char and bit without a number have length 1. */
static bool same_modifiers(struct arena *arena, const struct definition_column *column, const char *existing)
{
    const bool is_one = text_is_nocase(text_of(column->type), "char") ||
                        text_is_nocase(text_of(column->type), "character") ||
                        text_is_nocase(text_of(column->type), "bit");
    const char *const said = column->modifiers[0] == '\0' && is_one ? "1" : column->modifiers;
    return strcmp(said, modifiers_of(arena, existing)) == 0;
}

static void not_compared(struct schema_finding *finding)
{
    finding->comparison = finding->comparison == SCHEMA_SAME ? SCHEMA_UNCOMPARED : finding->comparison;
}

/* The words of a default, normalised: now() is CURRENT_TIMESTAMP, NULL is none. */
static struct words default_words(struct arena *arena, struct text expression)
{
    struct words words = definition_words(arena, expression, false);
    for (size_t i = 0; i < words.count; i++) {
        words.items[i] = strcmp(words.items[i], "now") == 0 ? "current_timestamp" : words.items[i];
    }
    words.count = words.count == 1 && strcmp(words.items[0], "null") == 0 ? 0 : words.count;
    return words;
}

/* A default written differently may be the same; a default added by a later script is no difference. */
static void compare_default(const struct looking *looking, const struct definition_column *column, const char *existing)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const struct words said = default_words(arena, column->standard);
    if (said.count == 0) {
        return;
    }
    const struct words there = default_words(arena, text_of(existing == NULL ? "" : existing));
    if (there.count == 0) {
        differ(finding, arena_printf(arena, "the column \"%s\" has no default there.", column->name));
    } else if (!definition_words_equal(&said, &there)) {
        not_compared(finding);
    }
}

static void compare_reference(const struct looking *looking, const struct definition_column *column,
                              const char *existing)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const char *const said =
        arena_printf(arena, "\x1f%s\x1f%c%c\x1f", column->target, column->on_delete, column->on_update);
    if (existing == NULL) {
        differ(finding, arena_printf(arena, "the column \"%s\" refers to no other table there.", column->name));
    } else if (strstr(existing, said) == NULL) {
        not_compared(finding);
    }
}

/* Compares a column's clauses besides its type. */
static void compare_said(const struct looking *looking, const struct definition_column *column, const PGresult *result,
                         int row)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    compare_default(looking, column, pg_field(result, row, 3));
    if (column->unique && !pg_field_bool(result, row, 4)) {
        differ(finding, arena_printf(looking->place->arena, "the column \"%s\" is not unique there.", column->name));
    }
    if (column->target != NULL) {
        compare_reference(looking, column, pg_field(result, row, 5));
    }
}

static void compare_column(const struct looking *looking, const struct definition_column *column,
                           const PGresult *result, int row)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const char *const existing = arena_strdup(looking->place->arena, pg_field(result, row, 0));
    const bool is_known = pg_field(result, row, 1) != NULL;
    const char *const modifiers =
        column->modifiers[0] == '\0' ? "" : arena_printf(looking->place->arena, "(%s)", column->modifiers);
    if (existing == NULL) {
        differ(finding, arena_printf(looking->place->arena, "it has no column \"%s\".", column->name));
    } else if (is_known &&
               (!pg_field_bool(result, row, 1) || !same_modifiers(looking->place->arena, column, existing))) {
        differ(finding, arena_printf(looking->place->arena, "the column \"%s\" is %s there, and %s%s here.",
                                     column->name, existing, column->type, modifiers));
    } else if (column->not_null && !pg_field_bool(result, row, 2)) {
        differ(finding, arena_printf(looking->place->arena, "the column \"%s\" may be NULL there.", column->name));
    } else if (!is_known && finding->comparison == SCHEMA_SAME) {
        finding->comparison = SCHEMA_UNCOMPARED;
    }
    if (existing != NULL) {
        compare_said(looking, column, result, row);
    }
}

/* Does the statement of a table or column contain something that is not compared? A column's own clauses (DEFAULT,
 * UNIQUE, REFERENCES) are; unnamed constraints over several columns are not. */
static bool says_more(struct text statement)
{
    static const char *const words[] = {"generated", "collate",  "check",     "exclude",
                                        "like",      "inherits", "partition", NULL};
    static const char *const of_several[] = {"unique", "foreign", NULL};
    struct sql_reader reader = sql_read(statement);
    bool is_first = false;
    for (; reader.token.kind != SQL_END && reader.token.kind != SQL_BROKEN; sql_advance(&reader)) {
        if (sql_is_any_word(&reader.token, words) || (is_first && sql_is_any_word(&reader.token, of_several))) {
            return true;
        }
        is_first = sql_is_symbol(&reader.token, '(') || sql_is_symbol(&reader.token, ',');
    }
    return false;
}

/* If the server cannot answer (an invalid type name), tables stay uncompared. */
static void compare_columns(const struct looking *looking)
{
    struct definition_columns columns = {0};
    const struct script_objects *const found = looking->found;
    for (size_t i = 0; i < looking->findings->count; i++) {
        const size_t before = columns.count;
        if (looking->findings->items[i].exists) {
            definition_columns(looking->place->arena, &found->objects.items[i], i, found->statements[i], &columns);
        }
        if (columns.count > before) {
            looking->findings->items[i].comparison = says_more(found->statements[i]) ? SCHEMA_UNCOMPARED : SCHEMA_SAME;
        }
    }
    if (columns.count == 0) {
        return;
    }
    struct status unanswered = {.arena = looking->place->arena};
    PG_RESULT(result) = objects_columns(looking->place, &found->objects, &columns, &unanswered);
    for (size_t i = 0; i < columns.count; i++) {
        if (result == NULL) {
            looking->findings->items[columns.items[i].object].comparison = SCHEMA_UNCOMPARED;
        } else {
            compare_column(looking, &columns.items[i], result, (int)i);
        }
    }
}

/* ---- the whole ---- */

static void count(struct schema_findings *findings)
{
    bool same = findings->count > 0 && findings->unjudged_count == 0;
    const bool all_named = findings->count > 0 && findings->unmade_count == 0;
    const bool knows_nothing = findings->count == 0 && findings->unmade_count > 0;
    findings->all_exist = all_named;
    for (size_t i = 0; i < findings->count; i++) {
        const struct schema_finding *const finding = &findings->items[i];
        findings->some_exist = findings->some_exist || finding->exists || finding->difference != NULL;
        findings->all_exist = findings->all_exist && finding->exists && finding->comparison != SCHEMA_DIFFERENT;
        same = same && finding->comparison == SCHEMA_SAME;
    }
    /* All exist by name, but one could not be compared, so it is not called safe. */
    findings->recommendation =
        findings->all_exist && same ? "All DDL objects already exist. Safe to mark as applied without re-running."
        : findings->some_exist || knows_nothing
            ? "Some objects already exist. Review carefully before running or marking as applied."
            : "No existing objects detected. Safe to run this migration.";
    findings->warning =
        findings->count > 0
            ? NULL
            : "Nothing in it could be compared: it makes no object that can be looked up. Whether it was "
              "run already, and whether it may be run again, is not known.";
}

bool schema_detect(const struct objects_place *place, struct text sql, struct schema_findings *findings,
                   struct status *status)
{
    struct script_objects found = {0};
    const struct looking looking = {place, &found, findings, status};
    *findings = (struct schema_findings){0};
    if (text_starts_with(sql, BYTE_ORDER_MARK)) {
        sql = text_slice(sql, strlen(BYTE_ORDER_MARK), sql.size);
    }
    if (text_trim(sql).size == 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "sql is required.");
    }
    if (!text_is_utf8(sql, NULL)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "sql must be UTF-8 text.");
    }
    find_objects(place->arena, sql, &found, findings);
    if (found.objects.count > 0) {
        drop_repeated(place->arena, &found);
        if (!look_up(&looking) || !compare(&looking)) {
            return false;
        }
        compare_columns(&looking);
    }
    count(findings);
    return true;
}
