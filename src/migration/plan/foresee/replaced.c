/*
 * Applies the rules of PostgreSQL's ProcedureCreate (pg_proc.c) and checkViewColumns (view.c) to the catalogs.
 */
#include "migration/plan/foresee/replaced.h"

#include "base/sqlstate.h"
#include "migration/plan/foresee/types_said.h"
#include "pg/values.h"

#include <string.h>

/* ---- functions ---- */

#define PARAMETERS                                                                                                     \
    "unnest(coalesce(p.proallargtypes, " TYPES_GIVEN                                                                   \
    "), coalesce(p.proargmodes, pg_catalog.array_fill('i'::\"char\", ARRAY[p.pronargs::int])), p.proargnames) WITH "   \
    "ORDINALITY AS a(type, mode, name, number)"
#define NAMES(modes)                                                                                                   \
    "(SELECT coalesce(pg_catalog.string_agg(coalesce(a.name, ''), pg_catalog.chr(31) ORDER BY a.number), '') FROM "    \
    "" PARAMETERS " WHERE a.mode IN (" modes "))"

#define RESULT_SAID          TYPES_SAID("$6")
#define OUTPUT_NAMES         NAMES("'o', 'b', 't'")
#define INPUT_NAMES          NAMES("'i', 'b', 'v'")
#define ARGUMENTS_ARE        TYPES_ARE(TYPES_GIVEN, "$4")
#define ARGUMENTS_ARE_UNSURE TYPES_ARE_UNSURE("$4")
#define OUTPUT_TYPES         "ARRAY(SELECT a.type FROM " PARAMETERS " WHERE a.mode IN ('o', 'b', 't') ORDER BY a.number)"
#define OUTPUT_TYPES_ARE     TYPES_ARE(OUTPUT_TYPES, "$8")

/* $1 schema, $2 name, $3 possible kinds (pg_proc.prokind), $4 argument types, $5 argument names, $6 the result's type,
 * $7 whether it is a set, $8 types and $9 names of the output, each NULL if not known, $10 the number of defaults:
 * returns the obstacle. */
static const char function_sql[] =
    "SELECT CASE WHEN pg_catalog.strpos($3, p.prokind::text) = 0 THEN CASE p.prokind WHEN 'p' THEN 'is a procedure' "
    "WHEN 'a' THEN 'is an aggregate' WHEN 'w' THEN 'is a window function' ELSE 'is a function' END WHEN $6::text IS "
    "NOT NULL AND EXISTS (SELECT FROM pg_catalog.unnest(" RESULT_SAID ")) AND (p.prorettype <> ALL (" RESULT_SAID
    ") OR "
    "p.proretset <> $7::bool) THEN 'returns another type' WHEN p.prorettype = 2249 AND $9::text IS NOT NULL AND "
    "(" OUTPUT_NAMES " <> $9 OR NOT " OUTPUT_TYPES_ARE ") THEN 'returns other columns' WHEN EXISTS (SELECT FROM "
    "unnest(pg_catalog.string_to_array(" INPUT_NAMES ", pg_catalog.chr(31)), pg_catalog.string_to_array($5, "
    "pg_catalog.chr(31))) AS n(old, new) WHERE n.old <> '' AND n.new IS DISTINCT FROM n.old) THEN 'calls its "
    "parameters otherwise' WHEN p.pronargdefaults > $10::int THEN 'has defaults for more parameters' END FROM "
    "pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = $2::name AND "
    "n.nspname = $1::name AND " ARGUMENTS_ARE " AND NOT " ARGUMENTS_ARE_UNSURE;

static const char *function_why(struct needs *needs, const struct sql_replaced *new, const char *schema)
{
    const char *const values[] = {schema,
                                  new->name,
                                  new->is_procedure ? "p" : "fw",
                                  new->types,
                                  new->names,
                                  new->returns,
                                  new->is_setof ? "true" : "false",
                                  new->output_types,
                                  new->output_types == NULL ? NULL : new->output_names,
                                  arena_printf(needs->arena, "%zu", new->defaults)};
    PG_RESULT(found) = needs_ask(needs, function_sql, 10, values);
    const char *const why = found == NULL || PQntuples(found) != 1 ? NULL : pg_field(found, 0, 0);
    return why == NULL
               ? NULL
               : arena_printf(needs->arena,
                              "The %s \"%s\" that is there %s, which CREATE OR REPLACE cannot change (%s): drop "
                              "it first.",
                              new->is_procedure ? "procedure" : "function", new->name, why,
                              strncmp(why, "is ", 3) == 0 ? SQLSTATE_WRONG_OBJECT_TYPE
                                                          : SQLSTATE_INVALID_FUNCTION_DEFINITION);
}

/* ---- views ---- */

/* $1 schema, $2 name, $3 the new columns' names, $4 their types: returns an old column that would change. */
static const char view_sql[] =
    "SELECT CASE WHEN n.name IS NULL THEN 'is missing' WHEN n.name <> a.attname THEN pg_catalog.format('is called %I', "
    "n.name) ELSE 'has another type' END, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s ON s.oid "
    "= c.relnamespace JOIN (SELECT b.*, pg_catalog.row_number() OVER (PARTITION BY b.attrelid ORDER BY b.attnum) AS "
    "number FROM pg_catalog.pg_attribute b WHERE b.attnum > 0 AND NOT b.attisdropped) a ON a.attrelid = c.oid LEFT "
    "JOIN unnest(pg_catalog.string_to_array($3, pg_catalog.chr(31)), pg_catalog.string_to_array($4, "
    "pg_catalog.chr(31))) WITH ORDINALITY AS n(name, type, number) ON n.number = a.number WHERE c.relkind = 'v' AND "
    "c.relname = $2::name AND s.nspname = $1::name AND (n.name IS NULL OR n.name::name <> a.attname OR (n.type <> '' "
    "AND a.atttypid <> ALL (" TYPES_SAID("n.type") "))) ORDER BY a.number LIMIT 1";

static const char *view_why(struct needs *needs, const struct sql_replaced *new, const char *schema)
{
    const char *const values[] = {schema, new->name, new->names, new->types};
    PG_RESULT(found) = needs_ask(needs, view_sql, 4, values);
    return found == NULL || PQntuples(found) == 0
               ? NULL
               : arena_printf(
                     needs->arena,
                     "The column \"%s\" of the view that is there %s in the new one, which CREATE OR REPLACE cannot "
                     "change (42P16): new columns must come after the old ones, or drop the view first.",
                     pg_field(found, 0, 1), pg_field(found, 0, 0));
}

const char *replaced_why(struct needs *needs, const struct sql_replaced *replaced)
{
    const char *const schema = replaced->schema != NULL ? replaced->schema : world_place(needs->world, false);
    if (schema == NULL || needs->has_cascaded || needs_mentioned(needs, replaced->name) || needs_took(needs, schema) ||
        needs_mentioned(needs, replaced->schema) || needs_mentioned_type(needs, replaced->types) ||
        needs_mentioned_type(needs, replaced->returns) || needs_mentioned_type(needs, replaced->output_types)) {
        return NULL;
    }
    return replaced->is_view ? view_why(needs, replaced, schema) : function_why(needs, replaced, schema);
}
