/*
 * The constraints in the lists of a script's tables beside those that exist: by names and definitions.
 */
#include "migration/look/schema_columns.h"

#include "migration/look/definitions.h"
#include "pg/values.h"

#include <string.h>

#define SHOWN 80 /* characters of a constraint without a name */

/* The constraints of one table, in the result. */
struct range {
    const PGresult *result;
    int begin;
    int end;
};

/* Objects come in the order of their numbers, and so do clauses. */
static struct range range_of(const PGresult *result, int begin, size_t object)
{
    struct range range = {result, begin, begin};
    while (range.begin < PQntuples(result) && pg_field_int(result, range.begin, 0, 0) < (int64_t)object + 1) {
        range.begin++;
    }
    range.end = range.begin;
    while (range.end < PQntuples(result) && pg_field_int(result, range.end, 0, 0) == (int64_t)object + 1) {
        range.end++;
    }
    return range;
}

static void compare_named(const struct looking *looking, const struct definition_clause *clause,
                          const struct range *range)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[clause->object];
    int row = range->begin;
    while (row < range->end && strcmp(pg_field(range->result, row, 1), clause->name) != 0) {
        row++;
    }
    if (row == range->end) {
        schema_differ(finding, arena_printf(arena, "it has no constraint \"%s\".", clause->name));
        return;
    }
    const char *const existing = pg_field_copy(arena, range->result, row, 2);
    const enum definition_match match = definition_compare_clause(arena, clause->text, existing);
    if (!pg_field_bool(range->result, row, 3) || match == DEFINITION_DIFFERENT) {
        schema_differ(finding,
                      arena_printf(arena, "the constraint \"%s\" is another one there: %s.", clause->name, existing));
    } else if (match == DEFINITION_UNKNOWN) {
        schema_not_compared(finding);
    }
}

static void compare_unnamed(const struct looking *looking, const struct definition_clause *clause,
                            const struct range *range)
{
    struct arena *const arena = looking->place->arena;
    struct schema_finding *const finding = &looking->findings->items[clause->object];
    bool is_known = true;
    for (int row = range->begin; row < range->end; row++) {
        const char *const existing = pg_field(range->result, row, 2);
        const enum definition_match match = definition_compare_clause(arena, clause->text, existing);
        if (match == DEFINITION_SAME && pg_field_bool(range->result, row, 3)) {
            return;
        }
        is_known = is_known && match == DEFINITION_DIFFERENT;
    }
    if (is_known) {
        const size_t size = text_byte_of_character(clause->text, SHOWN + 1);
        schema_differ(finding, arena_printf(arena, "it has no %.*s%s.", (int)size, clause->text.data,
                                            size < clause->text.size ? "\xE2\x80\xA6" : ""));
    } else {
        schema_not_compared(finding);
    }
}

void schema_compare_constraints(const struct looking *looking, const struct definition_columns *columns)
{
    if (columns->clause_count == 0) {
        return;
    }
    struct status unanswered = {.arena = looking->place->arena};
    PG_RESULT(result) = objects_constraints(looking->place, &looking->found->objects, columns, &unanswered);
    struct range range = {result, 0, 0};
    for (size_t i = 0; i < columns->clause_count; i++) {
        const struct definition_clause *const clause = &columns->clauses[i];
        if (result == NULL) {
            schema_not_compared(&looking->findings->items[clause->object]);
            continue;
        }
        range = range_of(result, range.begin, clause->object);
        if (clause->name != NULL) {
            compare_named(looking, clause, &range);
        } else {
            compare_unnamed(looking, clause, &range);
        }
    }
}
