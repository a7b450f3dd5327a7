/*
 * Uses the catalogs only: of a query's result only the columns are compared.
 */
#include "migration/plan/foresee/passed_over.h"

#include "migration/plan/foresee/bounds.h"
#include "migration/plan/foresee/types_said.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"
#include "sql/effects.h"

#include <string.h>

/* $1 schema or NULL, $2 name, $3 the schema for unqualified names or NULL: the relation that it would be. */
#define RELATION                                                                                                       \
    "(SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE "         \
    "c.relname = $2::name AND n.nspname = coalesce($1::name, $3::name, (" PG_SCRIPT_SCHEMAS ")[1]))"

/* $4 column names, $5 their types: the first that is missing or has another type. */
static const char columns_sql[] =
    "SELECT CASE WHEN a.attname IS NULL THEN pg_catalog.format('it has no column \"%s\".', n.name) ELSE "
    "pg_catalog.format('its column \"%s\" is of the type %s there.', n.name, pg_catalog.format_type(a.atttypid, "
    "a.atttypmod)) END FROM unnest(pg_catalog.string_to_array($4, pg_catalog.chr(31)), pg_catalog.string_to_array($5, "
    "pg_catalog.chr(31))) WITH ORDINALITY AS n(name, type, number) LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = "
    "" RELATION " AND a.attname = n.name::name AND NOT a.attisdropped WHERE " RELATION " IS NOT NULL AND (a.attname IS "
    "NULL OR (n.type <> '' AND a.atttypid <> ALL (" TYPES_SAID("n.type") "))) ORDER BY n.number LIMIT 1";

/* The parent, its oid, and the bound. (A bound contains no columns, so pg_get_expr() without a relation waits for no
 * lock.) */
static const char bound_sql[] =
    "SELECT p.relname, p.oid, pg_catalog.pg_get_expr(c.relpartbound, 0) FROM pg_catalog.pg_class c LEFT JOIN "
    "pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND c.relispartition LEFT JOIN pg_catalog.pg_class p ON p.oid = "
    "i.inhparent WHERE c.oid = " RELATION " AND c.relkind IN ('r', 'p', 'f')";

/* Judges a row of what exists. */
static struct passed_over judge_bound(struct arena *arena, struct pg_session *session, const PGresult *found,
                                      const struct sql_bound *bound)
{
    const char *const of = pg_field(found, 0, 0);
    const char *const there = pg_field(found, 0, 2);
    if (of == NULL || strcmp(of, bound->name) != 0) {
        return (struct passed_over){.difference = arena_printf(arena, "it is not a partition of \"%s\".", bound->name)};
    }
    const enum bounds_match match =
        bounds_match(arena, questions_new(arena, session), (uint32_t)pg_field_int(found, 0, 1, 0), bound, there);
    return (struct passed_over){
        .difference = match == BOUNDS_OTHER ? arena_printf(arena, "its bound is %s.", there) : NULL,
        .is_same = match == BOUNDS_SAME,
    };
}

struct passed_over passed_over_judge(struct arena *arena, struct pg_session *session, const char *schema,
                                     struct text statement)
{
    struct passed_over judged = {0};
    struct status unanswered = {.arena = arena};
    struct sql_effects effects;
    sql_effects(arena, statement, NULL, NULL, &effects);
    const struct sql_replaced *const over = effects.passed_over;
    const struct sql_change *const made = effects.change_count == 0 ? NULL : &effects.changes[0];
    if (over != NULL) {
        const char *const values[] = {over->schema, over->name, schema, over->names, over->types};
        PG_RESULT(found) = pg_query(session, columns_sql, 5, values, &unanswered);
        const bool is_other = found != NULL && PQntuples(found) > 0;
        judged.difference = is_other ? arena_strdup(arena, pg_field(found, 0, 0)) : NULL;
    } else if (effects.bound != NULL && made != NULL && made->kind == SQL_CHANGE_CREATES) {
        const char *const values[] = {made->schema, made->name, schema};
        PG_RESULT(found) = pg_query(session, bound_sql, 3, values, &unanswered);
        judged = found == NULL || PQntuples(found) == 0 ? judged : judge_bound(arena, session, found, effects.bound);
    }
    return judged;
}
