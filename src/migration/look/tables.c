/*
 * By name first: pg_class has an index for that, and a database may have thousands of schemas. By columns only if that
 * finds nothing, since it reads all of pg_attribute. Everything about a table takes the server ten times as long to
 * plan as finding out that there is none, so that is asked first.
 */
#include "migration/look/tables.h"

#include "pg/code.h"
#include "pg/kept.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

/* Separators of columns, and of the members of one. */
#define COLUMN_END '\x1e'
#define MEMBER_END '\x1f'

#define WITH_OWNER                                                                                                     \
    "WITH owner AS (SELECT r.oid, r.rolname, " PG_IS_TRUSTED("r") " AS is_trusted FROM pg_catalog.pg_roles r) SELECT "

/* Does an untrusted role own anything in this database, or one that initdb made any code (PG_IS_PREDEFINED)? */
#define HAS_STRANGERS                                                                                                  \
    "(EXISTS (SELECT FROM owner o JOIN pg_catalog.pg_shdepend s ON s.refclassid = "                                    \
    "'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid = o.oid AND s.deptype = 'o' WHERE NOT o.is_trusted "   \
    "AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) OR "   \
    "EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN owner o ON o.oid = p.proowner WHERE p.oid >= 16384 "                \
    "AND " PG_IS_PREDEFINED("p.proowner") " AND NOT o.is_trusted))"

/* Code of an untrusted role that runs when a row is read or written. Planning this takes the server three times as long
 * as everything else about a table together, so it is asked only if there are strangers. */
#define FOREIGN_CODE                                                                                                   \
    "SELECT pg_catalog.concat_ws(' of ', " PG_CODE_WORDS ", o.rolname) FROM " PG_CODE_OF(PG_CODE_OF_TABLE(             \
        "c.oid", "c.relowner")) " f JOIN owner o ON o.oid = f.owner AND NOT o.is_trusted ORDER BY 1 LIMIT 1"

/* A heap (pg_am's oid 2) without children, whose rows are in this server. Citus may have them in others. */
#define IS_PLAIN                                                                                                       \
    "c.relkind = 'r' AND NOT c.relhassubclass AND c.relam = 2 AND "                                                    \
    "pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NULL"

/* The candidate tables, each with its columns. A type outside pg_catalog is named with its schema, so that a user's
 * type with a built-in name is not confused. A domain counts as its base type if its owner is the table's or trusted:
 * its checks run when a row is written. */
#define TABLES_SELECT                                                                                                  \
    WITH_OWNER                                                                                                         \
    "n.nspname, c.relname, "                                                                                           \
    "(SELECT pg_catalog.string_agg(pg_catalog.concat_ws(pg_catalog.chr(31), a.attname, "                               \
    "CASE WHEN b.typnamespace = 'pg_catalog'::regnamespace THEN b.typname::text "                                      \
    "ELSE pg_catalog.concat_ws('.', b.typnamespace::regnamespace, b.typname) END, "                                    \
    "CASE WHEN a.attidentity = 'a' OR a.attgenerated <> '' THEN 'g' WHEN (a.attnotnull OR t.typnotnull) "              \
    "AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL THEN 'd' ELSE '' END), "                      \
    "pg_catalog.chr(30) ORDER BY a.attnum) "                                                                           \
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "                                  \
    "JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' AND (t.typowner = c.relowner OR EXISTS "           \
    "(SELECT FROM owner o WHERE o.oid = t.typowner AND o.is_trusted)) THEN t.typbasetype ELSE t.oid END"               \
    " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), "                                             \
    "r.rolname, c.relkind, "                                                                                           \
    "c.relkind IN ('r', 'p') OR pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 = 8, "                           \
    "pg_catalog.row_security_active(c.oid), r.is_trusted, "                                                            \
    "pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'), "            \
    "c.relowner = n.nspowner, EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND "                 \
    "i.indisunique), " HAS_STRANGERS ", c.oid, " IS_PLAIN " "                                                          \
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                             \
    "JOIN owner r ON r.oid = c.relowner WHERE "

/* ---- queries with the names $1: does such a table exist; all about those that exist ---- */

#define HAS_NAME                                                                                                       \
    "c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c', 'i', 'I') AND "                      \
    "c.relname = ANY ($1::pg_catalog.name[])"

static const char by_name_sql[] = TABLES_SELECT HAS_NAME " ORDER BY 1, 2";

/* Objects made by initdb, the server's own catalogs, have oids below 16384 (FirstNormalObjectId). */
#define HAS_COLUMNS(names)                                                                                             \
    "SELECT attrelid FROM pg_catalog.pg_attribute WHERE attname = ANY (" names "::pg_catalog.name[]) AND attrelid "    \
    ">= 16384 GROUP BY attrelid HAVING pg_catalog.count(*) >= 3"

static const char any_columns_sql[] = "SELECT EXISTS (" HAS_COLUMNS("$1") ")";

static const char by_columns_sql[] =
    TABLES_SELECT "c.relpersistence <> 't' AND c.relkind IN ('r', 'p') AND c.oid IN (" HAS_COLUMNS(
        "$1") ") AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2";

/* A first run finds nothing either way, so both are asked at once. $1: table names; $2: column names, NULL if these do
 * not matter. The second result is NULL if it was not needed, because some table has a name. */
static const char any_of_both_sql[] =
    "SELECT n.is_any, CASE WHEN n.is_any THEN NULL WHEN $2::pg_catalog.name[] IS NULL THEN false ELSE EXISTS "
    "(" HAS_COLUMNS("$2") ") END FROM (SELECT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE " HAS_NAME
                          ") AS is_any OFFSET 0) n";

/* $1: oids of tables, in the order of the answer. */
static const char foreign_code_sql[] =
    WITH_OWNER "(" FOREIGN_CODE ") FROM pg_catalog.unnest($1::pg_catalog.oid[]) WITH ORDINALITY t (oid, number) LEFT "
               "JOIN pg_catalog.pg_class c ON c.oid = t.oid ORDER BY t.number";

/* ---- asking ---- */

/* Cuts the text up to a separator off *rest. */
static struct text cut(struct text *rest, char separator)
{
    const char *const end = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);
    const size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    const struct text piece = text_slice(*rest, 0, size);
    *rest = end == NULL ? (struct text){0} : text_slice(*rest, size + 1, rest->size);
    return piece;
}

static void read_columns(struct arena *arena, struct text list, struct table *table)
{
    size_t capacity = 0;
    while (list.size > 0) {
        struct text one = cut(&list, COLUMN_END);
        const struct text name = cut(&one, MEMBER_END);
        const struct text type = cut(&one, MEMBER_END);
        table->columns = arena_grow(arena, table->columns, table->column_count, &capacity, sizeof *table->columns);
        table->columns[table->column_count++] = (struct table_column){
            .name = arena_strndup(arena, name.data, name.size),
            .type = arena_strndup(arena, type.data, type.size),
            .is_demanding = text_is(one, "d"),
            .is_generated = text_is(one, "g"),
        };
    }
}

/* What a relation is if it is no kind of table and prevents creating one of its name; NULL: it is a table. */
static const char *no_table(char kind)
{
    return kind == 'S'                  ? "a sequence"
           : kind == 'c'                ? "a composite type"
           : kind == 'i' || kind == 'I' ? "an index"
                                        : NULL;
}

static struct table read_table(struct arena *arena, const PGresult *result, int row)
{
    const bool is_policed = pg_field_bool(result, row, 6);
    const char kind = pg_field(result, row, 4)[0];
    struct table table = {
        .schema = arena_strdup(arena, pg_field(result, row, 0)),
        .name = arena_strdup(arena, pg_field(result, row, 1)),
        .owner = arena_strdup(arena, pg_field(result, row, 3)),
        .no_table = no_table(kind),
        .is_foreign = kind == 'f',
        .is_writable = pg_field_bool(result, row, 5) && kind != 'f',
        .is_plain = pg_field_bool(result, row, 13),
        .is_policed = is_policed,
        .is_trusted = pg_field_bool(result, row, 7),
        .is_readable = pg_field_bool(result, row, 8) && !is_policed,
        .is_schemas_own = pg_field_bool(result, row, 9),
        .has_key = pg_field_bool(result, row, 10),
    };
    const char *const columns = pg_field(result, row, 2);
    read_columns(arena, text_of(columns == NULL ? "" : columns), &table);
    return table;
}

/* Fills in the foreign code of the tables in these rows. */
static bool ask_foreign_code(const struct request *request, struct pg_session *session, const PGresult *rows,
                             struct table *tables)
{
    const int count = PQntuples(rows);
    struct buffer oids = {.arena = request->arena};
    for (int row = 0; row < count; row++) {
        buffer_printf(&oids, "%c%s", row == 0 ? '{' : ',', pg_field(rows, row, 12));
    }
    buffer_putc(&oids, '}');
    const char *const value = buffer_string(&oids);
    PG_RESULT(result) = pg_query_kept(session, foreign_code_sql, 1, &value, request->status);
    for (int row = 0; result != NULL && row < count; row++) {
        tables[row].foreign_code = arena_strdup(request->arena, pg_field(result, row, 0));
    }
    return result != NULL;
}

/* Appends all about those that exist. */
static bool ask_all(const struct request *request, struct pg_session *session, const char *sql, const char *names,
                    struct tables *tables)
{
    PG_RESULT(result) = pg_query_kept(session, sql, 1, &names, request->status);
    if (result == NULL) {
        return false;
    }
    const size_t rows = (size_t)PQntuples(result);
    struct table *const items = arena_array(request->arena, tables->count + rows, sizeof *items);
    for (size_t i = 0; i < tables->count; i++) {
        items[i] = tables->items[i];
    }
    for (size_t row = 0; row < rows; row++) {
        items[tables->count + row] = read_table(request->arena, result, (int)row);
    }
    const bool has_strangers = rows > 0 && pg_field_bool(result, 0, 11);
    if (has_strangers && !ask_foreign_code(request, session, result, &items[tables->count])) {
        return false;
    }
    tables->items = items;
    tables->count += rows;
    return true;
}

const struct table_column *table_column_of(const struct table *table, struct text name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (text_is(name, table->columns[i].name)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

const struct table *tables_find(const struct tables *tables, const char *schema, const char *name)
{
    for (size_t i = 0; i < tables->count; i++) {
        if (strcmp(tables->items[i].schema, schema) == 0 && strcmp(tables->items[i].name, name) == 0) {
            return &tables->items[i];
        }
    }
    return NULL;
}

const struct table *tables_at(const struct tables *tables, const struct ledger *place)
{
    return tables_find(tables, place->schema, place->table);
}

bool tables_trace(const struct request *request, struct pg_session *session, const char *names, const char *columns,
                  struct table_traces *traces)
{
    *traces = (struct table_traces){.has_name = true};
    if (pg_query_is_kept(session, by_name_sql)) {
        return true;
    }
    PG_RESULT(result) = pg_query(session, any_of_both_sql, 2, (const char *const[]){names, columns}, request->status);
    if (result != NULL) {
        *traces = (struct table_traces){pg_field_bool(result, 0, 0), pg_field_bool(result, 0, 1),
                                        pg_field(result, 0, 1) != NULL};
    }
    return result != NULL;
}

bool tables_trace_columns(const struct request *request, struct pg_session *session, const char *columns,
                          struct table_traces *traces)
{
    if (traces->knows_columns || pg_query_is_kept(session, by_columns_sql)) {
        traces->has_columns = traces->has_columns || !traces->knows_columns;
        return true;
    }
    PG_RESULT(result) = pg_query(session, any_columns_sql, 1, &columns, request->status);
    traces->has_columns = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

bool tables_add_by_name(const struct request *request, struct pg_session *session, const char *names,
                        struct tables *tables)
{
    return ask_all(request, session, by_name_sql, names, tables);
}

bool tables_add_by_columns(const struct request *request, struct pg_session *session, const char *columns,
                           struct tables *tables)
{
    const struct tables known = *tables;
    if (!ask_all(request, session, by_columns_sql, columns, tables)) {
        return false;
    }
    size_t kept = known.count;
    for (size_t i = known.count; i < tables->count; i++) {
        if (tables_find(&known, tables->items[i].schema, tables->items[i].name) == NULL) {
            tables->items[kept++] = tables->items[i];
        }
    }
    tables->count = kept;
    return true;
}
