/*
 * A statement that fails ends what is said of its table: the rows behind it would only repeat it.
 */
#include "migration/plan/foresee/made_rows.h"

#include "migration/plan/foresee/made_rules.h"
#include "migration/plan/foresee/rows.h"

#include <string.h>

#define SEVERAL    (-1)  /* tables were made under the name */
#define MOST_ROWS  5000  /* of one table */
#define MOST_CELLS 50000 /* of one plan */

/* ---- what is made ---- */

static void add_rule(struct needs *needs, struct needs_made *made, const struct sql_need *need)
{
    made->rules = arena_grow(needs->arena, made->rules, made->rule_count, &made->rule_capacity, sizeof *made->rules);
    made->rules[made->rule_count++] = (struct made_rule){.need = needs_kept(needs->arena, need)};
}

static void fill(struct needs_made *made, const char *columns)
{
    struct text rest = text_of(columns);
    for (struct text name; text_next_unit(&rest, &name);) {
        const size_t i = made_table_column(made, name);
        if (i < made->width) {
            made->columns[i].is.is_filled = true;
        }
    }
}

static void add_column(struct needs *needs, struct needs_made *made, const struct sql_made_column *column)
{
    struct arena *const arena = needs->arena;
    made->columns = arena_grow(arena, made->columns, made->width, &made->column_capacity, sizeof *made->columns);
    struct made_column *const added = &made->columns[made->width++];
    *added = (struct made_column){*column, 1};
    added->is.name = arena_strdup(arena, column->name);
    added->is.written = arena_strdup(arena, column->written);
    added->is.value.text = arena_strdup(arena, column->value.text);
}

void made_rows_note(struct needs *needs, const struct sql_made_table *table)
{
    struct arena *const arena = needs->arena;
    if (table == NULL) {
        return;
    }
    needs->made = arena_grow(arena, needs->made, needs->made_count, &needs->made_capacity, sizeof *needs->made);
    struct needs_made *const made = &needs->made[needs->made_count++];
    *made = (struct needs_made){.schema = arena_strdup(arena, table->schema),
                                .name = arena_strdup(arena, table->name),
                                .altered = needs_times_altered(needs, table->name),
                                .is_whole = true,
                                .is_lost =
                                    !table->is_plain || world_find(needs->world, table->schema, table->name) != NULL};
    for (size_t i = 0; i < table->count; i++) {
        add_column(needs, made, &table->parts[i]);
    }
    for (size_t i = 0; i < table->rule_count; i++) {
        add_rule(needs, made, &table->rules[i]);
    }
    fill(made, table->key);
    const bool is_first = word_set_number(&needs->made_numbers, table->name) == 0;
    word_set_put(arena, &needs->made_numbers, table->name, is_first ? (int)needs->made_count : SEVERAL);
}

/* ---- INSERT ---- */

static struct made_cell default_cell(struct needs *needs, struct made_column *column)
{
    const char *ignored = NULL;
    if (column->is.counts) {
        const struct sql_value number = {needs->may_have_counted ? SQL_VALUE_COMPUTED : SQL_VALUE_PLAIN,
                                         arena_printf(needs->arena, "%lld", column->next++)};
        return made_table_cell(needs, column, &number, &ignored);
    }
    return made_table_cell(needs, column, &column->is.value, &ignored);
}

/* Where in the statement's rows each column of the table is; their width: it is left out. False if one is not known. */
static bool find_places(const struct needs_made *made, const struct sql_written *written, size_t *places)
{
    struct text rest = text_of(written->columns);
    bool are = written->columns[0] != '\0' || written->width <= made->width;
    size_t i = 0;
    for (size_t column = 0; column < made->width; column++) {
        places[column] = written->columns[0] == '\0' && column < written->width ? column : written->width;
    }
    for (struct text name; are && text_next_unit(&rest, &name); i++) {
        const size_t column = made_table_column(made, name);
        are = column < made->width;
        if (are) {
            places[column] = i;
        }
    }
    return are;
}

/* Adds the rows; *why is set if a value is none of its type, or NULL where there must be one. */
static bool add_rows(struct needs *needs, struct needs_made *made, const struct sql_written *written, const char **why)
{
    struct arena *const arena = needs->arena;
    size_t *const places = arena_array(arena, made->width, sizeof *places);
    if (!find_places(made, written, places) || made->row_count + written->count > MOST_ROWS ||
        needs->cell_count > MOST_CELLS) {
        return false;
    }
    for (size_t i = 0; i < written->count; i++) {
        struct made_cell *const row = arena_array(arena, made->width, sizeof *row);
        made->rows = arena_grow(arena, made->rows, made->row_count, &made->row_capacity, sizeof(struct made_cell *));
        made->rows[made->row_count++] = row;
        needs->cell_count += made->width;
        for (size_t column = 0; column < made->width; column++) {
            const struct sql_value *const value =
                places[column] == written->width ? NULL : &written->values[i * written->width + places[column]];
            row[column] = value == NULL || value->kind == SQL_VALUE_DEFAULT
                              ? default_cell(needs, &made->columns[column])
                              : made_table_cell(needs, &made->columns[column], value, why);
            if (row[column].value.kind == SQL_VALUE_NULL && made->columns[column].is.is_filled) {
                *why = arena_printf(arena, "It gives NULL to \"%s\", which may not be NULL (23502).",
                                    made->columns[column].is.name);
            }
        }
    }
    return true;
}

/* The values of types that are not compared here: can they be read? */
static const char *why_unread(const struct holding *holding)
{
    struct needs *const needs = holding->needs;
    const struct needs_made *const made = holding->made;
    struct buffer columns = {.arena = needs->arena};
    const struct made_cell *const row = made->row_count > holding->from ? made->rows[holding->from] : NULL;
    for (size_t i = 0; row != NULL && i < made->width; i++) {
        if (row[i].value.kind != SQL_VALUE_COMPUTED && row[i].value.kind != SQL_VALUE_NULL && row[i].key == NULL &&
            made->columns[i].is.written != NULL) {
            buffer_printf(&columns, "%s%s", columns.size == 0 ? "" : "\x1F", made->columns[i].is.name);
        }
    }
    const char *const values = columns.size == 0 ? NULL : made_rules_values(holding, buffer_string(&columns));
    const char *state = NULL;
    if (values == NULL) {
        return NULL;
    }
    needs->written_count++;
    return rows_compute(needs, arena_printf(needs->arena, SQL_ANALYZED_SELECT "* FROM %s", values), &state) ==
                   ROWS_REFUSED
               ? arena_printf(needs->arena, "A value that it writes does not fit its column (%s).", state)
               : NULL;
}

/* Rows that may have been changed or deleted since. */
static void forget(struct needs_made *made)
{
    made->is_whole = false;
    made->row_count = 0;
    for (size_t i = 0; i < made->rule_count; i++) {
        made->rules[i].keys = (struct word_set){0};
        made->rules[i].has_unknown = false;
    }
}

static const char *insert(struct needs *needs, struct needs_made *made, const struct sql_written *written)
{
    if (needs->may_have_emptied) {
        forget(made);
    }
    const struct holding holding = {needs, made, made->row_count};
    const char *why = NULL;
    const bool is_kept = add_rows(needs, made, written, &why);
    why = why != NULL ? why : why_unread(&holding);
    for (size_t i = 0; !written->may_pass_over && why == NULL && is_kept && i < made->rule_count; i++) {
        why = made->rules[i].need.kind == SQL_NEED_PARENTS ? NULL : made_rules_why(&holding, i);
    }
    for (size_t i = 0; !written->may_pass_over && why == NULL && is_kept && i < made->rule_count; i++) {
        why = made->rules[i].need.kind == SQL_NEED_PARENTS ? made_rules_why(&holding, i) : NULL; /* behind own rows */
    }
    made->row_count = written->may_pass_over ? holding.from : made->row_count;
    made->is_whole = made->is_whole && is_kept && !written->may_pass_over && written->is_all;
    return why;
}

/* ---- other statements ---- */

static const char *why_null(const struct holding *holding)
{
    const struct needs_made *const made = holding->made;
    for (size_t i = holding->from; i < made->row_count; i++) {
        for (size_t column = 0; column < made->width; column++) {
            if (made->rows[i][column].value.kind == SQL_VALUE_NULL && made->columns[column].is.is_filled) {
                return arena_printf(holding->needs->arena, "Rows that the plan writes have NULL in \"%s\" (23502).",
                                    made->columns[column].is.name);
            }
        }
    }
    return NULL;
}

/* A new demand, of all rows. */
static const char *demand(struct needs *needs, const struct sql_need *need)
{
    struct needs_made *const made = made_table_find(needs, need->schema, need->name);
    const char *why = NULL;
    if (made == NULL) {
        return NULL;
    }
    const struct holding holding = {needs, made, needs->may_have_emptied ? made->row_count : 0};
    if (need->kind == SQL_NEED_NO_ROWS && made->row_count > holding.from) {
        return arena_printf(needs->arena,
                            "The plan writes rows to the table, for which the new column \"%s\" has no value and may "
                            "not be NULL (23502).",
                            need->part);
    }
    if (need->kind == SQL_NEED_NO_ROWS || need->kind == SQL_NEED_NO_NULLS ||
        (need->kind == SQL_NEED_NO_DUPLICATES && strcmp(need->types, "p") == 0)) {
        fill(made, need->part);
        why = why_null(&holding);
    }
    if (why == NULL && (need->kind == SQL_NEED_NO_DUPLICATES || need->kind == SQL_NEED_NO_EQUALS ||
                        need->kind == SQL_NEED_CHECKED || need->kind == SQL_NEED_PARENTS)) {
        add_rule(needs, made, need);
        why = made_rules_why(&holding, made->rule_count - 1);
    }
    return why;
}

/* A new column: the rows that are there get its DEFAULT. */
static void widen(struct needs *needs, struct needs_made *made, const struct sql_alter *alter)
{
    const struct sql_made_column column = {.name = alter->column,
                                           .written = alter->written,
                                           .value = {alter->is_empty ? SQL_VALUE_NULL : SQL_VALUE_COMPUTED, NULL}};
    add_column(needs, made, &column);
    for (size_t i = 0; i < made->row_count; i++) {
        struct made_cell *const row = arena_array(needs->arena, made->width, sizeof *row);
        memcpy(row, made->rows[i], (made->width - 1) * sizeof *row);
        row[made->width - 1] = (struct made_cell){column.value, NULL};
        made->rows[i] = row;
    }
}

/* Behind other changes, such as a DEFAULT that is set, it is not known what the next rows get. */
static void note_altered(struct needs *needs, const struct sql_alter *alter)
{
    struct needs_made *const made = made_table_find(needs, alter->schema, alter->name);
    if (made != NULL && alter->kind != SQL_ALTER_ADD) {
        made->is_lost = true;
    } else if (made != NULL && alter->column != NULL) {
        widen(needs, made, alter);
    }
}

static bool is_certain(const struct needs *needs)
{
    return !needs->has_cascaded && !needs->may_undo && !needs->has_unknown && !needs->has_set &&
           !needs->may_read_otherwise && !needs_mentioned(needs, "trigger") && !needs_mentioned(needs, "rule");
}

static const char *insert_to(struct needs *needs, const struct sql_effects *effects)
{
    const struct sql_written *const written = effects->written;
    const char *why = NULL;
    for (size_t i = 0; i < effects->touch_count; i++) {
        const struct sql_touch *const touch = &effects->touches[i];
        struct needs_made *const made =
            strcmp(touch->how, "r") == 0 ? NULL : made_table_find(needs, touch->schema, touch->name);
        const bool is_read = made != NULL && written != NULL && written->where == NULL &&
                             strcmp(touch->how, "i") == 0 && strcmp(written->name, touch->name) == 0;
        if (is_read) {
            why = insert(needs, made, written);
        } else if (made != NULL) {
            made->is_whole = false;
            needs->may_have_counted = true;
        }
        if (why != NULL) {
            made->is_lost = true;
            return why;
        }
    }
    return NULL;
}

/* Does it drop something that the plan has made and that is no such table? That may be an index of one. */
static void note_dropped(struct needs *needs, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->change_count; i++) {
        const struct sql_change *const change = &effects->changes[i];
        const struct relation *const gone =
            change->kind == SQL_CHANGE_DROPS ? world_find(needs->world, change->schema, change->name) : NULL;
        const bool is_index = gone != NULL && gone->oid == 0 && !word_set_has(&needs->made_numbers, change->name);
        for (size_t k = 0; is_index && k < needs->made_count; k++) {
            needs->made[k].is_lost = true;
        }
    }
}

const char *made_rows_why(struct needs *needs, const struct sql_effects *effects)
{
    const char *why = NULL;
    if (needs->made_count == 0 || !is_certain(needs)) {
        return NULL;
    }
    note_dropped(needs, effects);
    for (size_t i = 0; i < effects->alter_count; i++) {
        note_altered(needs, &effects->alters[i]);
    }
    for (size_t i = 0; why == NULL && i < effects->need_count; i++) {
        why = effects->needs[i].promised == NULL ? demand(needs, &effects->needs[i]) : NULL;
    }
    return why != NULL ? why : insert_to(needs, effects);
}
