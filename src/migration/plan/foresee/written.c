/*
 * All that a table demands becomes one query of its rows and of the statement's, in which the constants are cast to the
 * columns' types. Only the statement's rows of which every column in question is a constant count. Nothing is known
 * where a trigger or a rule may write something else.
 */
#include "migration/plan/foresee/written.h"

#include "migration/plan/foresee/rows.h"
#include "migration/plan/foresee/writing.h"
#include "migration/plan/foresee/written_given.h"
#include "migration/plan/foresee/written_places.h"
#include "migration/plan/foresee/written_rules.h"
#include "pg/values.h"

#include <string.h>

#define MOST_LOOKS 50 /* of one plan */

/* ---- what the table demands ---- */

/* The casts alone are a test, too: of bounds. */
static void add_values(struct writing *writing, size_t i)
{
    struct arena *const arena = writing->needs->arena;
    const char *const name = arena_strdup(arena, pg_field(writing->columns, (int)i, WRITTEN_NAME));
    const char *const quoted = writing_list(writing, name, "");
    if (!writing_has(writing, name)) {
        return;
    }
    /* The planner computes a constant that is too long, or too large, whether there are rows or not. */
    if (!PQgetisnull(writing->columns, (int)i, WRITTEN_MOST)) {
        const char *const most = pg_field(writing->columns, (int)i, WRITTEN_MOST);
        const char *const longer =
            arena_printf(arena, "WHERE pg_catalog.char_length(pg_catalog.rtrim(%s::text, ' ')) > %s", quoted, most);
        writing_put(writing,
                    &(struct writing_part){
                        arena_printf(arena, "A value for %s has more than %s characters (22001).", quoted, most), name,
                        quoted, longer, true});
    } else {
        writing_put(writing,
                    &(struct writing_part){"", name, quoted,
                                           arena_printf(arena, "WHERE pg_catalog.num_nulls(%s) > 1", quoted), true});
    }
    /* DROP NOT NULL leaves the rows as they are, and may be that of a constraint whose name says no column. */
    if (pg_field_bool(writing->columns, (int)i, WRITTEN_NOT_NULL) &&
        !needs_mentioned(writing->needs, writing->written->name) &&
        !needs_mentioned_above(writing->needs, writing->relation->oid)) {
        writing_put(writing, &(struct writing_part){
                                 arena_printf(arena, "It gives NULL to %s, which may not be NULL (23502).", quoted),
                                 name, quoted, arena_printf(arena, "WHERE %s IS NULL", quoted), false});
    }
}

/* are_equal: NULLs. */
static const char *joined(const struct writing *writing, const char *names, bool are_equal)
{
    struct buffer on = {.arena = writing->needs->arena};
    struct text rest = text_of(names);
    for (struct text name; text_next_unit(&rest, &name);) {
        const char *const quoted = pg_field(writing->columns, (int)writing_column(writing, name), WRITTEN_QUOTED);
        buffer_printf(&on, "%sx.%s %s w.%s", on.size == 0 ? "" : " AND ", quoted,
                      are_equal ? "IS NOT DISTINCT FROM" : "=", quoted);
    }
    return buffer_string(&on);
}

/* The rows of the table that stay as they are: an UPDATE takes those of its condition. */
static const char *rows_left(const struct writing *writing)
{
    struct arena *const arena = writing->needs->arena;
    const struct sql_written *const written = writing->written;
    return written->where == NULL ? writing->table
           : written->where[0] == '\0'
               ? arena_printf(arena, "(SELECT * FROM %s WHERE false)", writing->table)
               : arena_printf(arena, "(SELECT * FROM %s WHERE (%s) IS NOT TRUE)", writing->table, written->where);
}

/* A number of a sequence is not in the statement. list: the same names for SQL. */
static const char *why_there(const struct writing *writing, const char *names, const char *list)
{
    struct text rest = text_of(writing->written->counted);
    bool is_counted = false;
    for (struct text name; !is_counted && text_next_unit(&rest, &name);) {
        is_counted = text_is(name, names);
    }
    return arena_printf(writing->needs->arena,
                        is_counted ? "Its sequence gives it a %s that a row has already: set the sequence behind the "
                                     "rows first, with setval() (23505)."
                                   : "A row with the same %s is there already (23505).",
                        list);
}

/* uniques: a row of written_uniques_sql. */
static void add_unique(struct writing *writing, const PGresult *uniques, int i)
{
    struct arena *const arena = writing->needs->arena;
    const char *const names = arena_strdup(arena, pg_field(uniques, i, 0));
    const bool are_equal = pg_field_bool(uniques, i, 2);
    if (!writing_has(writing, names)) {
        return;
    }
    const char *const list = writing_list(writing, names, "");
    const char *const own = writing_list(writing, names, "w.");
    writing_put(writing, &(struct writing_part){why_there(writing, names, list), names, list,
                                                arena_printf(arena, "JOIN %s AS x ON %s", rows_left(writing),
                                                             joined(writing, names, are_equal)),
                                                false});
    writing_put(
        writing,
        &(struct writing_part){
            arena_printf(arena, "It gives several rows the same %s, which is unique (23505).", list), names, list,
            arena_printf(arena, "WHERE %spg_catalog.num_nulls(%s) = 0 GROUP BY %s HAVING pg_catalog.count(*) > 1",
                         are_equal ? "true OR " : "", own, own),
            false});
}

/* A unique index over expressions, or of some rows. */
static void add_special(struct writing *writing, const struct sql_need *need, const char *index)
{
    struct arena *const arena = writing->needs->arena;
    const char *const list = writing_list(writing, need->part, "");
    const char *const where = need->was == NULL ? "true" : need->was;
    const char *const counts =
        need->is_null_equal ? where : arena_printf(arena, "(%s) AND pg_catalog.num_nulls(%s) = 0", where, need->types);
    writing_put(
        writing,
        &(struct writing_part){
            arena_printf(arena, "A row that is the same in the unique index \"%s\" is there already (23505).", index),
            need->part, list,
            arena_printf(arena, "WHERE (%s) AND ROW(%s) IN (SELECT %s FROM %s AS x WHERE %s)", where, need->types,
                         need->types, rows_left(writing), where),
            false});
    writing_put(
        writing,
        &(struct writing_part){
            arena_printf(arena, "It gives several rows the same values in the unique index \"%s\" (23505).", index),
            need->part, list,
            arena_printf(arena, "WHERE %s GROUP BY %s HAVING pg_catalog.count(*) > 1", counts, need->types), false});
}

static void add_specials(struct writing *writing)
{
    struct needs *const needs = writing->needs;
    struct arena *const arena = needs->arena;
    const char *ignored;
    PG_RESULT(specials) = rows_look(needs, arena_printf(arena, WRITTEN_SPECIAL, writing->relation->oid), &ignored);
    for (int i = 0; specials != NULL && i < PQntuples(specials); i++) {
        struct sql_effects effects;
        const char *const index = arena_strdup(arena, pg_field(specials, i, 1));
        sql_effects(arena, text_of(arena_strdup(arena, pg_field(specials, i, 0))), NULL, NULL, &effects);
        for (size_t k = 0; k < effects.need_count; k++) {
            const struct sql_need *const need = &effects.needs[k];
            struct row_columns columns;
            if (need->kind == SQL_NEED_NO_EQUALS && !needs_mentioned(needs, index) &&
                writing_has(writing, need->part) && rows_columns(needs, writing->relation, need->part, &columns)) {
                add_special(writing, need, index);
            }
        }
    }
}

/* keys: a row of written_keys_sql. */
static void add_key(struct writing *writing, const PGresult *keys, int i)
{
    struct needs *const needs = writing->needs;
    struct arena *const arena = needs->arena;
    const char *const names = arena_strdup(arena, pg_field(keys, i, WRITTEN_OWN));
    const struct relation *parent;
    const char *const to =
        writing_has(writing, names) && !needs_mentioned(needs, pg_field(keys, i, WRITTEN_KEY))
            ? rows_readable(needs, pg_field(keys, i, WRITTEN_TO_SCHEMA), pg_field(keys, i, WRITTEN_TO), &parent)
            : NULL;
    const char *const list = writing_list(writing, names, "");
    const char *const own_list = writing_list(writing, names, "w.");
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
                      pg_field(writing->columns, (int)writing_column(writing, name), WRITTEN_QUOTED));
    }
    writing_put(
        writing,
        &(struct writing_part){
            arena_printf(arena, "\"%s\" has no row for its %s (23503).", pg_field(keys, i, WRITTEN_TO), list), names,
            list,
            arena_printf(arena, "WHERE pg_catalog.num_nulls(%s) = 0 AND NOT EXISTS (SELECT FROM %s AS x WHERE %s)",
                         own_list, rows_own(arena, parent, to), buffer_string(&on)),
            false});
    if (pg_field_bool(keys, i, WRITTEN_FULL)) {
        writing_put(writing,
                    &(struct writing_part){
                        "Some columns of a foreign key with MATCH FULL are NULL, and not all (23503).", names, list,
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
            needs_mentioned(writing->needs, check) || !writing_has(writing, names)) {
            continue;
        }
        writing_put(writing,
                    &(struct writing_part){
                        is_of_domain
                            ? arena_printf(arena, "A value for %s is against the CHECK \"%s\" of its type (23514).",
                                           writing_list(writing, names, ""), check)
                            : arena_printf(arena, "A row is against the CHECK \"%s\" (23514).", check),
                        names, is_of_domain ? "value" : writing_list(writing, names, ""),
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
            add_unique(writing, uniques, i);
        }
    }
    for (int i = 0; !writing->written->may_pass_over && !needs->may_pass_keys && i < PQntuples(keys); i++) {
        add_key(writing, keys, i);
    }
    if (pg_field_bool(writing->columns, 0, WRITTEN_HAS_CHECKS)) {
        add_checks(writing);
    }
    if (pg_field_bool(writing->columns, 0, WRITTEN_HAS_PLACES)) {
        written_places(writing);
    }
    if (pg_field_bool(writing->columns, 0, WRITTEN_HAS_SPECIALS) && !writing->written->may_pass_over) {
        add_specials(writing);
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

static PGresult *ask_columns(struct needs *needs, const struct sql_written *written, const struct relation *relation)
{
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid), written->columns,
                                  arena_printf(needs->arena, "%zu", written->width)};
    return needs_ask(needs, written_columns_sql, 3, values);
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
    PG_RESULT(first) = ask_columns(needs, written, relation);
    const struct sql_written *const whole = written_given(needs, written, relation, first);
    const char *const values[] = {arena_printf(needs->arena, "%u", relation->oid)};
    PG_RESULT(columns) = ask_columns(needs, whole, relation);
    PG_RESULT(uniques) = needs_ask(needs, written_uniques_sql, 1, values);
    PG_RESULT(keys) = needs_ask(needs, written_keys_sql, 1, values);
    PG_RESULT(otherwise) = needs_ask(needs, written_otherwise_sql, 1, values);
    const bool is_known = columns != NULL && (size_t)PQntuples(columns) == whole->width && uniques != NULL &&
                          keys != NULL && otherwise != NULL && PQntuples(otherwise) == 0;
    struct writing writing = {.needs = needs,
                              .written = whole,
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
