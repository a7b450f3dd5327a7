/*
 * One query over the rows for each need. A table that cannot be read quickly says nothing.
 */
#include "migration/plan/foresee/violated.h"

#include "migration/plan/foresee/added.h"
#include "migration/plan/foresee/added_columns.h"
#include "migration/plan/foresee/rows.h"
#include "pg/values.h"
#include "sql/effects.h"
#include "sql/lexer.h"

#include <string.h>

/* A need, and the table that it is about. */
struct looking {
    struct needs *needs;
    const struct sql_need *need;
    const struct relation *relation;
    const char *table; /* its name for our session */
    struct row_columns columns;
    const char *validated; /* the constraint that is validated; NULL: another one is added */
};

static bool finds(const struct looking *looking, const char *sql)
{
    return rows_find(looking->needs, sql) == ROWS_FOUND;
}

/* A NOT NULL column without a value requires an empty table. */
static const char *why_not_empty(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    return !finds(looking, arena_printf(arena, "SELECT FROM %s t LIMIT 1", looking->table))
               ? NULL
               : arena_printf(arena,
                              "The table has rows, for which the new column \"%s\" has no value and may not be NULL: "
                              "give it a DEFAULT, or make it NOT NULL when it is filled (23502).",
                              looking->need->part);
}

static const char *why_null(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    return !finds(looking, arena_printf(arena, "SELECT FROM %s t WHERE NOT (%s) LIMIT 1", looking->table,
                                        looking->columns.present))
               ? NULL
               : arena_printf(arena, "Rows of the table have NULL in %s: fill them first (23502).",
                              looking->columns.list);
}

static const char *why_equal(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const char *const why = strcmp(looking->need->types, "p") == 0 ? why_null(looking) : NULL;
    if (why != NULL ||
        !finds(looking,
               arena_printf(arena, "SELECT FROM %s t WHERE %s GROUP BY %s HAVING pg_catalog.count(*) > 1 LIMIT 1",
                            looking->table, looking->need->is_null_equal ? "true" : looking->columns.present,
                            looking->columns.list))) {
        return why;
    }
    return arena_printf(arena, "Several rows of the table have the same %s: it cannot be unique (23505).",
                        looking->columns.list);
}

static const char *why_same(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const struct sql_need *const need = looking->need;
    const bool is_partial = need->was != NULL;
    const char *state;
    const enum rows_answer answer =
        rows_compute(looking->needs,
                     arena_printf(arena,
                                  "SELECT FROM %s t WHERE (%s) AND (%spg_catalog.num_nulls(%s) = 0) GROUP BY %s HAVING "
                                  "pg_catalog.count(*) > 1 LIMIT 1",
                                  looking->table, is_partial ? need->was : "true",
                                  need->is_null_equal ? "true OR " : "", need->types, need->types),
                     &state);
    return answer == ROWS_FOUND
               ? arena_printf(arena, "Several rows of the table have the same %s%s%s: it cannot be unique (23505).",
                              need->types, is_partial ? " where " : "", is_partial ? need->was : "")
           : answer == ROWS_REFUSED && !is_partial /* the others may be computed for rows that are left out */
               ? arena_printf(arena, "The index cannot be computed for rows of the table: correct them first (%s).",
                              state)
               : NULL;
}

static const char *why_unchecked(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const char *state;
    const enum rows_answer answer = rows_compute(
        looking->needs,
        arena_printf(arena, "SELECT FROM %s t WHERE NOT %s LIMIT 1", looking->table, looking->need->types), &state);
    return answer == ROWS_FOUND && looking->validated != NULL
               ? arena_printf(arena, "Rows of the table are against \"%s\": correct them first (23514).",
                              looking->validated)
           : answer == ROWS_FOUND
               ? "Rows of the table are against the CHECK: correct them first, or add it NOT VALID, for "
                 "new rows only (23514)."
           : answer == ROWS_REFUSED
               ? arena_printf(arena, "The CHECK cannot be computed for rows of the table: correct them first (%s).",
                              state)
               : NULL;
}

/* A primary key may be another one, if the plan has dropped something of its table. */
static const char *referenced_columns(const struct looking *looking, const struct relation *parent)
{
    if (looking->need->types[0] != '\0' || needs_took(looking->needs, looking->need->was)) {
        return looking->need->types[0] == '\0' ? NULL : looking->need->types;
    }
    return rows_primary_key(looking->needs, parent);
}

static const char *why_half(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const size_t count = text_count(text_of(looking->need->part), "\x1F");
    return !looking->need->is_full || count == 0 ||
                   !finds(looking,
                          arena_printf(arena,
                                       "SELECT FROM %s t WHERE pg_catalog.num_nulls(%s) BETWEEN 1 AND %zu LIMIT 1",
                                       looking->table, looking->columns.list, count))
               ? NULL
               : arena_printf(arena,
                              "Rows of the table have NULL in some of %s and not in all, which MATCH FULL forbids: "
                              "correct them first (23503).",
                              looking->columns.list);
}

static const char *why_orphan(const struct looking *looking)
{
    struct needs *const needs = looking->needs;
    struct arena *const arena = needs->arena;
    const struct relation *parent;
    const char *const table = rows_readable(needs, looking->need->was_schema, looking->need->was, &parent);
    const char *const referenced = table == NULL ? NULL : referenced_columns(looking, parent);
    const char *const condition =
        referenced == NULL ? NULL : rows_joined(needs, looking->relation, looking->need->part, parent, referenced);
    const char *const half = why_half(looking);
    return half != NULL ? half
           : condition == NULL ||
                   !finds(looking,
                          arena_printf(arena,
                                       "SELECT FROM %s c WHERE (%s) AND NOT EXISTS (SELECT FROM %s p WHERE %s) "
                                       "LIMIT 1",
                                       looking->table, looking->columns.present, rows_own(arena, parent, table),
                                       condition))
               ? NULL
               : arena_printf(
                     arena,
                     "Rows of the table have a %s that is not in \"%s\": correct or delete them first%s (23503).",
                     looking->columns.list, looking->need->was,
                     looking->validated != NULL ? "" : ", or add the key NOT VALID, for new rows only");
}

/* "a.r OPERATOR(pg_catalog.&&) b.r AND …"; NULL if a column is not plain. */
static const char *excluding(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    struct buffer condition = {.arena = arena};
    struct row_columns column;
    struct text names = text_of(looking->need->part);
    struct text signs = text_of(looking->need->types);
    for (struct text name; text_next_unit(&names, &name);) {
        struct text sign = text_of("");
        text_next_unit(&signs, &sign);
        if (!rows_columns(looking->needs, looking->relation, arena_strndup(arena, name.data, name.size), &column) ||
            strspn(sign.data, "+-*/<>=~!@#%^&|`?") != sign.size) {
            return NULL;
        }
        buffer_printf(&condition, " AND a.%s OPERATOR(pg_catalog.%.*s) b.%s", column.list, (int)sign.size, sign.data,
                      column.list);
    }
    return buffer_string(&condition);
}

static const char *why_together(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const char *const condition = excluding(looking);
    return condition == NULL ||
                   !finds(looking, arena_printf(arena,
                                                "SELECT FROM %s a JOIN %s b ON (a.tableoid, a.ctid) < (b.tableoid, "
                                                "b.ctid)%s LIMIT 1",
                                                looking->table, looking->table, condition))
               ? NULL
               : arena_printf(arena, "Rows of the table exclude each other in %s: correct them first (23P01).",
                              looking->columns.list);
}

static const char *why_invalid(const struct looking *looking);

static const struct {
    enum sql_need_kind kind;
    const char *(*why)(const struct looking *looking);
} kinds[] = {
    {SQL_NEED_NO_ROWS, why_not_empty}, {SQL_NEED_NO_NULLS, why_null},  {SQL_NEED_NO_DUPLICATES, why_equal},
    {SQL_NEED_CHECKED, why_unchecked}, {SQL_NEED_PARENTS, why_orphan}, {SQL_NEED_APART, why_together},
    {SQL_NEED_VALID, why_invalid},     {SQL_NEED_NO_EQUALS, why_same},
};

/* Has the plan added one of the need's columns, without a value for the rows that are there? */
static const char *added_empty(const struct looking *looking)
{
    const struct needs *const needs = looking->needs;
    struct text rest = text_of(looking->need->part);
    const char *found = NULL;
    for (struct text name; found == NULL && text_next_unit(&rest, &name);) {
        for (size_t i = 0; found == NULL && i < needs->promise_count; i++) {
            const struct sql_need *const one = &needs->promises[i];
            found = one->kind == SQL_NEED_NO_ROWS && text_is(name, one->part) &&
                            world_find(needs->world, one->schema, one->name) == looking->relation
                        ? one->part
                        : NULL;
        }
    }
    return found;
}

static const char *why_new_null(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    const bool asks = looking->need->kind == SQL_NEED_NO_NULLS ||
                      (looking->need->kind == SQL_NEED_NO_DUPLICATES && strcmp(looking->need->types, "p") == 0);
    const char *const column = asks ? added_empty(looking) : NULL;
    return column == NULL || !finds(looking, arena_printf(arena, "SELECT FROM %s t LIMIT 1", looking->table))
               ? NULL
               : arena_printf(arena,
                              "The table has rows, in which the new column \"%s\" is NULL: fill them first (23502).",
                              column);
}

/* The table's name, with ONLY if its children do not count: an index, and a foreign key, are of one table, or of one
 * that is partitioned. NULL: not known. */
static const char *rows_of(struct needs *needs, const struct sql_need *need, const struct relation **relation)
{
    const bool is_single = need->kind == SQL_NEED_NO_DUPLICATES || need->kind == SQL_NEED_NO_EQUALS ||
                           need->kind == SQL_NEED_APART || need->kind == SQL_NEED_PARENTS;
    const char *const table = rows_readable(needs, need->schema, need->name, relation);
    const char *const read = table != NULL && (need->is_only || (is_single && (*relation)->kind != 'p'))
                                 ? arena_printf(needs->arena, "ONLY %s", table)
                                 : table;
    const bool has_columns = need->kind != SQL_NEED_NO_ROWS && need->kind != SQL_NEED_VALID;
    return read == NULL || !has_columns ? read : added_over(needs, *relation, read, need->part);
}

static const char *why(struct needs *needs, const struct sql_need *need, const char *validated)
{
    struct looking looking = {.needs = needs, .need = need, .validated = validated};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind != need->kind) {
            continue;
        }
        looking.table = rows_of(needs, need, &looking.relation);
        const bool has_columns = need->kind != SQL_NEED_NO_ROWS && need->kind != SQL_NEED_VALID;
        if (looking.table == NULL || (has_columns && needs_altered_any(needs, need->part))) {
            return NULL;
        }
        return !has_columns || rows_columns(needs, looking.relation, need->part, &looking.columns)
                   ? kinds[i].why(&looking)
                   : why_new_null(&looking);
    }
    return NULL;
}

/* ---- VALIDATE CONSTRAINT ---- */

/* A constraint that the plan adds NOT VALID: what is to be asked when it is validated. Also a CHECK that holds at
 * once, for later statements. */
static void promise(struct needs *needs, const struct sql_need *need)
{
    needs->promises = arena_grow(needs->arena, needs->promises, needs->promise_count, &needs->promise_capacity,
                                 sizeof *needs->promises);
    needs->promises[needs->promise_count++] = needs_kept(needs->arena, need);
}

/* Does the promise wait for the validation of this constraint of the relation? */
static bool waits_for(const struct needs *needs, const struct sql_need *promise, const struct relation *relation,
                      const char *constraint)
{
    return promise->promised != NULL && strcmp(promise->promised, constraint) == 0 &&
           world_find(needs->world, promise->schema, promise->name) == relation;
}

/* VALIDATE: from now on it holds. */
static void keep_promises(struct needs *needs, const struct sql_need *need)
{
    const struct relation *const relation = world_find(needs->world, need->schema, need->name);
    for (size_t i = 0; i < needs->promise_count; i++) {
        struct sql_need *const one = &needs->promises[i];
        if (waits_for(needs, one, relation, need->part)) {
            one->promised = NULL;
        }
    }
}

static const struct sql_need *promised(const struct looking *looking)
{
    const struct needs *const needs = looking->needs;
    for (size_t i = needs->promise_count; i-- > 0;) {
        const struct sql_need *const one = &needs->promises[i];
        if (waits_for(needs, one, looking->relation, looking->need->part)) {
            return one;
        }
    }
    return NULL;
}

/* The statement that would add a constraint of the database now, with every name in its schema; NULL: there is none of
 * that name, or it is valid. */
static const char *adding(const struct looking *looking)
{
    struct arena *const arena = looking->needs->arena;
    struct buffer name = {.arena = arena};
    pg_quote_literal(&name, text_of(looking->need->part));
    return rows_value(
        looking->needs,
        arena_printf(arena,
                     "SELECT pg_catalog.format('ALTER TABLE %%s ADD %%s', k.conrelid::pg_catalog.regclass, "
                     "pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(k.oid), ' NOT VALID$', "
                     "'')) FROM pg_catalog.pg_constraint k WHERE k.conrelid = %u AND NOT k.convalidated "
                     "AND k.conname = %s",
                     looking->relation->oid, buffer_string(&name)));
}

/* The column of a NOT NULL (PostgreSQL 18), which our grammar does not know; NULL: it is another constraint. */
static const char *never_null(struct arena *arena, const char *adding)
{
    struct sql_reader words = sql_read(text_of(adding));
    return sql_skip_to(&words, "add") && sql_take_words(&words, "not null") ? sql_identifier(arena, &words.token)
                                                                            : NULL;
}

/* What the plan itself has added is known by its promise; of what the plan has mentioned otherwise nothing is. */
static const char *why_invalid(const struct looking *looking)
{
    struct needs *const needs = looking->needs;
    const char *const name = looking->need->part;
    const struct sql_need *const kept = promised(looking);
    const char *const added = kept != NULL || needs_mentioned(needs, name) ? NULL : adding(looking);
    const char *const column = added == NULL ? NULL : never_null(needs->arena, added);
    struct sql_effects effects = {0};
    if (kept != NULL) {
        return kept->kind == SQL_NEED_VALID ? NULL : why(needs, kept, name);
    }
    if (column != NULL) {
        const struct sql_need need = {.kind = SQL_NEED_NO_NULLS,
                                      .schema = looking->need->schema,
                                      .name = looking->need->name,
                                      .part = column,
                                      .types = ""};
        return why(needs, &need, name);
    }
    if (added != NULL) {
        sql_effects(needs->arena, text_of(added), NULL, NULL, &effects);
    }
    const char *found = NULL;
    for (size_t i = 0; found == NULL && i < effects.need_count; i++) {
        found = why(needs, &effects.needs[i], name);
    }
    return found;
}

/* A new column without a value: a need of no rows that is kept for the statements that need its values. */
static void note_empty(struct needs *needs, const struct sql_effects *effects)
{
    for (size_t i = 0; i < effects->alter_count; i++) {
        const struct sql_alter *const alter = &effects->alters[i];
        if (alter->is_empty) {
            promise(needs,
                    &(struct sql_need){
                        .kind = SQL_NEED_NO_ROWS, .schema = alter->schema, .name = alter->name, .part = alter->column});
        }
    }
}

const char *violated_why(struct needs *needs, const struct sql_effects *effects)
{
    const bool is_known = effects->count > 0 && !needs->has_cascaded;
    const char *found = is_known ? added_note(needs, effects) : NULL;
    note_empty(needs, effects);
    for (size_t i = 0; is_known && i < effects->need_count; i++) {
        const struct sql_need *const need = &effects->needs[i];
        if (need->promised == NULL && found == NULL) {
            found = why(needs, need, NULL);
        }
        if (need->promised != NULL || need->kind == SQL_NEED_CHECKED) {
            promise(needs, need);
        } else if (need->kind == SQL_NEED_VALID) {
            keep_promises(needs, need);
        }
    }
    return found;
}
