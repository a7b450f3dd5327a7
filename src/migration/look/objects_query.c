/*
 * One query with arrays asks the catalogs about all objects at once. pg_catalog is named everywhere, because a script's
 * own schema must not answer.
 */
#include "migration/look/objects_query.h"

#include "pg/briefly.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

/* Parameters, as arrays of equal length: $1 type, $2 schema or NULL, $3 name, $4 parent or NULL, $5 the parent's schema
 * or NULL; and $6 the default schema or NULL. One row each, in order. The cast to name cuts a long name like CREATE
 * does. Row types of tables and array types are not types that a script creates. (unnest with several arrays is syntax,
 * not a function, so it has no schema.) */
#define WANTED                                                                                                         \
    "WITH wanted AS (SELECT o.kind, o.name::name AS name, o.parent::name AS parent, o.number,"                         \
    "  ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname ="                                            \
    "   ANY (CASE WHEN coalesce(o.parent_schema, o.schema, $6) IS NULL THEN " PG_SCRIPT_SCHEMAS ""                     \
    "        ELSE ARRAY[coalesce(o.parent_schema, o.schema, $6)::name] END)) AS schemas"                               \
    "  FROM unnest(" PG_AS_SCRIPT(                                                                                     \
        PG_BRIEFLY("$1::text[]")) ", $2::text[], $3::text[], $4::text[], $5::text[])"                                  \
                                  "  WITH ORDINALITY AS o(kind, schema, name, parent, parent_schema, number)) "

/* Of a row `s` of pg_sequence, as definition_compare_sequence takes it. */
#define OBJECTS_SEQUENCE                                                                                               \
    "pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, "         \
    "s.seqstart, s.seqcache, s.seqcycle)"

static const char existence_query[] = WANTED
    "SELECT CASE w.kind"
    " WHEN 'schema' THEN EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = w.name)"
    " WHEN 'extension' THEN EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = w.name)"
    " WHEN 'domain' THEN EXISTS (SELECT FROM pg_catalog.pg_type t"
    "  WHERE t.typname = w.name AND t.typnamespace = ANY (w.schemas) AND t.typtype = 'd')"
    " WHEN 'type' THEN EXISTS (SELECT FROM pg_catalog.pg_type t"
    "  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid"
    "  WHERE t.typname = w.name AND t.typnamespace = ANY (w.schemas) AND t.typtype <> 'd'"
    "  AND t.typcategory <> 'A' AND coalesce(c.relkind, 'c') = 'c')"
    " WHEN 'enum value' THEN EXISTS (SELECT FROM pg_catalog.pg_enum e"
    "  JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid"
    "  WHERE e.enumlabel = w.name AND t.typname = w.parent AND t.typnamespace = ANY (w.schemas))"
    " WHEN 'function' THEN EXISTS (SELECT FROM pg_catalog.pg_proc p"
    "  WHERE p.proname = w.name AND p.pronamespace = ANY (w.schemas) AND p.prokind <> 'p')"
    " WHEN 'procedure' THEN EXISTS (SELECT FROM pg_catalog.pg_proc p"
    "  WHERE p.proname = w.name AND p.pronamespace = ANY (w.schemas) AND p.prokind = 'p')"
    " WHEN 'column' THEN EXISTS (SELECT FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas)"
    "  AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped)"
    " WHEN 'constraint' THEN EXISTS (SELECT FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas) AND k.conname = w.name)"
    " WHEN 'trigger' THEN EXISTS (SELECT FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas) AND g.tgname = w.name AND NOT g.tgisinternal)"
    " WHEN 'policy' THEN EXISTS (SELECT FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_policy y ON y.polrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas) AND y.polname = w.name)"
    " ELSE EXISTS (SELECT FROM pg_catalog.pg_class c"
    "  WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas) AND c.relkind = ANY (CASE w.kind"
    "   WHEN 'table' THEN '{r,p,f}' WHEN 'index' THEN '{i,I}' WHEN 'view' THEN '{v}'"
    "   WHEN 'materialized view' THEN '{m}' WHEN 'sequence' THEN '{S}' END::\"char\"[]))"
    " END FROM wanted w ORDER BY w.number";

/* What is wrong with each existing object, and a function's attributes or a table's kind; else NULL. Overloaded
 * functions are left out. */
static const char flaws_query[] = WANTED
    "SELECT CASE w.kind"
    " WHEN 'index' THEN (SELECT CASE WHEN NOT i.indisvalid OR NOT i.indisready THEN 'INVALID' END"
    "  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"
    "  WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas) LIMIT 1)"
    " WHEN 'constraint' THEN (SELECT CASE WHEN NOT k.convalidated THEN 'NOT VALID' END FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas) AND k.conname = w.name LIMIT 1)"
    " WHEN 'trigger' THEN (SELECT CASE WHEN g.tgenabled IN ('D', 'R') THEN 'disabled' END FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas) AND g.tgname = w.name LIMIT 1)"
    " WHEN 'materialized view' THEN (SELECT CASE WHEN NOT c.relispopulated THEN 'not populated' END"
    "  FROM pg_catalog.pg_class c WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas)"
    "  AND c.relkind = 'm' LIMIT 1)"
    " END, CASE WHEN w.kind IN ('function', 'procedure') THEN (SELECT pg_catalog.min(pg_catalog.concat_ws(' ', "
    "l.lanname,"
    "  CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END, CASE WHEN p.prosecdef"
    "  THEN 'definer' ELSE 'invoker' END, CASE WHEN p.proisstrict THEN 'strict' ELSE 'called' END)) FROM"
    "  pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.proname = w.name AND"
    "  p.pronamespace = ANY (w.schemas) AND (p.prokind = 'p') = (w.kind = 'procedure')"
    "  HAVING pg_catalog.count(*) = 1)"
    " WHEN w.kind = 'table' THEN (SELECT pg_catalog.concat(CASE c.relkind WHEN 'f' THEN 'foreign' WHEN 'p' THEN"
    "  'partitioned' ELSE 'plain' END, CASE c.relpersistence WHEN 'u' THEN ' unlogged' END) FROM pg_catalog.pg_class c"
    "  WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas) AND c.relkind IN ('r', 'p', 'f') LIMIT 1)"
    " END FROM wanted w ORDER BY w.number";

/* The definition of each, and the whole statement of a function. */
static const char definitions_query[] = WANTED
    "SELECT CASE w.kind"
    " WHEN 'index' THEN (SELECT pg_catalog.pg_get_indexdef(c.oid) FROM pg_catalog.pg_class c"
    "  WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas) AND c.relkind IN ('i', 'I') LIMIT 1)"
    " WHEN 'constraint' THEN (SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas) AND k.conname = w.name LIMIT 1)"
    " WHEN 'trigger' THEN (SELECT pg_catalog.pg_get_triggerdef(g.oid) FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid"
    "  WHERE c.relname = w.parent AND c.relnamespace = ANY (w.schemas) AND g.tgname = w.name LIMIT 1)"
    " WHEN 'view' THEN (SELECT pg_catalog.pg_get_viewdef(c.oid) FROM pg_catalog.pg_class c"
    "  WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas) AND c.relkind = 'v' LIMIT 1)"
    " WHEN 'materialized view' THEN (SELECT pg_catalog.pg_get_viewdef(c.oid) FROM pg_catalog.pg_class c"
    "  WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas) AND c.relkind = 'm' LIMIT 1)"
    " WHEN 'type' THEN coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', '"
    "  ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid"
    "  WHERE t.typname = w.name AND t.typnamespace = ANY (w.schemas)),"
    "  (SELECT pg_catalog.string_agg(pg_catalog.concat(pg_catalog.quote_ident(a.attname), ' ',"
    "   pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_type t"
    "   JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' JOIN pg_catalog.pg_attribute a"
    "   ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "   WHERE t.typname = w.name AND t.typnamespace = ANY (w.schemas)),"
    "  (SELECT pg_catalog.concat('subtype = ', pg_catalog.format_type(r.rngsubtype, NULL)) FROM pg_catalog.pg_range r"
    "   JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid WHERE t.typname = w.name AND t.typnamespace = ANY (w.schemas)"
    "   LIMIT 1))"
    " WHEN 'sequence' THEN (SELECT " OBJECTS_SEQUENCE " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_sequence s"
    "  ON s.seqrelid = c.oid WHERE c.relname = w.name AND c.relnamespace = ANY (w.schemas) LIMIT 1)"
    " WHEN 'domain' THEN (SELECT pg_catalog.concat(pg_catalog.format_type(t.typbasetype, t.typtypmod),"
    "  CASE WHEN t.typnotnull THEN ' NOT NULL' END, ' DEFAULT ' || t.typdefault, (SELECT pg_catalog.string_agg("
    "  ' ' || pg_catalog.pg_get_constraintdef(k.oid), '' ORDER BY k.conname) FROM pg_catalog.pg_constraint k"
    "  WHERE k.contypid = t.oid AND k.contype = 'c')) FROM pg_catalog.pg_type t"
    "  WHERE t.typname = w.name AND t.typnamespace = ANY (w.schemas) AND t.typtype = 'd' LIMIT 1)"
    " WHEN 'policy' THEN (SELECT pg_catalog.concat(CASE WHEN y.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,"
    "  ' FOR ', CASE y.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN"
    "  'DELETE' ELSE 'ALL' END, ' TO ', (SELECT pg_catalog.string_agg(CASE WHEN g.role = 0 THEN 'public' ELSE"
    "  pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.role)) END, ', ') FROM pg_catalog.unnest(y.polroles)"
    "  AS g(role)), ' USING (' || pg_catalog.pg_get_expr(y.polqual, y.polrelid) || ')',"
    "  ' WITH CHECK (' || pg_catalog.pg_get_expr(y.polwithcheck, y.polrelid) || ')') FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_policy y ON y.polrelid = c.oid WHERE c.relname = w.parent AND c.relnamespace = ANY"
    "  (w.schemas) AND y.polname = w.name LIMIT 1)"
    " WHEN 'function' THEN (SELECT pg_catalog.min(p.prosrc) FROM pg_catalog.pg_proc p"
    "  WHERE p.proname = w.name AND p.pronamespace = ANY (w.schemas) AND p.prokind <> 'p'"
    "  HAVING pg_catalog.count(*) = 1)"
    " WHEN 'procedure' THEN (SELECT pg_catalog.min(p.prosrc) FROM pg_catalog.pg_proc p"
    "  WHERE p.proname = w.name AND p.pronamespace = ANY (w.schemas) AND p.prokind = 'p'"
    "  HAVING pg_catalog.count(*) = 1)"
    " END, CASE WHEN w.kind IN ('function', 'procedure') THEN (SELECT pg_catalog.min(CASE WHEN p.prokind <> 'a' THEN"
    "  pg_catalog.pg_get_functiondef(p.oid) END) FROM pg_catalog.pg_proc p WHERE p.proname = w.name AND p.pronamespace "
    "="
    "  ANY (w.schemas) AND (p.prokind = 'p') = (w.kind = 'procedure') HAVING pg_catalog.count(*) = 1) END FROM wanted "
    "w ORDER BY w.number";

/* Parameters, as arrays: $1 schema or NULL, $2 table, $3 column, $4 its type in the script or NULL; and $5 the default
 * schema or NULL. Returns the column's type, whether its type without modifiers is the same (NULL: not known), whether
 * it is NOT NULL, its default, whether it has a unique index of its own, what its own foreign keys reference, its place
 * in the primary key, attidentity, attgenerated, its collation if it is not the type's, of a sequence that it owns the
 * name and the definition, whether its strings are printed as they are, and of a sequence that its default uses the
 * schema and the name; all NULL if the column does not exist. */
static const char columns_query[] =
    "SELECT pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.to_regtype(o.type) = a.atttypid, a.attnotnull,"
    " (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND "
    "d.adnum = a.attnum),"
    " EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND "
    "i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL),"
    " (SELECT pg_catalog.string_agg(pg_catalog.concat(pg_catalog.chr(31), v.relation, pg_catalog.chr(31), v.attribute, "
    "pg_catalog.chr(31), k.confdeltype, k.confupdtype, pg_catalog.chr(31)), '') FROM pg_catalog.pg_constraint k "
    "JOIN pg_catalog.pg_class r ON r.oid = k.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = r.relnamespace "
    "JOIN pg_catalog.pg_attribute t ON t.attrelid = r.oid AND t.attnum = k.confkey[1] CROSS JOIN LATERAL (VALUES "
    "(r.relname::text, t.attname::text), (r.relname::text, ''), (pg_catalog.concat(m.nspname, '.', r.relname), "
    "t.attname::text), (pg_catalog.concat(m.nspname, '.', r.relname), '')) AS v(relation, attribute) "
    "WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum] AND k.convalidated AND "
    "k.confmatchtype = 's' AND NOT k.condeferrable AND (v.attribute <> '' OR EXISTS (SELECT FROM "
    "pg_catalog.pg_index i WHERE i.indrelid = r.oid AND i.indisprimary AND i.indexrelid = k.conindid)) AND "
    "(v.relation <> r.relname OR m.nspname = ANY (CASE WHEN $5 IS NULL THEN " PG_SCRIPT_SCHEMAS
    " ELSE ARRAY[$5::name] END))),"
    " (SELECT pg_catalog.concat(pg_catalog.array_position(k.conkey, a.attnum), ' of ', "
    "pg_catalog.cardinality(k.conkey))"
    " FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)),"
    " a.attidentity, a.attgenerated, (SELECT l.collname FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_type y ON "
    "y.typcollation <> l.oid WHERE l.oid = a.attcollation AND y.oid = a.atttypid), q.relname, " OBJECTS_SEQUENCE
    ", (SELECT y.typcategory IN ('S', 'E') FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid), (SELECT m.nspname FROM "
    "pg_catalog.pg_namespace m WHERE m.oid = u.relnamespace), u.relname"
    " FROM unnest(" PG_AS_SCRIPT(PG_BRIEFLY(
        "$1::text[]")) ", $2::text[], $3::text[], $4::text[])"
                       " WITH ORDINALITY AS o(schema, parent, name, type, number)"
                       " LEFT JOIN LATERAL (SELECT a.* FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
                       "n.oid = c.relnamespace"
                       "  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
                       "  WHERE c.relname = o.parent::name AND n.nspname = ANY (CASE WHEN coalesce(o.schema, $5) IS "
                       "NULL"
                       "   THEN " PG_SCRIPT_SCHEMAS " ELSE ARRAY[coalesce(o.schema, $5)::name] END)"
                       "  AND c.relkind IN ('r', 'p', 'f') AND a.attname = o.name::name AND a.attnum > 0 AND NOT "
                       "a.attisdropped LIMIT 1) a"
                       " ON true LEFT JOIN LATERAL (SELECT q.oid, q.relname FROM pg_catalog.pg_depend d JOIN "
                       "pg_catalog.pg_class q ON q.oid = d.objid AND q.relkind = 'S' WHERE d.classid = "
                       "'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND "
                       "d.refobjid "
                       "= a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i') LIMIT 1) q ON true LEFT "
                       "JOIN pg_catalog.pg_sequence s ON s.seqrelid = q.oid LEFT JOIN LATERAL (SELECT w.relname, "
                       "w.relnamespace FROM pg_catalog.pg_attrdef e JOIN pg_catalog.pg_depend d ON d.classid = "
                       "'pg_catalog.pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = "
                       "'pg_catalog.pg_class'::regclass JOIN pg_catalog.pg_class w ON w.oid = d.refobjid AND w.relkind "
                       "= "
                       "'S' WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum LIMIT 1) u ON true ORDER BY o.number";

/* Parameters, as arrays: $1 schema or NULL, $2 table or NULL; and $3 the default schema or NULL. For each of their
 * constraints the number of the table, name, definition, and whether it is valid. */
static const char constraints_query[] =
    "SELECT o.number, k.conname, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated FROM unnest(" PG_AS_SCRIPT(
        PG_BRIEFLY(
            "$1::text[]")) ", $2::text[]) WITH ORDINALITY AS o(schema, name, number) JOIN LATERAL (SELECT c.oid "
                           "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                           "WHERE c.relname = o.name::name AND n.nspname = ANY (CASE WHEN coalesce(o.schema, $3) "
                           "IS NULL THEN " PG_SCRIPT_SCHEMAS " ELSE ARRAY[coalesce(o.schema, $3)::name] END) AND "
                           "c.relkind IN ('r', 'p', 'f') LIMIT 1) c ON true JOIN pg_catalog.pg_constraint k ON "
                           "k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x') ORDER BY o.number, "
                           "k.conname";

/* Fills the arrays of WANTED and sends the query. */
static PGresult *ask(const struct objects_place *place, const char *query, const struct sql_objects *objects,
                     struct status *status)
{
    struct buffer arrays[5];
    const char *values[6];
    for (size_t i = 0; i < 5; i++) {
        arrays[i] = (struct buffer){.arena = place->arena};
    }
    for (size_t i = 0; i < objects->count; i++) {
        const struct sql_object *const object = &objects->items[i];
        pg_put_element(&arrays[0], object->type);
        pg_put_element(&arrays[1], object->schema);
        pg_put_element(&arrays[2], object->name);
        pg_put_element(&arrays[3], object->parent);
        pg_put_element(&arrays[4], object->parent_schema);
    }
    for (size_t i = 0; i < 5; i++) {
        values[i] = pg_array_text(&arrays[i]);
    }
    values[5] = place->default_schema;
    return pg_query_kept(place->session, query, 6, values, status);
}

PGresult *objects_exist(const struct objects_place *place, const struct sql_objects *objects, struct status *status)
{
    return ask(place, existence_query, objects, status);
}

PGresult *objects_flaws(const struct objects_place *place, const struct sql_objects *objects, struct status *status)
{
    return ask(place, flaws_query, objects, status);
}

PGresult *objects_definitions(const struct objects_place *place, const struct sql_objects *objects,
                              struct status *status)
{
    return ask(place, definitions_query, objects, status);
}

/* The type's name for the query; NULL for serial, which is no type, and for anything that is no plain name, because the
 * server would fail on it. */
static const char *type_name(struct arena *arena, const char *type)
{
    static const char *const words[][2] = {
        {"serial", "int4"},  {"serial4", "int4"},     {"bigserial", "int8"},
        {"serial8", "int8"}, {"smallserial", "int2"}, {"serial2", "int2"},
    };
    static const char *const long_names[] = {
        "double precision",         "character varying",           "bit varying",
        "timestamp with time zone", "timestamp without time zone", "time with time zone",
        "time without time zone"};
    const struct text text = text_of(type);
    const struct text base = text_slice(text, 0, text_find(text, "[", 0));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_is_nocase(text, words[i][0])) {
            return words[i][1];
        }
    }
    bool is_plain = text_find(base, " ", 0) == SIZE_MAX || text_starts_with(base, "\"");
    for (size_t i = 0; !is_plain && i < sizeof long_names / sizeof long_names[0]; i++) {
        is_plain = text_is_nocase(base, long_names[i]);
    }
    return is_plain ? arena_strdup(arena, type) : NULL;
}

PGresult *objects_columns(const struct objects_place *place, const struct sql_objects *objects,
                          const struct definition_columns *columns, struct status *status)
{
    struct buffer arrays[4];
    const char *values[5];
    for (size_t i = 0; i < 4; i++) {
        arrays[i] = (struct buffer){.arena = place->arena};
    }
    for (size_t i = 0; i < columns->count; i++) {
        const struct definition_column *const column = &columns->items[i];
        const struct sql_object *const object = &objects->items[column->object];
        const bool is_table = object->parent == NULL;
        pg_put_element(&arrays[0], is_table ? object->schema : object->parent_schema);
        pg_put_element(&arrays[1], is_table ? object->name : object->parent);
        pg_put_element(&arrays[2], column->name);
        pg_put_element(&arrays[3], type_name(place->arena, column->type));
    }
    for (size_t i = 0; i < 4; i++) {
        values[i] = pg_array_text(&arrays[i]);
    }
    values[4] = place->default_schema;
    return pg_query_kept(place->session, columns_query, 5, values, status);
}

PGresult *objects_constraints(const struct objects_place *place, const struct sql_objects *objects,
                              const struct definition_columns *columns, struct status *status)
{
    struct buffer schemas = {.arena = place->arena};
    struct buffer names = {.arena = place->arena};
    for (size_t i = 0, clause = 0; i < objects->count; i++) {
        const struct sql_object *const object = &objects->items[i];
        while (clause < columns->clause_count && columns->clauses[clause].object < i) {
            clause++;
        }
        const bool is_asked = clause < columns->clause_count && columns->clauses[clause].object == i;
        const char *const table = object->parent == NULL ? object->name : object->parent;
        pg_put_element(&schemas, object->parent == NULL ? object->schema : object->parent_schema);
        pg_put_element(&names, is_asked ? table : NULL);
    }
    const char *const values[] = {pg_array_text(&schemas), pg_array_text(&names), place->default_schema};
    return pg_query_kept(place->session, constraints_query, 3, values, status);
}
