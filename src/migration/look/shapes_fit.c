/*
 * A table in the ledger's place, which may differ from what this version of the tool would create. Differences are
 * corrected while reading; those that cannot be are reported.
 */
#include "migration/look/shapes.h"

#include "pg/values.h"
#include "sql/lexer.h"

#include <string.h>

/* Types of one kind can be read as each other. */
static const char *const kinds[] = {
    "varchar text bpchar name",
    "int2 int4 int8 numeric",
    "timestamp timestamptz date",
    "json jsonb",
    "_text _varchar",
    NULL,
};

static bool has_word(const char *words, struct text wanted)
{
    struct text rest = text_of(words);
    for (struct text word; text_next_word(&rest, &word);) {
        if (text_equal(word, wanted)) {
            return true;
        }
    }
    return false;
}

/* Can a column of type `found` be read as `wanted`? Every type in pg_catalog has a text form; if the text is not a
 * valid value, reading fails and says so. The text of arrays or bytes is never a name. Users' types are not read,
 * because that would run their casts. */
static bool is_readable(const char *found, struct text wanted)
{
    const bool is_list = found[0] == '_' || strcmp(found, "bytea") == 0;
    if (strchr(found, '.') != NULL || (is_list && !text_starts_with(wanted, "_") && !text_is(wanted, found))) {
        return false;
    }
    if (text_is(wanted, found) || has_word(kinds[0], wanted) || has_word(kinds[0], text_of(found))) {
        return true;
    }
    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (has_word(kinds[i], wanted) && has_word(kinds[i], text_of(found))) {
            return true;
        }
    }
    return false;
}

/* A way to read the table, under construction. */
struct fitting {
    struct arena *arena;
    const struct ledger_shape *shape;
    const struct table *table;
    struct buffer select; /* the select list */
    struct buffer lacks;
    struct buffer wrong; /* what is wrong, in words */
    size_t changes;      /* number of differences */
    size_t strangers;    /* number of unknown columns */
};

static void add_to_list(struct buffer *list, const char *text)
{
    buffer_printf(list, "%s%s", list->size == 0 ? "" : ", ", text);
}

static void put_column(struct fitting *fitting, const char *name, struct text type, bool is_there)
{
    buffer_puts(&fitting->select, fitting->select.size == 0 ? "SELECT " : ", ");
    if (is_there) {
        pg_quote_identifier(&fitting->select, name);
    } else {
        buffer_puts(&fitting->select, "NULL");
    }
    buffer_printf(&fitting->select, "::pg_catalog.%.*s AS ", (int)type.size, type.data);
    pg_quote_identifier(&fitting->select, name);
}

/* Fits one "name:type" of the shape. */
static void fit_column(struct fitting *fitting, struct text word)
{
    const size_t colon = text_find(word, ":", 0);
    const char *const name = arena_strndup(fitting->arena, word.data, colon);
    const struct text type = text_slice(word, colon + 1, word.size);
    const struct table_column *const column = table_column_of(fitting->table, text_of(name));
    const bool is_optional = fitting->shape->optional != NULL && has_word(fitting->shape->optional, text_of(name));
    if (column == NULL) {
        add_to_list(is_optional ? &fitting->lacks : &fitting->wrong,
                    is_optional ? name : arena_printf(fitting->arena, "it has no column \"%s\"", name));
    } else if (!is_readable(column->type, type)) {
        add_to_list(&fitting->wrong, arena_printf(fitting->arena, "its column \"%s\" is %s and not %.*s", name,
                                                  column->type, (int)type.size, type.data));
    }
    fitting->changes += column == NULL || !text_is(type, column->type) ? 1 : 0;
    put_column(fitting, name, type, column != NULL);
}

static bool is_known(const struct ledger_shape *shape, const struct table_column *column)
{
    struct text rest = text_of(shape->columns);
    for (struct text word; text_next_word(&rest, &word);) {
        if (text_is(text_slice(word, 0, text_find(word, ":", 0)), column->name)) {
            return true;
        }
    }
    return false;
}

/* Adds columns outside the shape, which a query may use nevertheless; without users' types. */
static void put_strangers(struct fitting *fitting)
{
    for (size_t i = 0; i < fitting->table->column_count; i++) {
        const struct table_column *const column = &fitting->table->columns[i];
        if (is_known(fitting->shape, column)) {
            continue;
        }
        fitting->strangers++;
        if (strchr(column->type, '.') == NULL) {
            buffer_puts(&fitting->select, ", ");
            pg_quote_identifier(&fitting->select, column->name);
        }
    }
}

static struct text row_template(const struct ledger_facts *facts)
{
    return text_of(facts->start != NULL ? facts->start : facts->record != NULL ? facts->record : "");
}

/* The columns in the template's INSERT, "(a, b)"; empty if it lists none. */
static struct text columns_given(const struct ledger_facts *facts)
{
    const struct text template = row_template(facts);
    static const char insert[] = "INSERT INTO {ledger} (";
    const size_t at = text_find(template, insert, 0);
    return at == SIZE_MAX ? (struct text){0}
                          : text_slice(template, at + sizeof insert - 1, text_find(template, ")", at));
}

static bool is_given(struct text columns, const char *name)
{
    struct sql_lexer lexer = {.text = columns};
    for (struct sql_token token; (token = sql_next(&lexer)).kind != SQL_END;) {
        const bool is_quoted = token.kind == SQL_IDENTIFIER;
        const struct text bare = is_quoted ? text_slice(token.text, 1, token.text.size - 1) : token.text;
        if (text_is(bare, name)) {
            return true;
        }
    }
    return false;
}

/* Required columns that a row would not fill. None for frameworks that only update an existing row (Hasura). */
static const char *demands_of(struct arena *arena, const struct ledger_facts *facts, const struct ledger_shape *shape,
                              const struct table *table)
{
    const struct text given = columns_given(facts);
    struct buffer list = {.arena = arena};
    if (text_starts_with(row_template(facts), "UPDATE {ledger} ")) {
        return NULL;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *const column = &table->columns[i];
        const bool is_filled = given.size > 0 ? is_given(given, column->name) : is_known(shape, column);
        if (column->is_demanding && !is_filled) {
            add_to_list(&list, column->name);
        }
    }
    return list.size == 0 ? NULL : buffer_string(&list);
}

/* Generated columns that a row would set, which the server refuses. */
static const char *generated_of(struct arena *arena, const struct ledger_facts *facts, const struct table *table)
{
    const struct text given = columns_given(facts);
    struct buffer list = {.arena = arena};
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *const column = &table->columns[i];
        if (column->is_generated && is_given(given, column->name)) {
            add_to_list(&list, column->name);
        }
    }
    return list.size == 0 ? NULL : buffer_string(&list);
}

static struct fitting fit_one(struct arena *arena, const struct ledger_shape *shape, const struct table *table)
{
    struct fitting fitting = {
        .arena = arena,
        .shape = shape,
        .table = table,
        .select = {.arena = arena},
        .lacks = {.arena = arena},
        .wrong = {.arena = arena},
    };
    struct text rest = text_of(shape->columns);
    for (struct text word; text_next_word(&rest, &word);) {
        fit_column(&fitting, word);
    }
    put_strangers(&fitting);
    buffer_puts(&fitting.select, " FROM ");
    pg_quote_identifier(&fitting.select, table->schema);
    buffer_putc(&fitting.select, '.');
    pg_quote_identifier(&fitting.select, table->name);
    return fitting;
}

static const struct ledger_facts *facts_for(const struct framework *framework, const struct table *table)
{
    const struct ledger ledger = {.schema = table->schema, .table = table->name};
    return framework_ledger_facts(framework, &ledger);
}

/* Fewer differences are better; among equals the first stays. */
static bool is_better(const struct fitting *one, const struct fitting *best)
{
    const bool fits = one->wrong.size == 0;
    const bool best_fits = best->wrong.size == 0;
    return fits != best_fits ? fits : one->changes + one->strangers < best->changes + best->strangers;
}

struct shape_fit shape_fit(struct arena *arena, const struct framework *framework, const struct table *table)
{
    const struct ledger_shape *shape = framework->ledger.shapes;
    struct fitting best = fit_one(arena, shape, table);
    for (shape++; shape->table != NULL; shape++) {
        const struct fitting one = fit_one(arena, shape, table);
        best = is_better(&one, &best) ? one : best;
    }
    if (table->no_table != NULL) {
        return (struct shape_fit){.difference = arena_printf(arena, "it is %s", table->no_table)};
    }
    return (struct shape_fit){
        .fits = best.wrong.size == 0,
        .difference = best.wrong.size == 0 ? NULL : buffer_string(&best.wrong),
        .as_read = best.changes == 0 ? NULL : buffer_string(&best.select),
        .lacks = best.lacks.size == 0 ? NULL : buffer_string(&best.lacks),
        .demands = demands_of(arena, facts_for(framework, table), best.shape, table),
        .generated = generated_of(arena, facts_for(framework, table), table),
    };
}

struct shape_fit shape_fit_exact(struct arena *arena, const struct framework *framework, const struct table *table)
{
    const struct shape_fit fit = shape_fit(arena, framework, table);
    return (struct shape_fit){.fits = true, .demands = fit.demands, .generated = fit.generated};
}
