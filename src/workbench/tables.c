/*
 * Shows only what the role may read, and nothing that belongs to the server or to Truss.
 */
#include "workbench/tables.h"

#include "pg/own_query.h"
#include "pg/query.h"
#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

#define TABLES_MS 15000

#define KIND                                                                                                           \
    "CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' "                     \
    "WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END"
#define ROWS "CASE WHEN c.reltuples < 0 OR c.relkind = 'v' THEN NULL ELSE c.reltuples::bigint END"
#define MAY_READ                                                                                                       \
    "pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') "            \
    "OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))"

static const char list_sql[] =
    "SELECT n.nspname, c.relname, " KIND ", " ROWS ", "
    "CASE WHEN $1::bool AND c.relkind IN ('r', 'p', 'm') THEN pg_catalog.pg_total_relation_size(c.oid) END "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', '{truss}') "
    "AND n.nspname !~ '^pg_(toast|temp)' AND " MAY_READ " "
    "ORDER BY n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\"";

PGresult *tables_list(const struct workbench_call *call, bool sizes, struct workbench_target *target)
{
    struct readonly reading;
    const char *const values[] = {sizes ? "true" : "false"};
    if (!readonly_begin(call, TABLES_MS, &reading)) {
        return NULL;
    }
    PGresult *const result =
        readonly_look(&reading) ? own_query(reading.session, list_sql, 1, values, call->status) : NULL;
    *target = workbench_target_of(call, reading.session);
    readonly_end(&reading);
    return result;
}

/* ---- one relation ---- */

/* $1 schema ("": by the search path, $3), $2 name. */
static const char relation_sql[] =
    "SELECT n.nspname, c.relname, " KIND ", " ROWS ", pg_catalog.pg_total_relation_size(c.oid), "
    "pg_catalog.pg_get_userbyid(c.relowner), pg_catalog.pg_table_size(c.oid) - COALESCE("
    "pg_catalog.pg_total_relation_size(NULLIF(c.reltoastrelid, 0)), 0), pg_catalog.pg_indexes_size(c.oid), "
    "COALESCE(pg_catalog.pg_total_relation_size(NULLIF(c.reltoastrelid, 0)), 0), "
    "CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END, c.oid, " MAY_READ " "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = $2::name "
    "AND (n.nspname = $1::name OR ($1 = '' AND n.nspname = ANY ($3::name[]))) "
    "ORDER BY pg_catalog.array_position($3::name[], n.nspname) LIMIT 1";

static const char columns_sql[] =
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, "
    "pg_catalog.pg_get_expr(d.adbin, d.adrelid), "
    "CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END, a.attgenerated <> '', "
    "pg_catalog.col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_attribute a "
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

static const char indexes_sql[] =
    "SELECT c.relname, pg_catalog.pg_get_indexdef(i.indexrelid), i.indisunique, i.indisprimary, i.indisvalid, "
    "pg_catalog.pg_relation_size(i.indexrelid) FROM pg_catalog.pg_index i "
    "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::oid "
    "ORDER BY c.relname::text COLLATE \"C\"";

static const char constraints_sql[] =
    "SELECT k.conname, CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'f' THEN 'foreign key' WHEN 'u' THEN 'unique' "
    "WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion' WHEN 't' THEN 'trigger' WHEN 'n' THEN 'not null' ELSE '?' END, "
    "pg_catalog.pg_get_constraintdef(k.oid), k.convalidated FROM pg_catalog.pg_constraint k "
    "WHERE k.conrelid = $1::oid ORDER BY k.conname::text COLLATE \"C\"";

/* "schema.table" as people write it: a quoted name is taken literally, and so is an unquoted one, because it is listed
 * that way. */
static bool read_name(struct arena *arena, const char *word, const char **schema, const char **name)
{
    struct sql_reader reader = sql_read(text_of(word));
    const char *parts[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        const bool is_bare = reader.token.kind == SQL_WORD;
        parts[i] = is_bare ? arena_strndup(arena, reader.token.text.data, reader.token.text.size)
                           : sql_identifier(arena, &reader.token);
        if (parts[i] == NULL) {
            return false;
        }
        sql_advance(&reader);
        if (!sql_is_symbol(&reader.token, '.')) {
            break;
        }
        sql_advance(&reader);
    }
    *schema = parts[1] == NULL ? "" : parts[0];
    *name = parts[1] == NULL ? parts[0] : parts[1];
    return reader.token.kind == SQL_END;
}

static bool find_relation(struct readonly *reading, const char *word, struct description *description)
{
    struct status *const status = reading->call->status;
    const char *values[3] = {"", "", reading->schemas};
    if (!read_name(reading->call->arena, word, &values[0], &values[1])) {
        /* Not a valid name in SQL: my table, as it is listed. */
        const char *const dot = strchr(word, '.');
        values[0] = dot == NULL ? "" : arena_strndup(reading->call->arena, word, (size_t)(dot - word));
        values[1] = dot == NULL ? word : dot + 1;
    }
    description->relation = pg_query(reading->session, relation_sql, 3, values, status);
    if (description->relation == NULL) {
        return false;
    }
    if (PQntuples(description->relation) == 0) {
        return status_fail(status, STATUS_NOT_FOUND, "There is no table or view %.200s.", word);
    }
    return pg_field_bool(description->relation, 0, DESCRIBED_MAY_READ) ||
           status_fail(status, STATUS_PERMISSION_DENIED, "%s may not read %.200s.", reading->role, word);
}

static bool describe(struct readonly *reading, const char *word, struct description *description)
{
    struct status *const status = reading->call->status;
    if (!readonly_look(reading) || !find_relation(reading, word, description)) {
        return false;
    }
    const char *const oid = pg_field(description->relation, 0, DESCRIBED_OID);
    description->columns = pg_query(reading->session, columns_sql, 1, &oid, status);
    description->indexes =
        description->columns == NULL ? NULL : pg_query(reading->session, indexes_sql, 1, &oid, status);
    description->constraints =
        description->indexes == NULL ? NULL : pg_query(reading->session, constraints_sql, 1, &oid, status);
    return description->constraints != NULL;
}

bool table_describe(const struct workbench_call *call, const char *name, struct description *description)
{
    struct readonly reading;
    *description = (struct description){0};
    if (name[0] == '\0') {
        return status_fail(call->status, STATUS_INVALID_ARGUMENT, "Name a table: \"schema.table\".");
    }
    if (!readonly_begin(call, TABLES_MS, &reading)) {
        return false;
    }
    const bool ok = describe(&reading, name, description);
    description->target = workbench_target_of(call, reading.session);
    readonly_end(&reading);
    return ok;
}

void description_release(struct description *description)
{
    PQclear(description->relation);
    PQclear(description->columns);
    PQclear(description->indexes);
    PQclear(description->constraints);
}
