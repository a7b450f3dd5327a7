/*
 * The bound as a condition over the key's column. Its constants are read as the column's type, as the server does.
 */
#include "migration/plan/foresee/unplaced.h"

#include "migration/plan/foresee/attached.h"
#include "migration/plan/foresee/rows.h"
#include "pg/values.h"

#include <string.h>

/* $1 the partitioned table: its DEFAULT partition, its key's column by its name and quoted, the column's type. Only for
 * one column of a type, and of an order, of PostgreSQL's, compared in the key as elsewhere. */
static const char key_sql[] =
    "SELECT n.nspname, d.relname, a.attname, pg_catalog.quote_ident(a.attname), pg_catalog.format_type(t.oid, NULL) "
    "FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = "
    "p.partattrs[0] AND a.attcollation = p.partcollation[0] JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND "
    "t.typtype = 'b' AND t.typnamespace = "
    "'pg_catalog'::pg_catalog.regnamespace JOIN pg_catalog.pg_opclass o ON o.oid = p.partclass[0] AND o.opcdefault AND "
    "o.opcnamespace = t.typnamespace LEFT JOIN (pg_catalog.pg_class d JOIN pg_catalog.pg_namespace n ON n.oid = "
    "d.relnamespace) ON d.oid = p.partdefid WHERE p.partrelid = $1::oid AND p.partnatts = 1 AND p.partstrat IN ('l', "
    "'r')";

enum { DEFAULT_SCHEMA, DEFAULT_NAME, COLUMN, QUOTED, TYPE };

static void put_constant(struct buffer *condition, const struct sql_bound_value *value, const char *type)
{
    pg_quote_literal(condition, text_of(value->text));
    buffer_printf(condition, "::%s", type);
}

/* "a >= '1'::integer AND a < '9'::integer"; false if a limit is not a constant. */
static bool put_range(struct buffer *condition, const struct sql_bound *bound, const PGresult *key)
{
    static const char *const signs[] = {" >= ", " < "};
    for (size_t i = 0; i < 2; i++) {
        const struct sql_bound_value *const value = &bound->values[i];
        if (value->kind == SQL_BOUND_CONSTANT) {
            buffer_printf(condition, "%s%s%s", condition->size == 0 ? "" : " AND ", pg_field(key, 0, QUOTED), signs[i]);
            put_constant(condition, value, pg_field(key, 0, TYPE));
        } else if (value->kind != (i == 0 ? SQL_BOUND_MINVALUE : SQL_BOUND_MAXVALUE)) {
            return false;
        }
    }
    buffer_puts(condition, condition->size == 0 ? "true" : "");
    return true;
}

static bool put_list(struct buffer *condition, const struct sql_bound *bound, const PGresult *key)
{
    const char *const column = pg_field(key, 0, QUOTED);
    for (size_t i = 0; i < bound->count; i++) {
        const struct sql_bound_value *const value = &bound->values[i];
        buffer_puts(condition, i == 0 ? "" : " OR ");
        if (value->kind == SQL_BOUND_CONSTANT) {
            buffer_printf(condition, "%s = ", column);
            put_constant(condition, value, pg_field(key, 0, TYPE));
        } else if (value->kind == SQL_BOUND_NULL) {
            buffer_printf(condition, "%s IS NULL", column);
        } else {
            return false;
        }
    }
    return bound->count > 0;
}

/* The bound as a condition for the planner's proofs, which know no functions; NULL: it is not judged. Of a NULL it says
 * nothing. */
static const char *proof_of(struct arena *arena, const struct sql_bound *bound, const PGresult *key)
{
    struct buffer condition = {.arena = arena};
    const bool is_range = bound->strategy == 'r' && bound->count == 2 && bound->from_count == 1;
    const bool is_known =
        is_range ? put_range(&condition, bound, key) : bound->strategy == 'l' && put_list(&condition, bound, key);
    return is_known ? buffer_string(&condition) : NULL;
}

/* The same for each row: a NULL is in no range, and in a list only if that names it. */
static const char *within_of(struct arena *arena, const struct sql_bound *bound, const PGresult *key, const char *proof)
{
    return bound->strategy == 'l' ? arena_printf(arena, "coalesce(%s, false)", proof)
                                  : arena_printf(arena, "(%s IS NOT NULL AND %s)", pg_field(key, 0, QUOTED), proof);
}

/* Does a row of the table satisfy this? */
static bool has_row(struct needs *needs, const char *schema, const char *name, const PGresult *key,
                    const char *condition)
{
    const struct relation *relation;
    const char *const table =
        needs_altered(needs, pg_field(key, 0, COLUMN)) ? NULL : rows_readable(needs, schema, name, &relation);
    return table != NULL && rows_find(needs, arena_printf(needs->arena, "SELECT FROM %s WHERE %s LIMIT 1", table,
                                                          condition)) == ROWS_FOUND;
}

static const struct sql_alter *attaching(const struct sql_effects *effects)
{
    size_t i = 0;
    while (i < effects->alter_count && effects->alters[i].kind != SQL_ALTER_ATTACH) {
        i++;
    }
    return i < effects->alter_count ? &effects->alters[i] : NULL;
}

/* Does a constant of this type mean something else in another time zone, or another date style? */
static bool is_of_session(const struct needs *needs, const char *type)
{
    return (needs->may_set_zone || needs->has_set) && (strstr(type, "time") != NULL || strstr(type, "date") != NULL);
}

/* What is read, if no row is in the way. */
static void note_attached(struct needs *needs, struct sql_effects *effects, const struct relation *parent,
                          const PGresult *key, const char *proof)
{
    const struct attached attached = {.alter = attaching(effects),
                                      .parent = parent,
                                      .column = arena_strdup(needs->arena, pg_field(key, 0, COLUMN)),
                                      .within = proof,
                                      .default_schema = arena_strdup(needs->arena, pg_field(key, 0, DEFAULT_SCHEMA)),
                                      .default_name = arena_strdup(needs->arena, pg_field(key, 0, DEFAULT_NAME))};
    if (attached.alter != NULL) {
        attached_note(needs, &attached, effects);
    }
}

const char *unplaced_why(struct needs *needs, struct sql_effects *effects)
{
    const struct sql_bound *const bound = effects->bound;
    struct relation *const parent = bound == NULL || bound->is_content || needs->has_cascaded
                                        ? NULL
                                        : world_find_surely(needs->world, bound->schema, bound->name);
    const char *const oid = parent == NULL ? NULL : arena_printf(needs->arena, "%u", parent->oid);
    PG_RESULT(key) = parent == NULL || parent->oid == 0 ? NULL : needs_ask(needs, key_sql, 1, &oid);
    const char *const proof = key == NULL || PQntuples(key) == 0 || is_of_session(needs, pg_field(key, 0, TYPE))
                                  ? NULL
                                  : proof_of(needs->arena, bound, key);
    if (proof == NULL) {
        return NULL;
    }
    const char *const within = within_of(needs->arena, bound, key, proof);
    const struct sql_alter *const attached = attaching(effects);
    if (attached != NULL &&
        has_row(needs, attached->other_schema, attached->other, key, arena_printf(needs->arena, "NOT %s", within))) {
        return arena_printf(needs->arena,
                            "Rows of \"%s\" are outside of the bound: correct or move them first (23514).",
                            attached->other);
    }
    const char *const name = arena_strdup(needs->arena, pg_field(key, 0, DEFAULT_NAME));
    note_attached(needs, effects, parent, key, proof);
    return name != NULL && name[0] != '\0' &&
                   has_row(needs, arena_strdup(needs->arena, pg_field(key, 0, DEFAULT_SCHEMA)), name, key, within)
               ? arena_printf(
                     needs->arena,
                     "Rows of the DEFAULT partition \"%s\" belong to the new one: move them out first (23514).", name)
               : NULL;
}
