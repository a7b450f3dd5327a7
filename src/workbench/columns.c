/*
 * All names in the queries made here are in pg_catalog, and casts are only between its types: no cast or operator of a
 * user may run just because Truss reads something.
 */
#include "workbench/columns.h"

#include "base/json_text.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

#define OID_TEXT    25
#define OID_VARCHAR 1043
#define OID_UNKNOWN 705
#define OID_BYTEA   17

/* ---- names ---- */

static bool has_key(const struct columns *columns, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns->items[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_name(const struct columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (strcmp(columns->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* a, a_2, a_3, …, skipping names of other columns. */
static void set_keys(struct arena *arena, struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        const char *key = columns->items[i].name;
        for (size_t n = 2; has_key(columns, i, key); n++) {
            key = arena_printf(arena, "%s_%zu", columns->items[i].name, n);
            if (has_name(columns, key)) {
                key = columns->items[i].name;
            }
        }
        columns->items[i].key = key;
    }
}

/* ---- types ---- */

/* For each column: the name of its type, its kind, and for an array its element type. */
static const char types_sql[] =
    "SELECT pg_catalog.format_type(w.oid, w.typmod), t.typlen, t.typtype, "
    "CASE WHEN t.typcategory OPERATOR(pg_catalog.=) 'A' AND t.typlen OPERATOR(pg_catalog.=) -1 THEN "
    "(WITH RECURSIVE b(oid, base) AS (SELECT e.oid, e.typbasetype UNION ALL SELECT n.oid, n.typbasetype FROM b "
    "JOIN pg_catalog.pg_type n ON n.oid OPERATOR(pg_catalog.=) b.base) "
    "SELECT b.oid FROM b WHERE b.base OPERATOR(pg_catalog.=) 0) END, e.typdelim "
    "FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog._oid), pg_catalog.unnest($2::pg_catalog._int4)) "
    "WITH ORDINALITY AS w(oid, typmod, number) "
    "JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) w.oid "
    "LEFT JOIN pg_catalog.pg_type e ON e.oid OPERATOR(pg_catalog.=) t.typelem ORDER BY w.number";

static void set_type(struct arena *arena, struct column *column, const PGresult *types, int row)
{
    const int64_t element = pg_field_int(types, row, 3, 0);
    const char *const delimiter = pg_field(types, row, 4);
    column->type = arena_strdup(arena, pg_field(types, row, 0));
    /* Only format() can handle a literal without a type as the column of an outer query. */
    column->is_long = pg_field_int(types, row, 1, 0) == -1 || column->oid == OID_UNKNOWN;
    column->value.is_array = element > 0;
    column->value.kind = value_kind_of(element > 0 ? (uint32_t)element : column->oid);
    column->value.delimiter = delimiter == NULL ? ',' : delimiter[0];
}

bool columns_read(struct readonly *reading, const PGresult *described, struct columns *columns)
{
    struct arena *const arena = reading->call->arena;
    const int count = PQnfields(described);
    struct buffer oids = {.arena = arena};
    struct buffer typmods = {.arena = arena};
    columns->count = (size_t)count;
    columns->items = arena_array(arena, columns->count + 1, sizeof *columns->items);
    buffer_putc(&oids, '{');
    buffer_putc(&typmods, '{');
    for (int i = 0; i < count; i++) {
        struct column *const column = &columns->items[i];
        column->name = arena_strdup(arena, PQfname(described, i));
        column->oid = PQftype(described, i);
        column->typmod = PQfmod(described, i);
        buffer_printf(&oids, "%s%u", i == 0 ? "" : ",", column->oid);
        buffer_printf(&typmods, "%s%d", i == 0 ? "" : ",", column->typmod);
    }
    buffer_putc(&oids, '}');
    buffer_putc(&typmods, '}');
    set_keys(arena, columns);
    const char *const values[] = {buffer_string(&oids), buffer_string(&typmods)};
    PG_RESULT(types) = pg_query(reading->session, types_sql, 2, values, reading->call->status);
    for (int i = 0; types != NULL && i < count && i < PQntuples(types); i++) {
        set_type(arena, &columns->items[i], types, i);
    }
    return types != NULL;
}

/* ---- the outer query ---- */

/* Cast to text, a character(n) would lose its trailing blanks. */
static bool is_text(uint32_t oid)
{
    return oid == OID_TEXT || oid == OID_VARCHAR;
}

/* A long column, shortened, and whether it was shortened. format() writes any type with its output function, while a
 * cast might run a user's code. */
static void put_bounded(struct buffer *sql, const struct column *column, size_t number, size_t most)
{
    if (column->oid == OID_BYTEA) {
        buffer_printf(sql, "pg_catalog.substr(c%zu, 1, %zu), pg_catalog.octet_length(c%zu) OPERATOR(pg_catalog.>) %zu",
                      number, most, number, most);
    } else if (is_text(column->oid)) {
        buffer_printf(sql,
                      "pg_catalog.left(c%zu::pg_catalog.text, %zu), "
                      "CASE WHEN pg_catalog.octet_length(c%zu::pg_catalog.text) OPERATOR(pg_catalog.>) %zu "
                      "THEN pg_catalog.length(c%zu::pg_catalog.text) OPERATOR(pg_catalog.>) %zu ELSE false END",
                      number, most, number, most, number, most);
    } else {
        buffer_printf(sql,
                      "CASE WHEN pg_catalog.num_nulls(c%zu) OPERATOR(pg_catalog.=) 0 THEN "
                      "pg_catalog.left(pg_catalog.format('%%s', c%zu), %zu) END, "
                      "pg_catalog.length(pg_catalog.format('%%s', c%zu)) OPERATOR(pg_catalog.>) %zu",
                      number, number, most, number, most);
    }
}

const char *columns_wrap(struct arena *arena, const struct columns *columns, struct text query,
                         struct columns_bounds most, size_t *before)
{
    struct buffer sql = {.arena = arena};
    struct buffer names = {.arena = arena};
    buffer_puts(&sql, "SELECT ");
    for (size_t i = 0; i < columns->count; i++) {
        buffer_puts(&sql, i == 0 ? "" : ", ");
        buffer_printf(&names, "%sc%zu", i == 0 ? "(" : ", ", i + 1);
        if (columns->items[i].is_long) {
            put_bounded(&sql, &columns->items[i], i + 1, most.bytes);
        } else {
            buffer_printf(&sql, "c%zu", i + 1);
        }
    }
    buffer_puts(&names, columns->count == 0 ? "" : ")");
    buffer_puts(&sql, " FROM (");
    *before = sql.size; /* all of it is ASCII */
    buffer_add(&sql, query);
    buffer_printf(&sql, "\n) AS truss_rows%s", buffer_string(&names));
    if (most.rows > 0) {
        buffer_printf(&sql, " LIMIT %zu", most.rows);
    }
    return buffer_string(&sql);
}

/* ---- a row ---- */

void columns_write_row(struct buffer *out, const struct columns *columns, const PGresult *row, bool as_list, bool *cut)
{
    int field = 0;
    buffer_putc(out, as_list ? '[' : '{');
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *const column = &columns->items[i];
        buffer_puts(out, i == 0 ? "" : ",");
        if (!as_list) {
            json_write_string(out, text_of(column->key));
            buffer_putc(out, ':');
        }
        const bool is_cut = column->is_long && pg_field_bool(row, 0, field + 1);
        if (PQgetisnull(row, 0, field) != 0) {
            buffer_puts(out, "null");
        } else {
            const struct text value = {PQgetvalue(row, 0, field), (size_t)PQgetlength(row, 0, field)};
            value_write(out, &column->value, value, is_cut);
        }
        *cut = *cut || is_cut;
        field += column->is_long ? 2 : 1;
    }
    buffer_putc(out, as_list ? ']' : '}');
}
