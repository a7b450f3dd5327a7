/*
 * Types are compared by the server, which knows the names; expressions by their words and parse trees.
 */
#include "migration/look/schema_columns.h"

#include "migration/look/definition_meaning.h"
#include "migration/look/definition_more.h"
#include "migration/look/definition_words.h"
#include "pg/values.h"

#include <string.h>

void schema_differ(struct schema_finding *finding, const char *difference)
{
    finding->comparison = SCHEMA_DIFFERENT;
    finding->difference = finding->difference == NULL ? difference : finding->difference;
}

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

static bool is_same_default(struct arena *arena, const struct words *said, const struct definition_column *column,
                            const char *existing)
{
    const bool is_now = said->count == 1 && strcmp(said->items[0], "current_timestamp") == 0;
    return is_now || definition_expression_same(arena, column->standard, existing);
}

/* A default written differently may be the same; a default added by a later script is no difference. */
static void compare_default(const struct looking *looking, const struct definition_column *column, const char *existing)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const struct words said = default_words(arena, column->standard);
    if (said.count == 0 && !(column->is_serial && existing == NULL)) {
        return;
    }
    const struct words there = default_words(arena, text_of(existing == NULL ? "" : existing));
    if (there.count == 0) {
        schema_differ(finding, arena_printf(arena, "the column \"%s\" has no default there.", column->name));
    } else if (!definition_words_equal(&said, &there) || !is_same_default(arena, &said, column, existing)) {
        not_compared(finding);
    }
}

static void compare_reference(const struct looking *looking, const struct definition_column *column,
                              const char *existing)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const char *const said = arena_printf(arena, "\x1f%s\x1f%s\x1f%c%c\x1f", column->target, column->target_column,
                                          column->on_delete, column->on_update);
    if (existing == NULL) {
        schema_differ(finding, arena_printf(arena, "the column \"%s\" refers to no other table there.", column->name));
    } else if (strstr(existing, said) == NULL) {
        not_compared(finding);
    }
}

/* existing: its place in the primary key, "1 of 2"; NULL: it is not in it. */
static void compare_primary(const struct looking *looking, const struct definition_column *column, const char *existing)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    if (existing == NULL || strcmp(existing, column->primary) != 0) {
        schema_differ(finding,
                      arena_printf(looking->place->arena, "the column \"%s\" is %s%s there, and %s here.", column->name,
                                   existing == NULL ? "not in the primary key" : "in the primary key as ",
                                   existing == NULL ? "" : existing, column->primary));
    }
}

/* Compares a column's clauses besides its type. */
static void compare_said(const struct looking *looking, const struct definition_column *column, const PGresult *result,
                         int row)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    compare_default(looking, column, pg_field(result, row, 3));
    if (column->unique && !pg_field_bool(result, row, 4)) {
        schema_differ(finding,
                      arena_printf(looking->place->arena, "the column \"%s\" is not unique there.", column->name));
    }
    if (column->primary != NULL) {
        compare_primary(looking, column, pg_field(result, row, 6));
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
        schema_differ(finding, arena_printf(looking->place->arena, "it has no column \"%s\".", column->name));
    } else if (is_known &&
               (!pg_field_bool(result, row, 1) || !same_modifiers(looking->place->arena, column, existing))) {
        schema_differ(finding, arena_printf(looking->place->arena, "the column \"%s\" is %s there, and %s%s here.",
                                            column->name, existing, column->type, modifiers));
    } else if (column->not_null && !pg_field_bool(result, row, 2)) {
        schema_differ(finding,
                      arena_printf(looking->place->arena, "the column \"%s\" may be NULL there.", column->name));
    } else if (!is_known) {
        not_compared(finding);
    }
    if (existing != NULL) {
        compare_said(looking, column, result, row);
    }
}

static void begin_columns(struct schema_finding *finding, struct text statement)
{
    if (finding->comparison != SCHEMA_DIFFERENT) {
        finding->comparison = definition_says_more(statement) ? SCHEMA_UNCOMPARED : SCHEMA_SAME;
    }
}

void schema_compare_columns(const struct looking *looking)
{
    struct definition_columns columns = {0};
    const struct script_objects *const found = looking->found;
    for (size_t i = 0; i < looking->findings->count; i++) {
        const size_t before = columns.count;
        if (looking->findings->items[i].exists) {
            definition_columns(looking->place->arena, &found->objects.items[i], i, found->statements[i], &columns);
        }
        if (columns.count > before) {
            begin_columns(&looking->findings->items[i], found->statements[i]);
        }
    }
    if (columns.count == 0) {
        return;
    }
    struct status unanswered = {.arena = looking->place->arena};
    PG_RESULT(result) = objects_columns(looking->place, &found->objects, &columns, &unanswered);
    for (size_t i = 0; i < columns.count; i++) {
        if (result == NULL) {
            not_compared(&looking->findings->items[columns.items[i].object]);
        } else {
            compare_column(looking, &columns.items[i], result, (int)i);
        }
    }
}
