/*
 * Types are compared by the server, which knows the names; expressions by their words and parse trees.
 */
#include "migration/look/schema_columns.h"

#include "migration/look/definition_kinds.h"
#include "migration/look/definition_meaning.h"
#include "migration/look/definition_more.h"
#include "migration/look/definition_words.h"
#include "pg/values.h"
#include "sql/take.h"

#include <string.h>

void schema_differ(struct schema_finding *finding, const char *difference)
{
    finding->only_adds = false;
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

void schema_not_compared(struct schema_finding *finding)
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

/* What the script does not say of a column, but is there: NOT NULL, a default. Another statement of the script may have
 * done it (ALTER COLUMN): then it is not known. */
static void differ_by_addition(const struct looking *looking, const struct definition_column *column, const char *what)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const bool is_first = finding->comparison != SCHEMA_DIFFERENT || finding->only_adds;
    if (looking->found->alters_columns) {
        schema_not_compared(finding);
    } else {
        schema_differ(finding, arena_printf(looking->place->arena, "the column \"%s\" %s.", column->name, what));
        finding->only_adds = is_first;
    }
}

static void compare_serial(const struct looking *looking, const struct definition_column *column, const char *existing,
                           const char *sequence)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const bool has_default = existing != NULL && text_starts_with(text_of(existing), "nextval(");
    if (!has_default) {
        schema_differ(finding, arena_printf(looking->place->arena,
                                            "the column \"%s\" has no default from a sequence there.", column->name));
    } else if (sequence == NULL) {
        schema_differ(finding,
                      arena_printf(looking->place->arena,
                                   "the sequence of the column \"%s\" does not belong to it there.", column->name));
    }
}

/* A number or true and false in quotes on one side only: '1.50' for a numeric, and the server's '-1'. */
static bool is_same_constant(struct arena *arena, const struct words *said, const struct words *there)
{
    const bool is_negative = said->count == 2 && strcmp(said->items[0], "-") == 0;
    const char *const one = is_negative ? arena_printf(arena, "-%s", said->items[1]) : said->items[0];
    return there->count == 1 && (said->count == 1 || is_negative) && (one[0] == '\'') != (there->items[0][0] == '\'') &&
           strcmp(one + (one[0] == '\'' ? 1 : 0), there->items[0] + (there->items[0][0] == '\'' ? 1 : 0)) == 0;
}

/* nextval() of a sequence that the script names with its schema. existing: schema and name of the default's one. */
static bool is_same_sequence(struct arena *arena, const struct words *said, const char *schema, const char *name)
{
    if (said->count != 2 || strcmp(said->items[0], "nextval") != 0 || said->items[1][0] != '\'' || name == NULL) {
        return false;
    }
    struct sql_reader reader = sql_read(text_of(said->items[1] + 1));
    const char *said_schema = NULL;
    const char *const said_name = sql_take_name(arena, &reader, &said_schema);
    return said_name != NULL && said_schema != NULL && strcmp(said_name, name) == 0 && strcmp(said_schema, schema) == 0;
}

/* A default written differently may be the same. */
static void compare_default(const struct looking *looking, const struct definition_column *column,
                            const PGresult *result, int row)
{
    const char *const existing = pg_field_copy(looking->place->arena, result, row, 3);
    const bool strings_are_exact = pg_field_bool(result, row, 12);
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const struct words said = default_words(arena, column->standard);
    const struct words there = default_words(arena, text_of(existing));
    if (said.count == 0) {
        if (there.count > 0) {
            differ_by_addition(looking, column,
                               arena_printf(arena, "has the default %s there, and none here", existing));
        }
        return;
    }
    if (there.count == 0) {
        schema_differ(finding, arena_printf(arena, "the column \"%s\" has no default there.", column->name));
        return;
    }
    const bool is_same = is_same_constant(arena, &said, &there) ||
                         is_same_sequence(arena, &said, pg_field(result, row, 13), pg_field(result, row, 14)) ||
                         (definition_words_equal(&said, &there) && is_same_default(arena, &said, column, existing));
    if (!is_same && definition_expression_differs(arena, column->standard, existing, strings_are_exact)) {
        schema_differ(finding,
                      arena_printf(arena, "the default of the column \"%s\" is %s there.", column->name, existing));
    } else if (!is_same) {
        schema_not_compared(finding);
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
        schema_not_compared(finding);
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

/* The options of an identity's sequence, which has the type of the column. */
static void compare_sequence(const struct looking *looking, const struct definition_column *column, const char *name,
                             const char *existing)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const size_t blank = existing == NULL ? SIZE_MAX : text_find(text_of(existing), " ", 0);
    if (name == NULL || blank == SIZE_MAX) {
        schema_not_compared(finding);
        return;
    }
    const char *const options = arena_printf(arena, "AS %.*s %.*s", (int)blank, existing, (int)column->sequence.size,
                                             column->sequence.data == NULL ? "" : column->sequence.data);
    struct sql_reader reader = sql_read(column->sequence);
    const bool is_named = sql_skip_to(&reader, "sequence") && sql_take(&reader, "name");
    const char *const said = is_named ? sql_take_name(arena, &reader, NULL) : NULL;
    if (said != NULL && strcmp(said, name) != 0) {
        schema_differ(finding,
                      arena_printf(arena, "the sequence of the column \"%s\" is \"%s\" there.", column->name, name));
    } else if (definition_compare_sequence(arena, text_of(options), existing) != DEFINITION_SAME) {
        schema_differ(finding, arena_printf(arena,
                                            "the sequence of the column \"%s\" is another one there: %s (type, "
                                            "increment, minimum, maximum, start, cache, cycle).",
                                            column->name, existing));
    }
}

static const char *how_made(const char *identity, const char *generated)
{
    return identity[0] == 'a'    ? "GENERATED ALWAYS AS IDENTITY"
           : identity[0] == 'd'  ? "GENERATED BY DEFAULT AS IDENTITY"
           : generated[0] == 's' ? "GENERATED and STORED"
           : generated[0] == 'v' ? "GENERATED and VIRTUAL"
                                 : "neither generated nor an identity";
}

static void compare_generated(const struct looking *looking, const struct definition_column *column,
                              const char *existing)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    if (definition_expression_differs(arena, column->generated, existing, false)) {
        schema_differ(finding,
                      arena_printf(arena, "the column \"%s\" is generated as %s there.", column->name, existing));
    } else if (!definition_expression_same(arena, column->generated, existing)) {
        schema_not_compared(finding);
    }
}

/* IDENTITY and GENERATED; what PostgreSQL makes by itself is no default. */
static void compare_made(const struct looking *looking, const struct definition_column *column, const PGresult *result,
                         int row)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[column->object];
    const char *const identity = pg_field_copy(arena, result, row, 7);
    const char *const generated = pg_field_copy(arena, result, row, 8);
    const char said_identity[] = {column->identity, '\0'};
    const char said_generated[] = {column->generation, '\0'};
    if (identity[0] != said_identity[0] || generated[0] != said_generated[0]) {
        schema_differ(finding, arena_printf(arena, "the column \"%s\" is %s there, and %s here.", column->name,
                                            how_made(identity, generated), how_made(said_identity, said_generated)));
    } else if (column->identity != 0) {
        compare_sequence(looking, column, pg_field(result, row, 10), pg_field(result, row, 11));
    } else if (column->generation != 0) {
        compare_generated(looking, column, pg_field_copy(arena, result, row, 3));
    } else if (column->is_serial) {
        compare_serial(looking, column, pg_field(result, row, 3), pg_field(result, row, 10));
    } else {
        compare_default(looking, column, result, row);
    }
}

static void compare_collation(const struct looking *looking, const struct definition_column *column,
                              const char *existing)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    if (existing == NULL && column->collation != NULL) {
        schema_not_compared(finding); /* it may be the type's own */
    } else if (existing != NULL && (column->collation == NULL || strcmp(existing, column->collation) != 0)) {
        schema_differ(finding, arena_printf(looking->place->arena, "the column \"%s\" has the collation \"%s\" there.",
                                            column->name, existing));
    }
}

/* Compares a column's clauses besides its type. */
static void compare_said(const struct looking *looking, const struct definition_column *column, const PGresult *result,
                         int row)
{
    struct schema_finding *const finding = &looking->findings->items[column->object];
    compare_made(looking, column, result, row);
    compare_collation(looking, column, pg_field(result, row, 9));
    const char *const sequence = pg_field(result, row, 10);
    if (column->owned != NULL && (sequence == NULL || strcmp(sequence, column->owned) != 0)) {
        schema_differ(finding, arena_printf(looking->place->arena,
                                            "the sequence \"%s\" does not belong to the column \"%s\" there.",
                                            column->owned, column->name));
    }
    const bool is_nullable = !column->not_null && !column->is_serial && column->identity == 0;
    if (is_nullable && pg_field_bool(result, row, 2) && pg_field(result, row, 6) == NULL) {
        differ_by_addition(looking, column, "is NOT NULL there, and may be NULL here");
    }
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
        schema_not_compared(finding);
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

void schema_read_columns(const struct looking *looking, struct definition_columns *columns)
{
    struct arena *const arena = looking->place->arena;
    struct script_objects *const found = looking->found;
    for (size_t i = 0; i < looking->findings->count; i++) {
        const size_t before = columns->count;
        if (looking->findings->items[i].exists) {
            definition_columns(arena, &found->objects.items[i], i, found->statements[i], columns);
        }
        if (columns->count > before) {
            begin_columns(&looking->findings->items[i], found->statements[i]);
        }
    }
    for (size_t i = 0; i < found->alteration_count; i++) {
        if (!definition_alter_column(arena, found->alterations[i], &found->objects, columns)) {
            found->alters_columns = true;
            schema_note_unjudged(arena, found->alterations[i], looking->findings);
        }
    }
}

void schema_compare_columns(const struct looking *looking, const struct definition_columns *columns)
{
    if (columns->count == 0) {
        return;
    }
    schema_compare_constraints(looking, columns);
    struct status unanswered = {.arena = looking->place->arena};
    PG_RESULT(result) = objects_columns(looking->place, &looking->found->objects, columns, &unanswered);
    for (size_t i = 0; i < columns->count; i++) {
        if (result == NULL) {
            schema_not_compared(&looking->findings->items[columns->items[i].object]);
        } else {
            compare_column(looking, &columns->items[i], result, (int)i);
        }
    }
}
