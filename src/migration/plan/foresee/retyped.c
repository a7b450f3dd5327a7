/*
 * The new values are computed, for the rows of tables that can be read quickly: an error is in the way of the
 * statement. What is turned back into the old type must be the old value; what is not has lost something.
 */
#include "migration/plan/foresee/retyped.h"

#include "base/sqlstate.h"
#include "migration/plan/foresee/rows.h"
#include "migration/plan/foresee/user_types.h"
#include "pg/values.h"
#include "sql/types.h"

#include <string.h>

/* Can the look tell what the statement stores? Each element of an array would have to have its length checked. */
static bool is_computable(const struct sql_retype *retype)
{
    const struct sql_type to = type_of_text(retype->to == NULL ? "" : retype->to);
    return retype->value != NULL && retype->from != NULL && retype->to != NULL &&
           !(to.is_array && to.modifier_count > 0 && to.builtin != NULL && to.builtin->widening != WIDENS_NUMERIC &&
             to.builtin->widening != WIDENS_SECONDS);
}

/* The types whose "=" compares less than the whole value, or that have none. */
static const char by_text[] = "xml point lseg box path polygon circle line json varchar bpchar text name";

/* "are the two different", as SQL. json and jsonb differ in blanks, which mean nothing. */
static const char *differs(struct arena *arena, const struct sql_retype *retype, const char *column)
{
    const struct sql_type from = type_of_text(retype->from);
    const struct sql_type to = type_of_text(retype->to);
    const char *const now = rows_assigned(arena, retype->value, retype->to);
    if (type_is_one_of(&from, "json varchar text") && type_is_one_of(&to, "jsonb")) {
        return arena_printf(arena,
                            "pg_catalog.regexp_replace((%s)::pg_catalog.text, '\\s', '', 'g') IS DISTINCT FROM "
                            "pg_catalog.regexp_replace(%s::pg_catalog.text, '\\s', '', 'g')",
                            now, column);
    }
    if (type_is_one_of(&from, "varchar bpchar text") && type_is_one_of(&to, "uuid")) { /* in any letters */
        return arena_printf(arena, "(%s)::pg_catalog.text IS DISTINCT FROM pg_catalog.lower(%s::pg_catalog.text)", now,
                            column);
    }
    return type_is_one_of(&from, by_text)
               ? arena_printf(arena,
                              "((%s)::%s)::pg_catalog.text COLLATE pg_catalog.\"C\" IS DISTINCT FROM "
                              "%s::pg_catalog.text COLLATE pg_catalog.\"C\"",
                              now, retype->from, column)
               : arena_printf(arena, "(%s)::%s IS DISTINCT FROM %s", now, retype->from, column);
}

/* $1 the new type, $2 the old one: can values be turned back? Arrays are, element by element. */
static const char back_sql[] =
    "SELECT FROM pg_catalog.pg_type n, pg_catalog.pg_type o, LATERAL (SELECT CASE WHEN n.typcategory = 'A' AND "
    "o.typcategory = 'A' THEN n.typelem ELSE n.oid END, CASE WHEN n.typcategory = 'A' AND o.typcategory = 'A' THEN "
    "o.typelem ELSE o.oid END) AS e(now, old) WHERE n.oid = $1::pg_catalog.regtype AND o.oid = $2::pg_catalog.regtype "
    "AND (e.now = e.old OR 'S' IN (n.typcategory, o.typcategory) OR EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE "
    "k.castsource = e.now AND k.casttarget = e.old))";

static bool turns_back(struct needs *needs, const struct sql_retype *retype)
{
    const char *const values[] = {retype->to, retype->from};
    PG_RESULT(way) = needs_ask(needs, back_sql, 2, values);
    return way != NULL && PQntuples(way) > 0;
}

/* Does the value of a moment depend on a TimeZone that the script may have set? */
static bool is_zoned(const struct needs *needs, const struct sql_retype *retype)
{
    return (needs->may_set_zone || needs->has_set) &&
           (strstr(retype->from, " with time zone") != NULL || strstr(retype->to, " with time zone") != NULL);
}

/* What the rows say. `fails` is set if they are in the way; otherwise both are ROWS_NOT_KNOWN, ROWS_NONE or ROWS_FOUND:
 * is something in the way, is something lost? */
struct answers {
    enum rows_answer fails;
    enum rows_answer loses;
    const char *state;
};

/* A column that becomes an enum: a label keeps what the value was. */
static struct answers look_at_labels(struct needs *needs, const struct sql_retype *retype)
{
    const struct relation *relation;
    const char *const table = rows_readable(needs, retype->schema, retype->name, &relation);
    const enum rows_answer fails =
        table == NULL ? ROWS_NOT_KNOWN : user_types_find_label(needs, retype, relation, table);
    return (struct answers){fails, fails == ROWS_NONE ? ROWS_NONE : ROWS_NOT_KNOWN,
                            SQLSTATE_INVALID_TEXT_REPRESENTATION};
}

/* An array of strings of a length: each element is checked, by assignment, or cut, by a cast. */
static struct answers look_at_elements(struct needs *needs, const struct sql_retype *retype)
{
    const struct sql_type to = type_of_text(retype->to == NULL ? "" : retype->to);
    const bool is = retype->value != NULL && to.is_array && to.builtin != NULL && to.modifier_count == 1 &&
                    (strcmp(to.builtin->internal, "varchar") == 0 || strcmp(to.builtin->internal, "bpchar") == 0);
    struct row_columns columns;
    const struct relation *relation;
    const char *const table = is ? rows_readable(needs, retype->schema, retype->name, &relation) : NULL;
    if (table == NULL || !rows_columns(needs, relation, retype->columns, &columns)) {
        return (struct answers){ROWS_NOT_KNOWN, ROWS_NOT_KNOWN, NULL};
    }
    const enum rows_answer longer = rows_find(
        needs, arena_printf(needs->arena,
                            "SELECT FROM %s WHERE EXISTS (SELECT FROM pg_catalog.unnest((%s)::pg_catalog.text[]) AS "
                            "e(text) WHERE pg_catalog.char_length(pg_catalog.rtrim(e.text)) > %ld) LIMIT 1",
                            table, retype->value, to.modifiers[0]));
    const enum rows_answer known = longer == ROWS_REFUSED ? ROWS_NOT_KNOWN : longer;
    return (struct answers){retype->is_assigned ? known : ROWS_NONE, known, SQLSTATE_STRING_DATA_RIGHT_TRUNCATION};
}

static struct answers look(struct needs *needs, const struct sql_retype *retype)
{
    struct answers answers = {ROWS_NOT_KNOWN, ROWS_NOT_KNOWN, NULL};
    struct row_columns columns;
    struct row_columns own;
    const struct relation *relation;
    if (!is_computable(retype)) {
        return retype->text != NULL ? look_at_labels(needs, retype) : look_at_elements(needs, retype);
    }
    const char *const table = rows_readable(needs, retype->schema, retype->name, &relation);
    if (table == NULL || is_zoned(needs, retype) || !rows_columns(needs, relation, retype->columns, &columns) ||
        !rows_columns(needs, relation, retype->column, &own)) {
        return answers;
    }
    struct arena *const arena = needs->arena;
    const enum rows_answer computed = rows_compute(needs,
                                                   arena_printf(arena, "SELECT pg_catalog.count(%s) FROM %s",
                                                                rows_assigned(arena, retype->value, retype->to), table),
                                                   &answers.state);
    answers.fails = computed == ROWS_REFUSED                        ? ROWS_FOUND
                    : computed == ROWS_FOUND && !retype->is_checked ? ROWS_NONE
                                                                    : ROWS_NOT_KNOWN;
    if (answers.fails == ROWS_NOT_KNOWN && computed == ROWS_FOUND) {
        answers.fails = user_types_find_refused(
            needs, retype,
            arena_printf(arena, "SELECT %s AS value FROM %s", rows_assigned(arena, retype->value, retype->to), table),
            &answers.state);
    }
    if (answers.fails != ROWS_FOUND && turns_back(needs, retype)) {
        const enum rows_answer changed = rows_find(
            needs, arena_printf(arena, "SELECT FROM %s WHERE %s LIMIT 1", table, differs(arena, retype, own.list)));
        answers.loses = changed == ROWS_REFUSED ? ROWS_NOT_KNOWN : changed;
    }
    return answers;
}

/* Says in front of the advice what may happen to values. */
static void advise(struct needs *needs, struct sql_effects *effects, const struct sql_retype *retype,
                   const struct answers *answers)
{
    struct buffer says = {.arena = needs->arena};
    if (retype->becomes.loses != NULL) {
        buffer_printf(&says, "Values of \"%s\" %s%s", retype->column, retype->becomes.loses,
                      answers->loses == ROWS_NONE    ? "; no row has one now that changes."
                      : answers->loses == ROWS_FOUND ? "; there are rows with such values."
                                                     : ".");
    } else if (answers->loses == ROWS_FOUND) {
        buffer_printf(&says, "Rows have values of \"%s\" that are not kept as they are.", retype->column);
    }
    if (retype->becomes.fails != NULL && answers->fails != ROWS_NONE) {
        buffer_printf(&says, "%s%s of \"%s\" makes it fail (%s).", says.size == 0 ? "" : " ", retype->becomes.fails,
                      retype->column, retype->becomes.state);
    }
    if (says.size > 0) {
        effects->advice = arena_printf(needs->arena, "%s%s%s", buffer_string(&says), effects->advice == NULL ? "" : " ",
                                       effects->advice == NULL ? "" : effects->advice);
    }
}

const char *retyped_why(struct needs *needs, struct text statement, struct sql_effects *effects)
{
    const char *why = NULL;
    bool loses = false;
    for (size_t i = effects->retype_count; i-- > 0;) {
        const struct sql_retype *const retype = &effects->retypes[i];
        const bool is_kept = retype->becomes.loses == NULL && retype->becomes.fails == NULL && retype->is_assigned;
        const struct answers answers = is_kept ? (struct answers){ROWS_NONE, ROWS_NONE, NULL} : look(needs, retype);
        loses =
            loses || answers.loses == ROWS_FOUND || (answers.loses == ROWS_NOT_KNOWN && retype->becomes.loses != NULL);
        if (answers.fails == ROWS_FOUND) {
            why =
                arena_printf(needs->arena,
                             "Rows of the table have a \"%s\" that the new type does not take: change them first (%s).",
                             retype->column, answers.state);
        }
        advise(needs, effects, retype, &answers);
    }
    effects->loses_values = loses;
    user_types_note(needs, statement);
    return why;
}
