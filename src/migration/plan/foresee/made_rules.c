/*
 * Keys are compared here; a CHECK, an index over expressions and a table that was there before are the server's.
 */
#include "migration/plan/foresee/made_rules.h"

#include "migration/plan/foresee/rows.h"
#include "pg/values.h"
#include "sql/types.h"

#include <string.h>

#define MOST_LOOKS 50 /* of one plan, as for other rows that are written */

static const char *listed(struct arena *arena, const char *columns)
{
    struct buffer list = {.arena = arena};
    struct text rest = text_of(columns);
    for (struct text name; text_next_unit(&rest, &name);) {
        buffer_printf(&list, "%s\"%.*s\"", list.size == 0 ? "" : ", ", (int)name.size, name.data);
    }
    return buffer_string(&list);
}

/* rule: its number. */
static const char *why_equal(const struct holding *holding, size_t rule)
{
    struct needs *const needs = holding->needs;
    struct needs_made *const made = holding->made;
    struct made_rule *const unique = &made->rules[rule];
    const char *why = NULL;
    for (size_t i = holding->from; i < made->row_count; i++) {
        bool has_null;
        const char *const key = made_table_key(needs, made, made->rows[i], unique->need.part, &has_null);
        if (key != NULL && word_set_has(&unique->keys, key)) {
            why = arena_printf(needs->arena, "Rows that the plan writes have the same %s, which is unique (23505).",
                               listed(needs->arena, unique->need.part));
        }
        if (key != NULL) {
            word_set_add(needs->arena, &unique->keys, key);
        }
        unique->has_unknown = unique->has_unknown || (key == NULL && !has_null);
    }
    return why;
}

/* The rule of the parent that makes the columns ("": its primary key) unique; NULL: there is none. */
static const struct made_rule *key_rule(const struct needs_made *parent, const char *columns)
{
    for (size_t i = 0; i < parent->rule_count; i++) {
        const struct sql_need *const need = &parent->rules[i].need;
        if (need->kind == SQL_NEED_NO_DUPLICATES &&
            (columns[0] == '\0' ? strcmp(need->types, "p") == 0 : strcmp(need->part, columns) == 0)) {
            return &parent->rules[i];
        }
    }
    return NULL;
}

static bool is_integer(const char *written)
{
    const struct sql_type type = type_of_text(written);
    return type_is_one_of(&type, "int2 int4 int8");
}

/* Do equal values of the two have equal keys? */
static bool is_of_types(const struct needs_made *made, const char *columns, const struct needs_made *parent,
                        const char *others)
{
    struct text rest = text_of(columns);
    struct text other = text_of(others);
    bool are = true;
    for (struct text name, referred; are && text_next_unit(&rest, &name) && text_next_unit(&other, &referred);) {
        const size_t i = made_table_column(made, name);
        const size_t j = made_table_column(parent, referred);
        const char *const own = i == made->width ? NULL : made->columns[i].is.written;
        const char *const its = j == parent->width ? NULL : parent->columns[j].is.written;
        are = own != NULL && its != NULL && (strcmp(own, its) == 0 || (is_integer(own) && is_integer(its)));
    }
    return are;
}

/* A key to a table of the plan: the rows of that are compared here. */
static const char *why_alone(const struct holding *holding, const struct sql_need *need,
                             const struct needs_made *parent)
{
    struct needs *const needs = holding->needs;
    struct needs_made *const made = holding->made;
    const struct made_rule *const unique = key_rule(parent, need->types);
    if (unique == NULL || unique->has_unknown || !parent->is_whole || needs->may_have_emptied ||
        !is_of_types(made, need->part, parent, unique->need.part)) {
        return NULL;
    }
    for (size_t i = holding->from; i < made->row_count; i++) {
        bool has_null;
        const char *const key = made_table_key(needs, made, made->rows[i], need->part, &has_null);
        if (key != NULL && !word_set_has(&unique->keys, key)) {
            return arena_printf(needs->arena, "\"%s\" has no row for its %s (23503).", parent->name,
                                listed(needs->arena, need->part));
        }
    }
    return NULL;
}

const char *made_rules_values(const struct holding *holding, const char *columns)
{
    struct needs_made *const made = holding->made;
    if (holding->needs->written_count >= MOST_LOOKS || holding->from == made->row_count) {
        return NULL;
    }
    return made_table_values(holding->needs, made, made->rows + holding->from, made->row_count - holding->from,
                             columns);
}

/* A key of one column to a table that was there before. */
static const char *why_orphan(const struct holding *holding, const struct sql_need *need)
{
    struct needs *const needs = holding->needs;
    struct arena *const arena = needs->arena;
    const struct relation *parent;
    struct row_columns referred;
    const char *const table = strchr(need->part, '\x1F') != NULL || needs_took(needs, need->was)
                                  ? NULL
                                  : rows_readable(needs, need->was_schema, need->was, &parent);
    const char *const column = table == NULL            ? NULL
                               : need->types[0] != '\0' ? need->types
                                                        : rows_primary_key(needs, parent);
    const char *const values =
        column == NULL || needs_altered_any(needs, column) ? NULL : made_rules_values(holding, need->part);
    struct buffer own = {.arena = arena};
    pg_quote_identifier(&own, need->part);
    if (values == NULL || !rows_columns(needs, parent, column, &referred)) {
        return NULL;
    }
    needs->written_count++;
    return rows_find(needs,
                     arena_printf(arena,
                                  "SELECT FROM (SELECT * FROM %s) c WHERE c.%s IS NOT NULL AND NOT EXISTS (SELECT FROM "
                                  "%s p WHERE p.%s = c.%s) LIMIT 1",
                                  values, buffer_string(&own), rows_own(arena, parent, table), referred.list,
                                  buffer_string(&own))) == ROWS_FOUND
               ? arena_printf(arena, "\"%s\" has no row for its %s (23503).", need->was, listed(arena, need->part))
               : NULL;
}

static const char *why_unchecked(const struct holding *holding, const struct sql_need *need)
{
    struct needs *const needs = holding->needs;
    struct arena *const arena = needs->arena;
    const char *const values = made_rules_values(holding, need->part);
    if (values == NULL) {
        return NULL;
    }
    needs->written_count++;
    return rows_find(needs, arena_printf(arena, "SELECT FROM %s WHERE NOT (%s) LIMIT 1", values, need->types)) ==
                   ROWS_FOUND
               ? arena_printf(arena, "A row that the plan writes is against the CHECK %s (23514).", need->types)
               : NULL;
}

/* A unique index over expressions, or of some rows: all rows are compared. */
static const char *why_same(const struct holding *holding, const struct sql_need *need)
{
    struct needs *const needs = holding->needs;
    const struct holding all = {needs, holding->made, needs->may_have_emptied ? holding->from : 0};
    const char *const values = made_rules_values(&all, need->part);
    if (values == NULL) {
        return NULL;
    }
    needs->written_count++;
    return rows_find(needs, arena_printf(needs->arena,
                                         "SELECT FROM %s WHERE (%s) AND (%spg_catalog.num_nulls(%s) = 0) GROUP BY %s "
                                         "HAVING pg_catalog.count(*) > 1 LIMIT 1",
                                         values, need->was == NULL ? "true" : need->was,
                                         need->is_null_equal ? "true OR " : "", need->types, need->types)) == ROWS_FOUND
               ? arena_printf(needs->arena, "Rows that the plan writes have the same %s, which is unique (23505).",
                              need->types)
               : NULL;
}

const char *made_rules_why(const struct holding *holding, size_t rule)
{
    struct needs *const needs = holding->needs;
    const struct sql_need *const need = &holding->made->rules[rule].need;
    const char *why = NULL;
    if (need->kind == SQL_NEED_NO_DUPLICATES && !need->is_deferrable) {
        why = why_equal(holding, rule);
    } else if (need->kind == SQL_NEED_NO_EQUALS) {
        why = why_same(holding, need);
    } else if (need->kind == SQL_NEED_CHECKED && need->promised == NULL) {
        why = why_unchecked(holding, need);
    } else if (need->kind == SQL_NEED_PARENTS && !need->is_deferrable && !needs->may_pass_keys) {
        const struct needs_made *const parent = made_table_find(needs, need->was_schema, need->was);
        const struct relation *const there =
            parent != NULL ? NULL : world_find(needs->world, need->was_schema, need->was);
        why = parent != NULL                     ? why_alone(holding, need, parent)
              : there != NULL && there->oid != 0 ? why_orphan(holding, need)
                                                 : NULL;
    }
    return why;
}
