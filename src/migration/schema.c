/*
 * The objects come from the statements' words; one query with arrays asks the catalogs about all of them.
 */
#include "migration/schema.h"

#include "sql/classify.h"
#include "sql/lexer.h"
#include "sql/split.h"

#include <string.h>

/* $1 type, $2 schema or NULL, $3 name, $4 parent or NULL, $5 schema of the parent or NULL, as arrays of equal length;
 * $6 the default schema or NULL. One row each, in their order. current_schemas(true) has pg_catalog and the search
 * path. */
static const char existence_query[] =
    "WITH wanted AS (SELECT o.kind, o.name, o.parent, o.number,"
    " CASE WHEN o.schema IS NOT NULL THEN ARRAY[o.schema] WHEN $6::text IS NOT NULL THEN ARRAY[$6::text]"
    " ELSE pg_catalog.current_schemas(false)::text[] END AS schemas,"
    " CASE WHEN o.parent_schema IS NOT NULL THEN ARRAY[o.parent_schema] WHEN $6::text IS NOT NULL THEN ARRAY[$6::text]"
    " ELSE pg_catalog.current_schemas(false)::text[] END AS parent_schemas"
    " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])"
    " WITH ORDINALITY AS o(kind, schema, name, parent, parent_schema, number)) "
    "SELECT CASE w.kind"
    " WHEN 'schema' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n WHERE n.nspname = w.name)"
    " WHEN 'extension' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_extension e WHERE e.extname = w.name)"
    " WHEN 'type' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = "
    "t.typnamespace"
    "  WHERE t.typname = w.name AND n.nspname = ANY (w.schemas))"
    " WHEN 'domain' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = "
    "t.typnamespace"
    "  WHERE t.typname = w.name AND t.typtype = 'd' AND n.nspname = ANY (w.schemas))"
    " WHEN 'enum value' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = "
    "e.enumtypid"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
    "  WHERE e.enumlabel = w.name AND t.typname = w.parent AND n.nspname = ANY (w.parent_schemas))"
    " WHEN 'function' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = "
    "p.pronamespace"
    "  WHERE p.proname = w.name AND p.prokind <> 'p' AND n.nspname = ANY (w.schemas))"
    " WHEN 'procedure' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = "
    "p.pronamespace"
    "  WHERE p.proname = w.name AND p.prokind = 'p' AND n.nspname = ANY (w.schemas))"
    " WHEN 'column' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = "
    "a.attrelid"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attname = w.name AND a.attnum > 0"
    "  AND NOT a.attisdropped AND c.relname = w.parent AND n.nspname = ANY (w.parent_schemas))"
    " WHEN 'constraint' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = "
    "k.conrelid"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE k.conname = w.name AND c.relname = w.parent"
    "  AND n.nspname = ANY (w.parent_schemas))"
    " WHEN 'trigger' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE g.tgname = w.name AND NOT g.tgisinternal"
    "  AND c.relname = w.parent AND n.nspname = ANY (w.parent_schemas))"
    " WHEN 'policy' THEN EXISTS (SELECT 1 FROM pg_catalog.pg_policy y JOIN pg_catalog.pg_class c ON c.oid = y.polrelid"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE y.polname = w.name AND c.relname = w.parent"
    "  AND n.nspname = ANY (w.parent_schemas))"
    " ELSE EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE c.relname = w.name AND n.nspname = ANY (w.schemas) AND c.relkind::text = ANY (CASE w.kind"
    "   WHEN 'table' THEN ARRAY['r', 'p', 'f'] WHEN 'index' THEN ARRAY['i', 'I'] WHEN 'view' THEN ARRAY['v']"
    "   WHEN 'materialized view' THEN ARRAY['m'] ELSE ARRAY['S'] END))"
    " END FROM wanted w ORDER BY w.number";

/* Behind the next semicolon that ends a statement, as far as words alone tell: for scripts that the parser does not
 * know. */
static size_t end_by_words(struct text sql, size_t start)
{
    struct sql_lexer lexer = {.text = sql, .offset = start};
    for (;;) {
        const struct sql_token token = sql_next(&lexer);
        if (token.kind == SQL_END || token.kind == SQL_BROKEN) {
            return sql.size;
        }
        if (sql_is_symbol(&token, ';')) {
            return lexer.offset;
        }
    }
}

static void find_objects(struct arena *arena, struct text sql, struct sql_objects *objects)
{
    struct sql_split split;
    sql_split(arena, sql, &split);
    for (size_t i = 0; i < split.count; i++) {
        sql_created_objects(arena, text_slice(sql, split.statements[i].start, split.statements[i].end), objects);
    }
    for (size_t start = 0; !split.parsed && start < sql.size;) {
        const size_t end = end_by_words(sql, start);
        sql_created_objects(arena, text_slice(sql, start, end), objects);
        start = end;
    }
}

static const char *display_name(struct arena *arena, const struct sql_object *object)
{
    const char *const schema = object->parent != NULL ? object->parent_schema : object->schema;
    return arena_printf(arena, "%s%s%s%s%s", schema == NULL ? "" : schema, schema == NULL ? "" : ".",
                        object->parent == NULL ? "" : object->parent, object->parent == NULL ? "" : ".", object->name);
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Said twice (IF NOT EXISTS here and there), found once. */
static size_t drop_repeated(struct sql_objects *objects)
{
    size_t count = 0;
    for (size_t i = 0; i < objects->count; i++) {
        const struct sql_object *const object = &objects->items[i];
        bool seen = false;
        for (size_t j = 0; j < count && !seen; j++) {
            const struct sql_object *const other = &objects->items[j];
            seen = is_same(object->type, other->type) && is_same(object->name, other->name) &&
                   is_same(object->schema, other->schema) && is_same(object->parent, other->parent) &&
                   is_same(object->parent_schema, other->parent_schema);
        }
        if (!seen) {
            objects->items[count++] = *object;
        }
    }
    return count;
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

bool schema_detect(struct arena *arena, struct pg_session *session, const char *default_schema, struct text sql,
                   struct schema_findings *findings, struct status *status)
{
    struct sql_objects objects = {0};
    *findings = (struct schema_findings){0};
    if (text_trim(sql).size == 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "sql is required.");
    }
    find_objects(arena, sql, &objects);
    objects.count = drop_repeated(&objects);
    if (objects.count > 0) {
        PG_RESULT(result) = ask(arena, session, default_schema, &objects, status);
        if (result == NULL) {
            return false;
        }
        size_t existing = 0;
        findings->items = arena_array(arena, objects.count, sizeof *findings->items);
        for (size_t i = 0; i < objects.count; i++) {
            findings->items[i] = (struct schema_finding){
                .type = objects.items[i].type,
                .name = display_name(arena, &objects.items[i]),
                .exists = pg_field_bool(result, (int)i, 0),
            };
            existing += findings->items[i].exists ? 1 : 0;
        }
        findings->count = objects.count;
        findings->some_exist = existing > 0;
        findings->all_exist = existing == objects.count;
    }
    findings->recommendation = recommendation(findings);
    return true;
}
