/*
 * By name first: pg_class has an index for that, and a database may have thousands of schemas. By columns only if that
 * finds nothing, since it reads all of pg_attribute. Everything about a table takes the server ten times as long to
 * plan as finding out that there is none, so that is asked first.
 */
#include "migration/look/shapes.h"

#include "base/sorting.h"
#include "pg/code.h"

#include <string.h>

/* Separators of columns, and of the members of one. */
#define COLUMN_END '\x1e'
#define MEMBER_END '\x1f'

/* Code of an untrusted role that runs when a row is read or written. */
#define FOREIGN_CODE                                                                                                   \
    "SELECT pg_catalog.concat_ws(' of ', " PG_CODE_WORDS ", o.rolname) FROM " PG_CODE_OF(PG_CODE_OF_TABLE(             \
        "c.oid", "c.relowner")) " f JOIN owner o ON o.oid = f.owner AND NOT o.is_trusted ORDER BY 1 LIMIT 1"

/* The candidate tables, each with its columns. A type outside pg_catalog is named with its schema, so that a user's
 * type with a built-in name is not confused. A domain counts as its base type if its owner is the table's or trusted:
 * its checks run when a row is written. */
#define TABLES_SELECT                                                                                                  \
    "WITH owner AS (SELECT r.oid, r.rolname, " PG_IS_TRUSTED(                                                          \
        "r") " AS is_trusted FROM pg_catalog.pg_roles r) SELECT n.nspname, c.relname, "                                \
             "(SELECT pg_catalog.string_agg(pg_catalog.concat_ws(pg_catalog.chr(31), a.attname, "                      \
             "CASE WHEN b.typnamespace = 'pg_catalog'::regnamespace THEN b.typname::text "                             \
             "ELSE pg_catalog.concat_ws('.', b.typnamespace::regnamespace, b.typname) END, "                           \
             "CASE WHEN a.attidentity = 'a' OR a.attgenerated <> '' THEN 'g' WHEN (a.attnotnull OR t.typnotnull) "     \
             "AND NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL THEN 'd' ELSE '' END), "             \
             "pg_catalog.chr(30) ORDER BY a.attnum) "                                                                  \
             "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "                         \
             "JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' AND (t.typowner = c.relowner OR EXISTS "  \
             "(SELECT FROM owner o WHERE o.oid = t.typowner AND o.is_trusted)) THEN t.typbasetype ELSE t.oid END"      \
             " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), "                                    \
             "r.rolname, c.relkind, "                                                                                  \
             "c.relkind IN ('r', 'p') OR pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 = 8, "                  \
             "pg_catalog.row_security_active(c.oid), r.is_trusted, "                                                   \
             "pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'), "   \
             "c.relowner = n.nspowner, EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND "        \
             "i.indisunique), "                                                                                        \
             "(" FOREIGN_CODE ") "                                                                                     \
             "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                    \
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

/* ---- columns ---- */

/* Cuts the first word off *rest. */
static bool next_word(struct text *rest, struct text *word)
{
    *rest = text_trim(*rest);
    const size_t space = text_find(*rest, " ", 0);
    *word = text_slice(*rest, 0, space);
    *rest = space == SIZE_MAX ? (struct text){0} : text_slice(*rest, space + 1, rest->size);
    return word->size > 0;
}

/* Splits a shape's "name:type". */
static void cut_word(struct text word, struct text *name, struct text *type)
{
    const size_t colon = text_find(word, ":", 0);
    *name = text_slice(word, 0, colon);
    *type = text_slice(word, colon + 1, word.size);
}

static size_t count_words(struct text words)
{
    size_t count = 0;
    for (struct text word; next_word(&words, &word);) {
        count++;
    }
    return count;
}

static const struct table_column *find_column(const struct table *table, struct text name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (text_is(name, table->columns[i].name)) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* Does the table have every "name:type" of the shape, and no other column if that is not allowed? */
static bool has_columns(const struct table *table, const struct ledger_shape *shape)
{
    struct text wanted = text_of(shape->columns);
    for (struct text word; next_word(&wanted, &word);) {
        struct text name;
        struct text type;
        cut_word(word, &name, &type);
        const struct table_column *const column = find_column(table, name);
        if (column == NULL || !text_is(type, column->type)) {
            return false;
        }
    }
    return !shape->only_columns || table->column_count == count_words(text_of(shape->columns));
}

/* ---- asking ---- */

/* A set of names as an array literal. */
struct names {
    struct buffer literal;
};

static void add_name(struct names *names, struct text name)
{
    buffer_puts(&names->literal, names->literal.size == 0 ? "{\"" : ",\"");
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\') {
            buffer_putc(&names->literal, '\\');
        }
        buffer_putc(&names->literal, name.data[i]);
    }
    buffer_putc(&names->literal, '"');
}

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
        .is_policed = is_policed,
        .is_trusted = pg_field_bool(result, row, 7),
        .is_readable = pg_field_bool(result, row, 8) && !is_policed,
        .is_schemas_own = pg_field_bool(result, row, 9),
        .has_key = pg_field_bool(result, row, 10),
        .foreign_code = arena_strdup(arena, pg_field(result, row, 11)),
    };
    const char *const columns = pg_field(result, row, 2);
    read_columns(arena, text_of(columns == NULL ? "" : columns), &table);
    return table;
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
    tables->items = items;
    for (size_t row = 0; row < rows; row++) {
        items[tables->count++] = read_table(request->arena, result, (int)row);
    }
    return true;
}

static const char *end_names(struct names *names)
{
    buffer_puts(&names->literal, names->literal.size == 0 ? "{}" : "}");
    return buffer_string(&names->literal);
}

/* The names of ledgers. */
static const char *table_names(struct arena *arena, const struct shapes_wanted *wanted)
{
    const struct framework *const *const all = wanted->all;
    const struct folder_list *const folders = wanted->folders;
    struct names names = {.literal = {.arena = arena}};
    for (size_t i = 0; i < 2; i++) {
        if (wanted->tables[i] != NULL) {
            add_name(&names, text_of(wanted->tables[i]));
        }
    }
    for (size_t i = 0; all[i] != NULL; i++) {
        if (all[i]->ledger.older_table != NULL) {
            add_name(&names, text_of(all[i]->ledger.older_table));
        }
        for (const struct ledger_shape *shape = all[i]->ledger.shapes; shape->table != NULL; shape++) {
            const char *const names_of[] = {shape->table, shape->with, shape->without};
            for (size_t j = 0; j < 3; j++) {
                if (names_of[j] != NULL) {
                    add_name(&names, text_of(names_of[j]));
                }
            }
        }
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (folders->items[i].ledger.table != NULL) {
            add_name(&names, text_of(folders->items[i].ledger.table));
        }
    }
    return end_names(&names);
}

/* The column names of distinctive shapes. */
static const char *column_names(struct arena *arena, const struct framework *const *all)
{
    struct names names = {.literal = {.arena = arena}};
    for (size_t i = 0; all[i] != NULL; i++) {
        for (const struct ledger_shape *shape = all[i]->ledger.shapes; shape->table != NULL; shape++) {
            struct text rest = text_of(shape->by_shape ? shape->columns : "");
            for (struct text word; next_word(&rest, &word);) {
                add_name(&names, text_slice(word, 0, text_find(word, ":", 0)));
            }
        }
    }
    return end_names(&names);
}

/* ---- judging ---- */

static const struct table *find_table(const struct tables *tables, const char *schema, const char *name)
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
    return find_table(tables, place->schema, place->table);
}

/* Does a folder's configuration name this table? */
static bool is_configured(const struct folder_list *folders, const struct framework *framework,
                          const struct table *table)
{
    for (size_t i = 0; i < folders->count; i++) {
        const struct folder *const folder = &folders->items[i];
        if (folder->framework == framework && folder->ledger.table != NULL &&
            strcmp(folder->ledger.table, table->name) == 0 &&
            (folder->ledger.schema == NULL || strcmp(folder->ledger.schema, table->schema) == 0)) {
            return true;
        }
    }
    return false;
}

static const struct ledger_shape *shape_of(const struct tables *tables, const struct folder_list *folders,
                                           const struct framework *framework, const struct table *table)
{
    for (const struct ledger_shape *shape = framework->ledger.shapes; shape->table != NULL; shape++) {
        const bool named = strcmp(shape->table, table->name) == 0 || is_configured(folders, framework, table);
        if (table->no_table == NULL && (named || shape->by_shape) && has_columns(table, shape) &&
            (shape->with == NULL || find_table(tables, table->schema, shape->with) != NULL) &&
            (shape->without == NULL || find_table(tables, table->schema, shape->without) == NULL)) {
            return shape;
        }
    }
    return NULL;
}

static const char *evidence_of(struct arena *arena, const struct table *table, const struct ledger_shape *shape)
{
    return arena_printf(arena, "table %s.%s has %s columns%s%s", table->schema, table->name,
                        shape->only_columns ? "exactly the tracking table's" : "the tracking table's",
                        shape->with == NULL ? "" : " and stands beside ", shape->with == NULL ? "" : shape->with);
}

/* A declared framework with a schema has its ledger only there. */
static bool is_elsewhere(const struct framework *framework, const struct table *table)
{
    return framework->declared_at != NULL && framework->ledger.schema != NULL &&
           strcmp(framework->ledger.schema, table->schema) != 0;
}

/* A declared table belongs to its framework alone. */
static void judge(const struct request *request, const struct framework *const *all, const struct tables *tables,
                  const struct folder_list *folders, struct found_ledgers *ledgers)
{
    ledgers->items = arena_array(request->arena, tables->count, sizeof *ledgers->items);
    ledgers->count = 0;
    for (size_t i = 0; i < tables->count; i++) {
        const struct table *const table = &tables->items[i];
        struct found_ledger found = {.ledger = {.schema = table->schema, .table = table->name}, .table = table};
        for (size_t j = 0; all[j] != NULL && found.candidate_count < MOST_CANDIDATES; j++) {
            const struct ledger_shape *const shape =
                is_elsewhere(all[j], table) ? NULL : shape_of(tables, folders, all[j], table);
            if (shape != NULL && !found.is_declared) {
                found.candidates[found.candidate_count++] = all[j];
                found.evidence = evidence_of(request->arena, table, shape);
                found.is_declared = all[j]->declared_at != NULL;
            }
        }
        if (found.candidate_count > 0) {
            ledgers->items[ledgers->count++] = found;
        }
    }
}

bool found_ledger_is(const struct found_ledger *found, const struct framework *framework)
{
    for (size_t i = 0; i < found->candidate_count; i++) {
        if (found->candidates[i] == framework) {
            return true;
        }
    }
    return false;
}

static bool has_ledger(const struct found_ledgers *ledgers, const struct framework *framework)
{
    for (size_t i = 0; i < ledgers->count; i++) {
        if (found_ledger_is(&ledgers->items[i], framework)) {
            return true;
        }
    }
    return false;
}

static bool is_particular(const struct framework *framework)
{
    for (const struct ledger_shape *shape = framework->ledger.shapes; shape->table != NULL; shape++) {
        if (shape->by_shape) {
            return true;
        }
    }
    return false;
}

/* Could examining the columns of all tables find more? */
static bool may_have_another_name(const struct folder_list *folders, const struct found_ledgers *ledgers)
{
    for (size_t i = 0; i < folders->count; i++) {
        const struct framework *const framework = folders->items[i].framework;
        if (is_particular(framework) && !has_ledger(ledgers, framework)) {
            return true;
        }
    }
    return folders->count == 0 && ledgers->count == 0;
}

static int by_place(const void *a, const void *b)
{
    const struct found_ledger *const x = a;
    const struct found_ledger *const y = b;
    const int schemas = strcmp(x->ledger.schema, y->ledger.schema);
    return schemas != 0 ? schemas : strcmp(x->ledger.table, y->ledger.table);
}

/* What exists. A session with prepared statements asks for everything at once. */
struct traces {
    bool has_name;
    bool has_columns;
    bool knows_columns;
};

/* `columns` is NULL if columns do not matter even if no table has a name. */
static bool find_traces(const struct request *request, struct pg_session *session, const char *names,
                        const char *columns, struct traces *traces)
{
    *traces = (struct traces){.has_name = true};
    if (pg_query_is_kept(session, by_name_sql)) {
        return true;
    }
    PG_RESULT(result) = pg_query(session, any_of_both_sql, 2, (const char *const[]){names, columns}, request->status);
    if (result != NULL) {
        *traces =
            (struct traces){pg_field_bool(result, 0, 0), pg_field_bool(result, 0, 1), pg_field(result, 0, 1) != NULL};
    }
    return result != NULL;
}

static bool look_for_columns(const struct request *request, struct pg_session *session, const char *columns,
                             struct traces *traces)
{
    if (traces->knows_columns || pg_query_is_kept(session, by_columns_sql)) {
        traces->has_columns = traces->has_columns || !traces->knows_columns;
        return true;
    }
    PG_RESULT(result) = pg_query(session, any_columns_sql, 1, &columns, request->status);
    traces->has_columns = result != NULL && pg_field_bool(result, 0, 0);
    return result != NULL;
}

/* Adds tables found by their columns and not by their names. */
static bool add_by_columns(const struct request *request, struct pg_session *session, const char *columns,
                           struct tables *tables)
{
    const struct tables known = *tables;
    if (!ask_all(request, session, by_columns_sql, columns, tables)) {
        return false;
    }
    size_t kept = known.count;
    for (size_t i = known.count; i < tables->count; i++) {
        if (find_table(&known, tables->items[i].schema, tables->items[i].name) == NULL) {
            tables->items[kept++] = tables->items[i];
        }
    }
    tables->count = kept;
    return true;
}

bool shapes_find(const struct request *request, struct pg_session *session, const struct shapes_wanted *wanted,
                 struct found_ledgers *ledgers)
{
    const struct framework *const *const all = wanted->all;
    const struct folder_list *const folders = wanted->folders;
    struct tables *const tables = &ledgers->tables;
    const char *const names = table_names(request->arena, wanted);
    const char *const columns = column_names(request->arena, all);
    struct traces traces;
    *ledgers = (struct found_ledgers){0};
    if (!find_traces(request, session, names, may_have_another_name(folders, ledgers) ? columns : NULL, &traces) ||
        (traces.has_name && !ask_all(request, session, by_name_sql, names, tables))) {
        return false;
    }
    judge(request, all, tables, folders, ledgers);
    if (!may_have_another_name(folders, ledgers)) {
        return true;
    }
    if (!look_for_columns(request, session, columns, &traces)) {
        return false;
    }
    if (traces.has_columns) {
        if (!add_by_columns(request, session, columns, tables)) {
            return false;
        }
        judge(request, all, tables, folders, ledgers);
        sort_items(ledgers->items, ledgers->count, sizeof *ledgers->items, by_place);
    }
    return true;
}
