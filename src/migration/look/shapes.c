/*
 * By name first: pg_class has an index on it, and a database may have thousands of schemas. By columns only where that
 * found nothing, because it reads all of pg_attribute.
 */
#include "migration/look/shapes.h"

#include <stdlib.h>
#include <string.h>

/* Tables that are asked for, each with its columns as "name:type …". */
#define TABLES_SELECT                                                                                                  \
    "SELECT n.nspname, c.relname, "                                                                                    \
    "(SELECT pg_catalog.string_agg(a.attname || ':' || t.typname, ' ') FROM pg_catalog.pg_attribute a"                 \
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"                                                                 \
    " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) "                                              \
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                             \
    "WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND "

static const char by_name_query[] = TABLES_SELECT "c.relname = ANY ($1::pg_catalog.name[]) ORDER BY 1, 2";

static const char by_columns_query[] =
    TABLES_SELECT "c.oid IN (SELECT attrelid FROM pg_catalog.pg_attribute WHERE attname = ANY ($1::pg_catalog.name[]) "
                  "GROUP BY attrelid HAVING pg_catalog.count(*) >= 3) "
                  "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2";

struct table {
    const char *schema;
    const char *name;
    struct text columns;
};

struct tables {
    struct table *items;
    size_t count;
};

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

static size_t count_words(struct text words)
{
    size_t count = 0;
    for (struct text word; next_word(&words, &word);) {
        count++;
    }
    return count;
}

static bool has_word(struct text words, struct text wanted)
{
    for (struct text word; next_word(&words, &word);) {
        if (text_equal(word, wanted)) {
            return true;
        }
    }
    return false;
}

/* True where every "name:type" of the shape is among the table's columns, and no other where it may not. */
static bool has_columns(const struct table *table, const struct ledger_shape *shape)
{
    struct text wanted = text_of(shape->columns);
    for (struct text word; next_word(&wanted, &word);) {
        if (!has_word(table->columns, word)) {
            return false;
        }
    }
    return !shape->only_columns || count_words(table->columns) == count_words(text_of(shape->columns));
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

static bool ask(const struct request *request, struct pg_session *session, const char *query, struct names *names,
                struct tables *tables)
{
    buffer_puts(&names->literal, names->literal.size == 0 ? "{}" : "}");
    const char *const values[] = {buffer_string(&names->literal)};
    PG_RESULT(result) = pg_query(session, query, 1, values, request->status);
    if (result == NULL) {
        return false;
    }
    const size_t rows = (size_t)PQntuples(result);
    struct table *const items = arena_array(request->arena, tables->count + rows, sizeof *items);
    for (size_t i = 0; i < tables->count; i++) {
        items[i] = tables->items[i];
    }
    tables->items = items;
    for (int row = 0; row < PQntuples(result); row++) {
        const char *const columns = pg_field(result, row, 2);
        items[tables->count++] = (struct table){
            .schema = arena_strdup(request->arena, pg_field(result, row, 0)),
            .name = arena_strdup(request->arena, pg_field(result, row, 1)),
            .columns = text_of(columns == NULL ? "" : arena_strdup(request->arena, columns)),
        };
    }
    return true;
}

static bool ask_by_name(const struct request *request, struct pg_session *session, const struct folder_list *folders,
                        struct tables *tables)
{
    struct names names = {.literal = {.arena = request->arena}};
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        for (const struct ledger_shape *shape = frameworks[i]->ledger.shapes; shape->table != NULL; shape++) {
            const char *const all[] = {shape->table, shape->with, shape->without};
            for (size_t j = 0; j < 3; j++) {
                if (all[j] != NULL) {
                    add_name(&names, text_of(all[j]));
                }
            }
        }
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (folders->items[i].ledger.table != NULL) {
            add_name(&names, text_of(folders->items[i].ledger.table));
        }
    }
    return ask(request, session, by_name_query, &names, tables);
}

static bool ask_by_columns(const struct request *request, struct pg_session *session, struct tables *tables)
{
    struct names names = {.literal = {.arena = request->arena}};
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        for (const struct ledger_shape *shape = frameworks[i]->ledger.shapes; shape->table != NULL; shape++) {
            struct text rest = text_of(shape->by_shape ? shape->columns : "");
            for (struct text word; next_word(&rest, &word);) {
                add_name(&names, text_slice(word, 0, text_find(word, ":", 0)));
            }
        }
    }
    return ask(request, session, by_columns_query, &names, tables);
}

/* ---- judging ---- */

static bool is_there(const struct tables *tables, const char *schema, const char *name)
{
    for (size_t i = 0; i < tables->count; i++) {
        if (strcmp(tables->items[i].schema, schema) == 0 && strcmp(tables->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Does a folder's configuration say this table? */
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
        if ((named || shape->by_shape) && has_columns(table, shape) &&
            (shape->with == NULL || is_there(tables, table->schema, shape->with)) &&
            (shape->without == NULL || !is_there(tables, table->schema, shape->without))) {
            return shape;
        }
    }
    return NULL;
}

static const char *evidence_of(struct arena *arena, const struct table *table, const struct ledger_shape *shape)
{
    return arena_printf(arena, "table %s.%s has %s columns%s%s", table->schema, table->name,
                        shape->only_columns ? "exactly the ledger's" : "the ledger's",
                        shape->with == NULL ? "" : " and stands beside ", shape->with == NULL ? "" : shape->with);
}

static void judge(const struct request *request, const struct tables *tables, const struct folder_list *folders,
                  struct found_ledgers *ledgers)
{
    ledgers->items = arena_array(request->arena, tables->count, sizeof *ledgers->items);
    ledgers->count = 0;
    for (size_t i = 0; i < tables->count; i++) {
        const struct table *const table = &tables->items[i];
        struct found_ledger found = {.ledger = {.schema = table->schema, .table = table->name}};
        for (size_t j = 0; frameworks[j] != NULL && found.candidate_count < MOST_CANDIDATES; j++) {
            const struct ledger_shape *const shape = shape_of(tables, folders, frameworks[j], table);
            if (shape != NULL) {
                found.candidates[found.candidate_count++] = frameworks[j];
                found.evidence = evidence_of(request->arena, table, shape);
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

/* Could looking at the columns of every table find more? */
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

bool shapes_find(const struct request *request, struct pg_session *session, const struct folder_list *folders,
                 struct found_ledgers *ledgers)
{
    struct tables tables = {0};
    *ledgers = (struct found_ledgers){0};
    if (!ask_by_name(request, session, folders, &tables)) {
        return false;
    }
    judge(request, &tables, folders, ledgers);
    if (may_have_another_name(folders, ledgers)) {
        const struct tables known = tables;
        if (!ask_by_columns(request, session, &tables)) {
            return false;
        }
        size_t kept = known.count;
        for (size_t i = known.count; i < tables.count; i++) {
            if (!is_there(&known, tables.items[i].schema, tables.items[i].name)) {
                tables.items[kept++] = tables.items[i];
            }
        }
        tables.count = kept;
        judge(request, &tables, folders, ledgers);
        if (ledgers->count > 0) {
            qsort(ledgers->items, ledgers->count, sizeof *ledgers->items, by_place);
        }
    }
    return true;
}
