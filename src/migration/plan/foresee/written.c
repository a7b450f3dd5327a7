/*
 * All that a table demands becomes one query of its rows and of the statement's, in which the constants are cast to the
 * columns' types. Only the statement's rows of which every column in question is a constant count. Nothing is known
 * where a trigger or a rule may write something else.
 */
#include "migration/plan/foresee/written.h"

#include "migration/plan/foresee/rows.h"
#include "migration/plan/foresee/written_rules.h"
#include "pg/values.h"

#include <string.h>

#define MOST_LOOKS 50 /* of one plan */

struct writing {
    struct needs *needs;
    const struct sql_written *written;
    const struct relation *relation;
    const char *table;       /* its name for our session, with ONLY unless it is partitioned */
    const PGresult *columns; /* written_columns_sql */
    struct buffer sql;
};

/* ---- the statement's rows ---- */

static size_t column_called(const struct writing *writing, struct text name)
{
    size_t i = 0;
    while (i < writing->written->width && !text_is(name, pg_field(writing->columns, (int)i, WRITTEN_NAME))) {
        i++;
    }
    return i;
}

/* Are these columns written, and of types that are compared? */
static bool are_written(const struct writing *writing, const char *names)
{
    struct text rest = text_of(names);
    bool are = names[0] != '\0';
    for (struct text name; are && text_next_unit(&rest, &name);) {
        const size_t i = column_called(writing, name);
        are = i < writing->written->width && !PQgetisnull(writing->columns, (int)i, WRITTEN_TYPE);
    }
    return are;
}

static const struct sql_value *value_at(const struct writing *writing, size_t row, struct text name)
{
    return &writing->written->values[row * writing->written->width + column_called(writing, name)];
}

static bool is_constant(const struct writing *writing, size_t row, const char *names)
{
    struct text rest = text_of(names);
    bool is = true;
    for (struct text name; is && text_next_unit(&rest, &name);) {
        const enum sql_value_kind kind = value_at(writing, row, name)->kind;
        const char *const type = pg_field(writing->columns, (int)column_called(writing, name), WRITTEN_TYPE);
        is = kind != SQL_VALUE_COMPUTED && !(kind == SQL_VALUE_STRING && rows_reads_otherwise(writing->needs, type));
    }
    return is;
}

/* "CAST('a' AS text), CAST(5 AS integer)" */
static void put_row(struct writing *writing, size_t row, const char *names)
{
    struct text rest = text_of(names);
    bool is_first = true;
    for (struct text name; text_next_unit(&rest, &name); is_first = false) {
        const struct sql_value *const value = value_at(writing, row, name);
        buffer_puts(&writing->sql, is_first ? "CAST(" : ", CAST(");
        if (value->kind == SQL_VALUE_STRING) {
            pg_quote_literal(&writing->sql, text_of(value->text));
        } else {
            buffer_puts(&writing->sql, value->kind == SQL_VALUE_NULL ? "NULL" : value->text);
        }
        buffer_printf(&writing->sql, " AS %s)",
                      pg_field(writing->columns, (int)column_called(writing, name), WRITTEN_TYPE));
    }
}

/* "w.a, w.b" with the prefix "w.". */
static const char *listed(const struct writing *writing, const char *names, const char *prefix)
{
    struct buffer list = {.arena = writing->needs->arena};
    struct text rest = text_of(names);
    for (struct text name; text_next_unit(&rest, &name);) {
        buffer_printf(&list, "%s%s%s", list.size == 0 ? "" : ", ", prefix,
                      pg_field(writing->columns, (int)column_called(writing, name), WRITTEN_QUOTED));
    }
    return buffer_string(&list);
}

/* Puts the rows that have constants in these columns, as `w (called)`. Returns false, and puts nothing, if there are
 * none. counts: as often as an UPDATE writes its row, or twice if that is more often; else each once. */
static bool put_rows(struct writing *writing, const char *names, const char *called, bool counts)
{
    const struct sql_written *const written = writing->written;
    const bool is_selected = counts && written->where != NULL;
    size_t count = 0;
    for (size_t row = 0; row < written->count; row++) {
        if (!is_constant(writing, row, names)) {
            continue;
        }
        buffer_puts(&writing->sql, is_selected ? "(SELECT " : count == 0 ? "(VALUES (" : ", (");
        put_row(writing, row, names);
        buffer_puts(&writing->sql, is_selected ? "" : ")");
        count++;
    }
    if (count > 0 && is_selected) {
        buffer_printf(&writing->sql, " FROM %s%s%s LIMIT 2", writing->table, written->where[0] == '\0' ? "" : " WHERE ",
                      written->where);
    }
    if (count > 0) {
        buffer_printf(&writing->sql, ") AS w (%s)", called);
    }
    return count > 0;
}

/* A part of the query: which of the statement's rows the message is about. */
struct part {
    const char *message;
    const char *names;  /* the columns in question */
    const char *called; /* what they are called in `behind` */
    const char *behind; /* what follows the rows */
    bool is_of_values;  /* it is about the values, even if no row gets them */
};

static void put_part(struct writing *writing, const struct part *part)
{
    const size_t before = writing->sql.size;
    buffer_puts(&writing->sql, before == 0 ? "(SELECT " : " UNION ALL (SELECT ");
    pg_quote_literal(&writing->sql, text_of(part->message));
    buffer_puts(&writing->sql, " FROM ");
    if (put_rows(writing, part->names, part->called, !part->is_of_values)) {
        buffer_printf(&writing->sql, " %s LIMIT 1)", part->behind);
    } else {
        writing->sql.size = before;
    }
}

/* ---- what the table demands ---- */

/* The casts alone are a test, too: of bounds. */
static void add_values(struct writing *writing, size_t i)
{
    struct arena *const arena = writing->needs->arena;
    const char *const name = arena_strdup(arena, pg_field(writing->columns, (int)i, WRITTEN_NAME));
    const char *const quoted = listed(writing, name, "");
    if (!are_written(writing, name)) {
        return;
    }
    /* The planner computes a constant that is too long, or too large, whether there are rows or not. */
    if (!PQgetisnull(writing->columns, (int)i, WRITTEN_MOST)) {
        const char *const most = pg_field(writing->columns, (int)i, WRITTEN_MOST);
        const char *const longer =
            arena_printf(arena, "WHERE pg_catalog.char_length(pg_catalog.rtrim(%s::text, ' ')) > %s", quoted, most);
        put_part(writing, &(struct part){
                              arena_printf(arena, "A value for %s has more than %s characters (22001).", quoted, most),
                              name, quoted, longer, true});
    } else {
        put_part(writing, &(struct part){"", name, quoted,
                                         arena_printf(arena, "WHERE pg_catalog.num_nulls(%s) > 1", quoted), true});
    }
    /* DROP NOT NULL leaves the rows as they are, and may be that of a constraint whose name says no column. */
    if (pg_field_bool(writing->columns, (int)i, WRITTEN_NOT_NULL) &&
        !needs_mentioned(writing->needs, writing->written->name) &&
        !needs_mentioned_above(writing->needs, writing->relation->oid)) {
        put_part(writing,
                 &(struct part){arena_printf(arena, "It gives NULL to %s, which may not be NULL (23502).", quoted),
                                name, quoted, arena_printf(arena, "WHERE %s IS NULL", quoted), false});
    }
}

static const char *joined(const struct writing *writing, const char *names)
{
    struct buffer on = {.arena = writing->needs->arena};
    struct text rest = text_of(names);
    for (struct text name; text_next_unit(&rest, &name);) {
        const char *const quoted = pg_field(writing->columns, (int)column_called(writing, name), WRITTEN_QUOTED);
        buffer_printf(&on, "%sx.%s = w.%s", on.size == 0 ? "" : " AND ", quoted, quoted);
    }
    return buffer_string(&on);
}

static void add_unique(struct writing *writing, const char *names)
{
    struct arena *const arena = writing->needs->arena;
    const struct sql_written *const written = writing->written;
    if (!are_written(writing, names)) {
        return;
    }
    const char *const list = listed(writing, names, "");
    const char *const own = listed(writing, names, "w.");
    const char *const rows =
        written->where == NULL ? writing->table
        : written->where[0] == '\0'
            ? arena_printf(arena, "(SELECT * FROM %s WHERE false)", writing->table)
            : arena_printf(arena, "(SELECT * FROM %s WHERE (%s) IS NOT TRUE)", writing->table, written->where);
    put_part(writing,
             &(struct part){arena_printf(arena, "A row with the same %s is there already (23505).", list), names, list,
                            arena_printf(arena, "JOIN %s AS x ON %s", rows, joined(writing, names)), false});
    put_part(writing,
             &(struct part){
                 arena_printf(arena, "It gives several rows the same %s, which is unique (23505).", list), names, list,
                 arena_printf(arena, "WHERE pg_catalog.num_nulls(%s) = 0 GROUP BY %s HAVING pg_catalog.count(*) > 1",
                              own, own),
                 false});
}

/* keys: a row of written_keys_sql. */
static void add_key(struct writing *writing, const PGresult *keys, int i)
{
    struct needs *const needs = writing->needs;
    struct arena *const arena = needs->arena;
    const char *const names = arena_strdup(arena, pg_field(keys, i, WRITTEN_OWN));
    const struct relation *parent;
    const char *const to =
        are_written(writing, names) && !needs_mentioned(needs, pg_field(keys, i, WRITTEN_KEY))
            ? rows_readable(needs, pg_field(keys, i, WRITTEN_TO_SCHEMA), pg_field(keys, i, WRITTEN_TO), &parent)
            : NULL;
    const char *const list = listed(writing, names, "");
    const char *const own_list = listed(writing, names, "w.");
    const size_t count = text_count(text_of(names), "\x1F") + 1;
    struct row_columns referred;
    struct buffer on = {.arena = arena};
    struct text own = text_of(names);
    struct text others = text_of(arena_strdup(arena, pg_field(keys, i, WRITTEN_REFERRED)));
    if (to == NULL) {
        return;
    }
    for (struct text name, other; text_next_unit(&own, &name) && text_next_unit(&others, &other);) {
        if (!rows_columns(needs, parent, arena_strndup(arena, other.data, other.size), &referred)) {
            return;
        }
        buffer_printf(&on, "%sx.%s = w.%s", on.size == 0 ? "" : " AND ", referred.list,
                      pg_field(writing->columns, (int)column_called(writing, name), WRITTEN_QUOTED));
    }
    put_part(writing,
             &(struct part){
                 arena_printf(arena, "\"%s\" has no row for its %s (23503).", pg_field(keys, i, WRITTEN_TO), list),
                 names, list,
                 arena_printf(arena, "WHERE pg_catalog.num_nulls(%s) = 0 AND NOT EXISTS (SELECT FROM %s AS x WHERE %s)",
                              own_list, rows_own(arena, parent, to), buffer_string(&on)),
                 false});
    if (pg_field_bool(keys, i, WRITTEN_FULL)) {
        put_part(
            writing,
            &(struct part){"Some columns of a foreign key with MATCH FULL are NULL, and not all (23503).", names, list,
                           arena_printf(arena, "WHERE pg_catalog.num_nulls(%s) BETWEEN 1 AND %zu", own_list, count - 1),
                           false});
    }
}

/* Of a CHECK only an expression that runs nobody's code is computed, as for one that a statement adds. */
static void add_check(struct writing *writing, const PGresult *checks, int i)
{
    struct arena *const arena = writing->needs->arena;
    const char *const check = pg_field(checks, i, WRITTEN_CHECK);
    const bool is_of_domain = !PQgetisnull(checks, i, WRITTEN_OF);
    struct sql_effects effects;
    sql_effects(arena, text_of(arena_strdup(arena, pg_field(checks, i, WRITTEN_ADDING))), NULL, NULL, &effects);
    for (size_t k = 0; k < effects.need_count; k++) {
        const struct sql_need *const need = &effects.needs[k];
        const char *const names = is_of_domain ? arena_strdup(arena, pg_field(checks, i, WRITTEN_OF)) : need->part;
        if (need->kind != (is_of_domain ? SQL_NEED_DOMAIN_FITS : SQL_NEED_CHECKED) ||
            needs_mentioned(writing->needs, check) || !are_written(writing, names)) {
            continue;
        }
        put_part(
            writing,
            &(struct part){is_of_domain
                               ? arena_printf(arena, "A value for %s is against the CHECK \"%s\" of its type (23514).",
                                              listed(writing, names, ""), check)
                               : arena_printf(arena, "A row is against the CHECK \"%s\" (23514).", check),
                           names, is_of_domain ? "value" : listed(writing, names, ""),
                           arena_printf(arena, "WHERE NOT (%s)", need->types), false});
    }
}

static void add_checks(struct writing *writing)
{
    const char *ignored;
    PG_RESULT(checks) = rows_look(
        writing->needs,
        arena_printf(writing->needs->arena, WRITTEN_CHECKS, writing->relation->oid, writing->relation->oid), &ignored);
    for (int i = 0; checks != NULL && i < PQntuples(checks); i++) {
        add_check(writing, checks, i);
    }
}

/* ---- all of it ---- */

/* Is the UPDATE's condition about columns whose comparison runs nobody's code? */
static bool is_asked(struct writing *writing)
{
    const struct sql_written *const written = writing->written;
    struct row_columns columns;
    const struct needs *const needs = writing->needs;
    const bool reads_strings = written->where != NULL && strchr(written->where, '\'') != NULL;
    return written->where == NULL || written->where[0] == '\0' ||
           (written->where_columns[0] != '\0' &&
            !(reads_strings && (needs->has_set || needs->may_set_zone || needs->may_read_otherwise)) &&
            !needs_altered_any(writing->needs, written->where_columns) &&
            rows_columns(writing->needs, writing->relation, written->where_columns, &columns));
}

static const char *look(struct writing *writing, const PGresult *uniques, const PGresult *keys)
{
    struct needs *const needs = writing->needs;
    const char *state;
    needs->written_count++;
    for (size_t i = 0; i < writing->written->width; i++) {
        add_values(writing, i);
    }
    if (!is_asked(writing)) {
        return NULL;
    }
    /* What ON CONFLICT passes over is checked before, but not written. */
    for (int i = 0; !writing->written->may_pass_over && i < PQntuples(uniques); i++) {
        if (!needs_mentioned(needs, pg_field(uniques, i, 1))) {
            add_unique(writing, arena_strdup(needs->arena, pg_field(uniques, i, 0)));
        }
    }
    for (int i = 0; !writing->written->may_pass_over && !needs->may_pass_keys && i < PQntuples(keys); i++) {
        add_key(writing, keys, i);
    }
    if (pg_field_bool(writing->columns, 0, WRITTEN_HAS_CHECKS)) {
        add_checks(writing);
    }
    if (writing->sql.size == 0) {
        return NULL;
    }
    PG_RESULT(found) = rows_look(
        needs, arena_printf(needs->arena, SQL_ANALYZED_SELECT "* FROM (%s) AS q LIMIT 1", buffer_string(&writing->sql)),
        &state);
    return found != NULL && PQntuples(found) > 0 ? arena_strdup(needs->arena, pg_field(found, 0, 0))
           : found == NULL && state != NULL
               ? arena_printf(needs->arena, "A value that it writes does not fit its column (%s).", state)
               : NULL;
}

/* The table's name for our session, if what the statement finds in it is known; NULL: it is not. */
static const char *known_table(struct needs *needs, const struct sql_written *written, const struct relation **relation)
{
    *relation = NULL;
    if (written == NULL || needs->has_cascaded || needs->written_count >= MOST_LOOKS) {
        return NULL;
    }
    return written->where == NULL ? rows_added(needs, written->schema, written->name, relation)
                                  : rows_readable(needs, written->schema, written->name, relation);
}

const char *written_why(struct needs *needs, const struct sql_effects *effects)
{
    const struct sql_written *const written = effects->written;
    const struct relation *relation;
    const char *const table = known_table(needs, written, &relation);
    if (table == NULL || (written->where != NULL && relation->kind != 'p' && relation->has_children) ||
        needs_mentioned(needs, "trigger") || needs_mentioned(needs, "rule")) {
        return NULL;
    }
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), written->columns,
                                  arena_printf(needs->arena, "%zu", written->width)};
    PG_RESULT(columns) = needs_ask(needs, written_columns_sql, 3, values);
    PG_RESULT(uniques) = needs_ask(needs, written_uniques_sql, 1, values);
    PG_RESULT(keys) = needs_ask(needs, written_keys_sql, 1, values);
    PG_RESULT(otherwise) = needs_ask(needs, written_otherwise_sql, 1, values);
    const bool is_known = columns != NULL && (size_t)PQntuples(columns) == written->width && uniques != NULL &&
                          keys != NULL && otherwise != NULL && PQntuples(otherwise) == 0;
    struct writing writing = {.needs = needs,
                              .written = written,
                              .relation = relation,
                              .table = rows_own(needs->arena, relation, table),
                              .columns = columns,
                              .sql = {.arena = needs->arena}};
    return is_known ? look(&writing, uniques, keys) : NULL;
}

/* ---- what is left of the rows that are there ---- */

static bool adds_quietly(struct needs *needs, const struct sql_touch *touch)
{
    const struct relation *const relation = world_find(needs->world, touch->schema, touch->name);
    if (relation == NULL || needs_mentioned(needs, "trigger") || needs_mentioned(needs, "rule") ||
        needs->has_cascaded) {
        return false;
    }
    const char *const oid = arena_printf(needs->arena, "%u", relation->oid);
    PG_RESULT(more) = relation->oid == 0 ? NULL : needs_ask(needs, written_more_sql, 1, &oid);
    return relation->oid == 0 || (more == NULL ? questions_are_noted(needs->questions) : PQntuples(more) == 0);
}

bool written_only_adds(struct needs *needs, const struct sql_effects *effects)
{
    bool adds = effects->touch_count > 0 && !effects->unknown;
    for (size_t i = 0; adds && i < effects->touch_count; i++) {
        const struct sql_touch *const touch = &effects->touches[i];
        adds = strcmp(touch->how, "r") == 0 || (strcmp(touch->how, "i") == 0 && adds_quietly(needs, touch));
    }
    for (size_t i = 0; adds && i < effects->touch_count; i++) {
        if (effects->touches[i].how[0] == 'i') {
            word_set_add(needs->arena, &needs->wrote, effects->touches[i].name);
        }
    }
    return adds;
}
