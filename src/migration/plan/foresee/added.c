/*
 * Without an UPDATE, which ends all that is known of rows, a new column keeps the value of its DEFAULT in the rows that
 * were there, whatever becomes of the DEFAULT.
 */
#include "migration/plan/foresee/added.h"

#include "migration/plan/foresee/added_columns.h"
#include "migration/plan/foresee/rows.h"
#include "sql/types.h"

#include <string.h>

/* Can the value be known to suit its type without asking? */
static bool is_plain(const struct sql_alter *alter, const struct sql_type *type)
{
    const char *const value = alter->value;
    const bool is_small = strlen(value) <= 4 && strspn(value, "0123456789") == strlen(value);
    return strcmp(value, "NULL") == 0 || (type_is_one_of(type, "text") && alter->reads[0] == '\0') ||
           (is_small && type_is_one_of(type, "int2 int4 int8 float8") && alter->reads[0] == '\0') ||
           (type_is_one_of(type, "bool") && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0));
}

/* Are the columns that the value reads as they are in the catalogs? */
static bool reads_known(struct needs *needs, const struct sql_alter *alter, const struct relation *relation)
{
    struct row_columns columns;
    return alter->reads[0] == '\0' ||
           (!needs_altered_any(needs, alter->reads) && rows_columns(needs, relation, alter->reads, &columns));
}

static const char *why_not_computed(struct needs *needs, const struct sql_alter *alter, const char *value,
                                    const char *table)
{
    const bool is_of_rows = alter->reads[0] != '\0';
    struct arena *const arena = needs->arena;
    const char *state;
    const enum rows_answer answer =
        rows_compute(needs,
                     is_of_rows ? arena_printf(arena, SQL_ANALYZED_SELECT "pg_catalog.count(%s) FROM %s", value, table)
                                : arena_printf(arena, SQL_ANALYZED_SELECT "%s", value),
                     &state);
    return answer != ROWS_REFUSED ? NULL
           : is_of_rows
               ? arena_printf(arena, "\"%s\" cannot be computed for rows of the table: correct them first (%s).",
                              alter->column, state)
               : arena_printf(arena, "The DEFAULT of \"%s\" is no value of its type (%s).", alter->column, state);
}

static const char *note(struct needs *needs, const struct sql_alter *alter)
{
    const struct relation *relation;
    const char *const table =
        alter->kind != SQL_ALTER_ADD || alter->value == NULL || alter->written == NULL || alter->column == NULL
            ? NULL
            : rows_readable(needs, alter->schema, alter->name, &relation);
    if (table == NULL || rows_reads_otherwise(needs, alter->written) || !reads_known(needs, alter, relation)) {
        return NULL;
    }
    const struct sql_type type = type_of_text(alter->written);
    const char *const value = rows_assigned(needs->arena, alter->value, alter->written);
    needs->added =
        arena_grow(needs->arena, needs->added, needs->added_count, &needs->added_capacity, sizeof *needs->added);
    needs->added[needs->added_count++] =
        (struct needs_added){relation, arena_strdup(needs->arena, alter->column), value};
    return is_plain(alter, &type) ? NULL : why_not_computed(needs, alter, value, table);
}

const char *added_note(struct needs *needs, const struct sql_effects *effects)
{
    const char *why = NULL;
    for (size_t i = 0; i < effects->alter_count; i++) {
        const char *const one = note(needs, &effects->alters[i]);
        why = why == NULL ? one : why;
    }
    return why;
}
