/*
 * Which columns a ledger has, and what must or must not stand beside it, is a framework's fact (facts.h). A table may
 * fit several frameworks.
 */
#include "migration/look/shapes.h"

#include "base/sorting.h"
#include "pg/own_name.h"
#include "pg/values.h"

#include <string.h>

/* ---- columns ---- */

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
    for (struct text word; text_next_word(&words, &word);) {
        count++;
    }
    return count;
}

/* Does the table have every "name:type" of the shape, and no other column if that is not allowed? */
static bool has_columns(const struct table *table, const struct ledger_shape *shape)
{
    struct text wanted = text_of(shape->columns);
    for (struct text word; text_next_word(&wanted, &word);) {
        struct text name;
        struct text type;
        cut_word(word, &name, &type);
        const struct table_column *const column = table_column_of(table, name);
        if (column == NULL || !text_is(type, column->type)) {
            return false;
        }
    }
    return !shape->only_columns || table->column_count == count_words(text_of(shape->columns));
}

/* ---- names ---- */

/* The names of ledgers. */
static const char *table_names(struct arena *arena, const struct shapes_wanted *wanted)
{
    const struct framework *const *const all = wanted->all;
    const struct folder_list *const folders = wanted->folders;
    struct buffer names = {.arena = arena};
    for (size_t i = 0; i < 2; i++) {
        if (wanted->tables[i] != NULL) {
            pg_put_element(&names, wanted->tables[i]);
        }
    }
    for (size_t i = 0; all[i] != NULL; i++) {
        if (all[i]->ledger.older_table != NULL) {
            pg_put_element(&names, all[i]->ledger.older_table);
        }
        for (const struct ledger_shape *shape = all[i]->ledger.shapes; shape->table != NULL; shape++) {
            const char *const names_of[] = {shape->table, shape->with, shape->without};
            for (size_t j = 0; j < 3; j++) {
                if (names_of[j] != NULL) {
                    pg_put_element(&names, names_of[j]);
                }
            }
        }
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (folders->items[i].ledger.table != NULL) {
            pg_put_element(&names, folders->items[i].ledger.table);
        }
    }
    return pg_array_text(&names);
}

/* The column names of distinctive shapes. */
static const char *column_names(struct arena *arena, const struct framework *const *all)
{
    struct buffer names = {.arena = arena};
    for (size_t i = 0; all[i] != NULL; i++) {
        for (const struct ledger_shape *shape = all[i]->ledger.shapes; shape->table != NULL; shape++) {
            struct text rest = text_of(shape->by_shape ? shape->columns : "");
            for (struct text word; text_next_word(&rest, &word);) {
                pg_put_element(&names,
                               arena_strndup(arena, word.data, text_slice(word, 0, text_find(word, ":", 0)).size));
            }
        }
    }
    return pg_array_text(&names);
}

/* ---- judging ---- */

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
            (shape->with == NULL || tables_find(tables, table->schema, shape->with) != NULL) &&
            (shape->without == NULL || tables_find(tables, table->schema, shape->without) == NULL)) {
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

bool shapes_is_reserved(const struct request *request, const struct framework *framework, const char *schema)
{
    const struct conninfo *const conninfo = request->site->conninfo;
    const bool has_own = conninfo != NULL && conninfo->own_schema != NULL;
    return framework->declared_at != NULL && schema != NULL &&
           (strncmp(schema, "pg_", 3) == 0 || strcmp(schema, "information_schema") == 0 ||
            strcmp(schema, has_own ? conninfo->own_schema : OWN_SCHEMA_USUAL) == 0);
}

/* A declared framework with a schema has its ledger only there, and none has it among the server's or our own tables.
 */
static bool is_elsewhere(const struct request *request, const struct framework *framework, const struct table *table)
{
    return (framework->declared_at != NULL && framework->ledger.schema != NULL &&
            strcmp(framework->ledger.schema, table->schema) != 0) ||
           shapes_is_reserved(request, framework, table->schema);
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
                is_elsewhere(request, all[j], table) ? NULL : shape_of(tables, folders, all[j], table);
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

const struct found_ledger *found_ledger_of(const struct found_ledgers *ledgers, const struct table *table)
{
    for (size_t i = 0; i < ledgers->count; i++) {
        if (ledgers->items[i].table == table) {
            return &ledgers->items[i];
        }
    }
    return NULL;
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

bool shapes_find(const struct request *request, struct pg_session *session, const struct shapes_wanted *wanted,
                 struct found_ledgers *ledgers)
{
    const struct framework *const *const all = wanted->all;
    const struct folder_list *const folders = wanted->folders;
    struct tables *const tables = &ledgers->tables;
    const char *const names = table_names(request->arena, wanted);
    const char *const columns = column_names(request->arena, all);
    struct table_traces traces;
    *ledgers = (struct found_ledgers){0};
    if (!tables_trace(request, session, names, may_have_another_name(folders, ledgers) ? columns : NULL, &traces) ||
        (traces.has_name && !tables_add_by_name(request, session, names, tables))) {
        return false;
    }
    judge(request, all, tables, folders, ledgers);
    if (!may_have_another_name(folders, ledgers)) {
        return true;
    }
    if (!tables_trace_columns(request, session, columns, &traces)) {
        return false;
    }
    if (traces.has_columns) {
        if (!tables_add_by_columns(request, session, columns, tables)) {
            return false;
        }
        judge(request, all, tables, folders, ledgers);
        sort_items(ledgers->items, ledgers->count, sizeof *ledgers->items, by_place);
    }
    return true;
}
