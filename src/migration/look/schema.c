/*
 * The objects come from the statements' words, cut by words too: this must not depend on what the parser knows, nor
 * cost what it costs. One query with arrays asks the catalogs about all of them.
 */
#include "migration/look/schema.h"

#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* $1 type, $2 schema or NULL, $3 name, $4 parent or NULL, $5 schema of the parent or NULL, as arrays of equal length;
 * $6 the default schema or NULL. One row each, in their order. The cast to name cuts a long name as CREATE does. A
 * table's row type and an array's type are no types that a script creates. (unnest of several arrays is syntax, not a
 * function: it takes no schema.) */
static const char existence_query[] =
    "WITH wanted AS (SELECT o.kind, o.name::name AS name, o.parent::name AS parent, o.number,"
    "  ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname ="
    "   ANY (CASE WHEN coalesce(o.parent_schema, o.schema, $6) IS NULL THEN pg_catalog.current_schemas(false)"
    "        ELSE ARRAY[coalesce(o.parent_schema, o.schema, $6)::name] END)) AS schemas"
    "  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])"
    "  WITH ORDINALITY AS o(kind, schema, name, parent, parent_schema, number)) "
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

static void find_objects(struct arena *arena, struct text sql, struct sql_objects *objects)
{
    struct sql_lexer lexer = {.text = sql};
    struct sql_statement statement;
    while (sql_next_statement(&lexer, &statement)) {
        sql_created_objects(arena, text_slice(sql, statement.start, statement.end), objects);
    }
}

static const char *display_name(struct arena *arena, const struct sql_object *object)
{
    const char *const schema = object->parent != NULL ? object->parent_schema : object->schema;
    return arena_printf(arena, "%s%s%s%s%s", schema == NULL ? "" : schema, schema == NULL ? "" : ".",
                        object->parent == NULL ? "" : object->parent, object->parent == NULL ? "" : ".", object->name);
}

/* strcmp in which NULL comes first. */
static int compare_strings(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a != NULL) - (b != NULL);
    }
    return strcmp(a, b);
}

static int compare_objects(const void *left, const void *right)
{
    const struct sql_object *const a = *(const struct sql_object *const *)left;
    const struct sql_object *const b = *(const struct sql_object *const *)right;
    int order = strcmp(a->type, b->type);
    order = order != 0 ? order : strcmp(a->name, b->name);
    order = order != 0 ? order : compare_strings(a->schema, b->schema);
    order = order != 0 ? order : compare_strings(a->parent, b->parent);
    return order != 0 ? order : compare_strings(a->parent_schema, b->parent_schema);
}

/* For sorting: what is said first comes first. */
static int compare_in_order(const void *left, const void *right)
{
    const struct sql_object *const a = *(const struct sql_object *const *)left;
    const struct sql_object *const b = *(const struct sql_object *const *)right;
    const int order = compare_objects(left, right);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Said twice (IF NOT EXISTS here and there), found once. */
static void drop_repeated(struct arena *arena, struct sql_objects *objects)
{
    const size_t all = objects->count;
    const struct sql_object **const sorted = arena_array(arena, all, sizeof(struct sql_object *));
    bool *const repeated = arena_array(arena, all, sizeof(bool));
    for (size_t i = 0; i < all; i++) {
        sorted[i] = &objects->items[i];
    }
    qsort(sorted, all, sizeof(struct sql_object *), compare_in_order);
    for (size_t i = 1; i < all; i++) {
        repeated[sorted[i] - objects->items] = compare_objects(&sorted[i - 1], &sorted[i]) == 0;
    }
    objects->count = 0;
    for (size_t i = 0; i < all; i++) {
        if (!repeated[i]) {
            objects->items[objects->count++] = objects->items[i];
        }
    }
}

/* Appends one element of an array literal. */
static void put_element(struct buffer *array, const char *value)
{
    buffer_putc(array, array->size == 0 ? '{' : ',');
    if (value == NULL) {
        buffer_puts(array, "NULL");
        return;
    }
    buffer_putc(array, '"');
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buffer_putc(array, '\\');
        }
        buffer_putc(array, *c);
    }
    buffer_putc(array, '"');
}

static PGresult *ask(struct arena *arena, struct pg_session *session, const char *default_schema,
                     const struct sql_objects *objects, struct status *status)
{
    struct buffer arrays[5];
    const char *values[6];
    for (size_t i = 0; i < 5; i++) {
        arrays[i] = (struct buffer){.arena = arena};
    }
    for (size_t i = 0; i < objects->count; i++) {
        const struct sql_object *const object = &objects->items[i];
        put_element(&arrays[0], object->type);
        put_element(&arrays[1], object->schema);
        put_element(&arrays[2], object->name);
        put_element(&arrays[3], object->parent);
        put_element(&arrays[4], object->parent_schema);
    }
    for (size_t i = 0; i < 5; i++) {
        buffer_putc(&arrays[i], '}');
        values[i] = buffer_string(&arrays[i]);
    }
    values[5] = default_schema;
    return pg_query(session, existence_query, 6, values, status);
}

static const char *recommendation(const struct schema_findings *findings)
{
    if (findings->all_exist) {
        return "All DDL objects already exist. Safe to mark as applied without re-running.";
    }
    return findings->some_exist ? "Some objects already exist. Review carefully before running or marking as applied."
                                : "No existing objects detected. Safe to run this migration.";
}

/* What the server says of each object. */
static bool look_up(struct arena *arena, struct pg_session *session, const char *default_schema,
                    const struct sql_objects *objects, struct schema_findings *findings, struct status *status)
{
    PG_RESULT(result) = ask(arena, session, default_schema, objects, status);
    if (result == NULL) {
        return false;
    }
    size_t existing = 0;
    findings->items = arena_array(arena, objects->count, sizeof *findings->items);
    findings->count = objects->count;
    for (size_t i = 0; i < objects->count; i++) {
        findings->items[i] = (struct schema_finding){
            .type = objects->items[i].type,
            .name = display_name(arena, &objects->items[i]),
            .exists = pg_field_bool(result, (int)i, 0),
        };
        existing += findings->items[i].exists ? 1 : 0;
    }
    findings->some_exist = existing > 0;
    findings->all_exist = existing == objects->count;
    return true;
}

bool schema_detect(struct arena *arena, struct pg_session *session, const char *default_schema, struct text sql,
                   struct schema_findings *findings, struct status *status)
{
    struct sql_objects objects = {0};
    *findings = (struct schema_findings){0};
    if (text_starts_with(sql, BYTE_ORDER_MARK)) {
        sql = text_slice(sql, strlen(BYTE_ORDER_MARK), sql.size);
    }
    if (text_trim(sql).size == 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "sql is required.");
    }
    if (!text_is_utf8(sql, NULL)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "sql must be UTF-8 text.");
    }
    find_objects(arena, sql, &objects);
    if (objects.count > 0) {
        drop_repeated(arena, &objects);
        if (!look_up(arena, session, default_schema, &objects, findings, status)) {
            return false;
        }
    }
    findings->recommendation = recommendation(findings);
    return true;
}
