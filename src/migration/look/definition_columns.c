/*
 * Works on words instead of parse trees, as definitions.c.
 */
#include "migration/look/definition_columns.h"

#include "base/words.h"
#include "pg/values.h"
#include "sql/lexer.h"
#include "sql/take.h"

#include <stdlib.h>
#include <string.h>

/* Words that begin a table constraint, or something else that is no column. */
static bool is_no_column(const struct sql_token *token)
{
    static const char *const words[] = {"constraint", "primary", "unique", "check", "foreign", "exclude", "like", NULL};
    return sql_is_any_word(token, words);
}

/* Words that end a column's type. */
static bool ends_type(const struct sql_token *token)
{
    static const char *const words[] = {"not",        "null",       "default",   "primary", "unique",      "check",
                                        "references", "constraint", "collate",   "storage", "compression", "options",
                                        "as",         "using",      "generated", NULL};
    return sql_is_any_word(token, words) || sql_is_end(token) || sql_is_symbol(token, ',') || sql_is_symbol(token, ')');
}

/* float(24) is real, and numeric(10) has a scale. */
static void normalize(struct arena *arena, struct definition_column *column)
{
    static const char *const serials[] = {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"};
    const struct text type = text_of(column->type);
    const bool is_numeric =
        text_is_nocase(type, "numeric") || text_is_nocase(type, "decimal") || text_is_nocase(type, "dec");
    if (is_numeric && column->modifiers[0] != '\0' && strchr(column->modifiers, ',') == NULL) {
        column->modifiers = arena_printf(arena, "%s,0", column->modifiers);
    } else if (text_is_nocase(type, "float") && column->modifiers[0] != '\0') {
        column->type = strtol(column->modifiers, NULL, 10) <= 24 ? "real" : "double precision";
        column->modifiers = "";
    }
    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++) {
        column->is_serial = column->is_serial || text_is_nocase(type, serials[i]);
    }
}

/* Reads a type; its first parentheses contain the modifiers. */
static void read_type(struct arena *arena, struct sql_reader *reader, struct definition_column *column)
{
    struct buffer type = {.arena = arena};
    struct buffer modifiers = {.arena = arena};
    for (bool first = true; !ends_type(&reader->token); first = false) {
        const bool joins = sql_is_symbol(&reader->token, '.') || sql_is_symbol(&reader->token, '[') ||
                           sql_is_symbol(&reader->token, ']') || (type.size > 0 && type.data[type.size - 1] == '.') ||
                           reader->token.kind == SQL_NUMBER;
        if (sql_is_symbol(&reader->token, '(')) {
            for (sql_advance(reader); reader->token.kind != SQL_END && !sql_is_symbol(&reader->token, ')');
                 sql_advance(reader)) {
                buffer_add(&modifiers, reader->token.text);
            }
        } else {
            buffer_printf(&type, "%s%.*s", first || joins ? "" : " ", (int)reader->token.text.size,
                          reader->token.text.data);
        }
        sql_advance(reader);
    }
    column->type = buffer_string(&type);
    column->modifiers = buffer_string(&modifiers);
    normalize(arena, column);
}

/* The expression after DEFAULT, up to the column's next clause. */
static void read_default(struct sql_reader *reader, struct definition_column *column)
{
    int depth = 0;
    const size_t start = reader->token.offset;
    size_t end = start;
    while (!sql_is_end(&reader->token) && (depth > 0 || end == start || !ends_type(&reader->token))) {
        depth += sql_is_symbol(&reader->token, '(') ? 1 : sql_is_symbol(&reader->token, ')') ? -1 : 0;
        end = reader->token.offset + reader->token.text.size;
        sql_advance(reader);
    }
    column->standard = text_slice(reader->lexer.text, start, end);
}

/* CASCADE, SET NULL, …, as pg_constraint has them. */
static char read_action(struct sql_reader *reader)
{
    const bool sets = sql_take(reader, "set");
    const char action = sql_is_word(&reader->token, "cascade")    ? 'c'
                        : sql_is_word(&reader->token, "restrict") ? 'r'
                        : sql_is_word(&reader->token, "null")     ? 'n'
                        : sets                                    ? 'd'
                                                                  : 'a';
    sql_advance(reader); /* NO ACTION: ACTION is left and ignored */
    return action;
}

/* schema.table [(column)] [ON DELETE …] [ON UPDATE …] */
static void read_reference(struct arena *arena, struct sql_reader *reader, struct definition_column *column)
{
    column->on_delete = column->on_update = 'a';
    for (column->target = sql_identifier(arena, &reader->token), sql_advance(reader);
         sql_is_symbol(&reader->token, '.'); sql_advance(reader)) {
        sql_advance(reader);
        const char *const table = sql_identifier(arena, &reader->token);
        column->target =
            arena_printf(arena, "%s.%s", column->target == NULL ? "" : column->target, table == NULL ? "" : table);
    }
    column->target_column = "";
    if (sql_is_symbol(&reader->token, '(')) {
        sql_advance(reader);
        const char *const name = sql_identifier(arena, &reader->token);
        column->target_column = name == NULL ? "" : name;
        while (reader->token.kind != SQL_END && !sql_is_symbol(&reader->token, ')')) {
            sql_advance(reader);
        }
        sql_advance(reader);
    }
    while (sql_take(reader, "on")) {
        const bool is_delete = sql_take(reader, "delete");
        if (!is_delete) {
            sql_take(reader, "update");
        }
        *(is_delete ? &column->on_delete : &column->on_update) = read_action(reader);
        sql_take(reader, "action");
    }
}

/* "(…)": what is in the parentheses. Moves behind them. */
static struct text in_parentheses(struct sql_reader *reader)
{
    const size_t start = reader->token.offset + 1;
    sql_find_closing(reader);
    const size_t end = reader->token.offset;
    sql_advance(reader);
    return text_slice(reader->lexer.text, start, end);
}

void definition_read_generated(struct sql_reader *reader, struct definition_column *column)
{
    const bool is_always = sql_take(reader, "always");
    if (!is_always && (!sql_take(reader, "by") || !sql_take(reader, "default"))) {
        return;
    }
    sql_take(reader, "as");
    if (sql_take(reader, "identity")) {
        column->identity = is_always ? 'a' : 'd';
        column->sequence = sql_is_symbol(&reader->token, '(') ? in_parentheses(reader) : (struct text){0};
        return;
    }
    if (sql_is_symbol(&reader->token, '(')) {
        column->generated = in_parentheses(reader);
        column->generation = sql_take(reader, "stored") ? 's' : 'v';
    }
}

/* Reads the clause that a word at the column's own level begins, if it is one that is compared. */
static bool read_said(struct arena *arena, struct sql_reader *reader, struct definition_column *column)
{
    if (sql_take(reader, "generated")) {
        definition_read_generated(reader, column);
        return true;
    }
    if (sql_take(reader, "collate")) {
        column->collation = sql_take_name(arena, reader, NULL);
        return true;
    }
    if (sql_take(reader, "default")) {
        read_default(reader, column);
        return true;
    }
    if (sql_take(reader, "references")) {
        read_reference(arena, reader, column);
        return true;
    }
    column->unique = column->unique || sql_is_word(&reader->token, "unique");
    column->primary = sql_is_word(&reader->token, "primary") ? "1 of 1" : column->primary;
    return false;
}

/* ---- constraints ---- */

static void add_clause(struct arena *arena, struct definition_columns *columns, struct definition_clause clause)
{
    columns->clauses =
        arena_grow(arena, columns->clauses, columns->clause_count, &columns->clause_capacity, sizeof *columns->clauses);
    columns->clauses[columns->clause_count++] = clause;
}

/* Does the word begin another clause of the column? SET NULL, SET DEFAULT and NOT DEFERRABLE belong to a constraint. */
static bool begins_other(const struct sql_reader *reader, bool is_behind_set)
{
    static const char *const words[] = {"constraint", "check",   "unique",    "primary", "references",
                                        "collate",    "storage", "generated", NULL};
    static const char *const belong[] = {"deferrable", "valid", "enforced", "distinct", NULL};
    struct sql_reader ahead = *reader;
    if (sql_take(&ahead, "not")) {
        return !sql_is_any_word(&ahead.token, belong);
    }
    return sql_is_any_word(&reader->token, words) ||
           (!is_behind_set && (sql_is_word(&reader->token, "null") || sql_is_word(&reader->token, "default")));
}

/* From the word that begins a column's constraint to its end. */
static struct text column_constraint(struct sql_reader reader)
{
    const size_t start = reader.token.offset;
    size_t end = start + reader.token.text.size;
    bool is_behind_set = false;
    int depth = 0;
    for (sql_advance(&reader); !sql_is_end(&reader.token); sql_advance(&reader)) {
        const bool ends = sql_is_symbol(&reader.token, ',') || sql_is_symbol(&reader.token, ')');
        if (depth == 0 && (ends || begins_other(&reader, is_behind_set))) {
            break;
        }
        depth += sql_is_symbol(&reader.token, '(') ? 1 : sql_is_symbol(&reader.token, ')') ? -1 : 0;
        is_behind_set = sql_is_word(&reader.token, "set");
        end = reader.token.offset + reader.token.text.size;
    }
    return text_slice(reader.lexer.text, start, end);
}

/* As a constraint of the table, if it has a name or is not told by the column: CHECK, UNIQUE NULLS NOT DISTINCT. */
static void take_constraint(struct arena *arena, const struct sql_reader *reader, const char *name,
                            const struct definition_column *column, struct definition_columns *columns)
{
    static const char *const begins[] = {"check", "unique", "primary", "references", NULL};
    if (!sql_is_any_word(&reader->token, begins)) {
        return;
    }
    const struct text text = column_constraint(*reader);
    const bool is_check = sql_is_word(&reader->token, "check");
    if (name == NULL && !is_check && !sql_has_word(text, "nulls")) {
        return;
    }
    struct buffer whole = {.arena = arena};
    struct buffer list = {.arena = arena};
    buffer_puts(&list, " (");
    pg_quote_identifier(&list, column->name);
    buffer_putc(&list, ')');
    const size_t words = sql_is_word(&reader->token, "primary") ? strlen("primary key") : strlen("unique");
    if (is_check) {
        buffer_add(&whole, text);
    } else if (sql_is_word(&reader->token, "references")) {
        buffer_printf(&whole, "FOREIGN KEY%s %.*s", buffer_string(&list), (int)text.size, text.data);
    } else if (sql_has_word(text, "nulls")) { /* they stand in front of the list */
        buffer_printf(&whole, "%.*s%s", (int)text.size, text.data, buffer_string(&list));
    } else {
        const size_t at = words > text.size ? text.size : words;
        buffer_printf(&whole, "%.*s%s%.*s", (int)at, text.data, buffer_string(&list), (int)(text.size - at),
                      text.data + at);
    }
    const struct definition_clause clause = {column->object, name, text_of(buffer_string(&whole))};
    add_clause(arena, columns, clause);
}

/* [CONSTRAINT name] UNIQUE … behind the columns; the reader is at its end. */
static void take_table_constraint(struct arena *arena, struct sql_reader reader, size_t end, size_t number,
                                  struct definition_columns *columns)
{
    struct definition_clause clause = {.object = number};
    if (sql_is_word(&reader.token, "like")) {
        return;
    }
    if (sql_take(&reader, "constraint")) {
        clause.name = sql_identifier(arena, &reader.token);
        sql_advance(&reader);
    }
    clause.text = text_slice(reader.lexer.text, reader.token.offset, end);
    const bool is_told = clause.name == NULL && sql_is_word(&reader.token, "primary");
    if (!is_told) {
        add_clause(arena, columns, clause);
    }
}

/* Moves after the end of this column, at the level of its list, and collects its clauses. */
static void finish_column(struct arena *arena, struct sql_reader *reader, struct definition_column *column,
                          struct definition_columns *columns)
{
    int depth = 0;
    const char *name = NULL;
    while (!sql_is_end(&reader->token)) {
        if (depth == 0 && (sql_is_symbol(&reader->token, ',') || sql_is_symbol(&reader->token, ')'))) {
            return;
        }
        if (depth == 0 && column->type != NULL && sql_take(reader, "constraint")) {
            name = sql_identifier(arena, &reader->token);
            sql_advance(reader);
            continue;
        }
        if (depth == 0 && column->type != NULL) {
            take_constraint(arena, reader, name, column, columns);
            name = NULL;
        }
        if (depth == 0 && column->type != NULL && read_said(arena, reader, column)) {
            continue;
        }
        depth += sql_is_symbol(&reader->token, '(') ? 1 : sql_is_symbol(&reader->token, ')') ? -1 : 0;
        struct sql_reader ahead = *reader;
        column->not_null = column->not_null || (depth == 0 && ((sql_take(&ahead, "not") && sql_take(&ahead, "null")) ||
                                                               sql_is_word(&reader->token, "primary")));
        sql_advance(reader);
    }
}

/* [CONSTRAINT name] PRIMARY KEY (column, …) of the table number `number`: its columns get their places. */
static void read_primary(struct arena *arena, struct sql_reader reader, size_t number,
                         struct definition_columns *columns)
{
    struct words names = {0};
    if (sql_take(&reader, "constraint")) {
        sql_advance(&reader);
    }
    if (!sql_take(&reader, "primary") || !sql_take(&reader, "key") || !sql_is_symbol(&reader.token, '(')) {
        return;
    }
    do {
        sql_advance(&reader);
        const char *const name = sql_identifier(arena, &reader.token);
        words_add(arena, &names, name == NULL ? "" : name);
        sql_advance(&reader);
    } while (sql_is_symbol(&reader.token, ','));
    for (size_t i = 0; i < columns->count; i++) {
        struct definition_column *const column = &columns->items[i];
        for (size_t at = 0; column->object == number && at < names.count; at++) {
            if (strcmp(column->name, names.items[at]) == 0) {
                column->primary = arena_printf(arena, "%zu of %zu", at + 1, names.count);
            }
        }
    }
}

static void read_column(struct arena *arena, struct sql_reader *reader, size_t number,
                        struct definition_columns *columns)
{
    struct definition_column column = {.object = number, .name = sql_identifier(arena, &reader->token)};
    const bool is_column = column.name != NULL && !is_no_column(&reader->token);
    if (is_column) {
        sql_advance(reader);
        read_type(arena, reader, &column);
    } else {
        read_primary(arena, *reader, number, columns);
    }
    const struct sql_reader begin = *reader;
    finish_column(arena, reader, &column, columns);
    if (!is_column) {
        take_table_constraint(arena, begin, sql_is_end(&reader->token) ? begin.lexer.text.size : reader->token.offset,
                              number, columns);
    }
    if (is_column && column.type[0] != '\0') {
        columns->items = arena_grow(arena, columns->items, columns->count, &columns->capacity, sizeof *columns->items);
        columns->items[columns->count++] = column;
    }
}

static void table_columns(struct arena *arena, struct sql_reader *reader, size_t number,
                          struct definition_columns *columns)
{
    /* After the name: "(", or OF, AS, PARTITION OF, which give no columns. */
    while (!sql_is_end(&reader->token) && !sql_is_symbol(&reader->token, '(')) {
        if (sql_is_word(&reader->token, "as") || sql_is_word(&reader->token, "of")) {
            return;
        }
        sql_advance(reader);
    }
    do {
        sql_advance(reader);
        read_column(arena, reader, number, columns);
    } while (sql_is_symbol(&reader->token, ','));
}

/* ADD [COLUMN] [IF NOT EXISTS] name type. */
static void added_column(struct arena *arena, const struct sql_object *object, struct sql_reader *reader, size_t number,
                         struct definition_columns *columns)
{
    while (!sql_is_end(&reader->token)) {
        if (!sql_take(reader, "add")) {
            sql_advance(reader);
            continue;
        }
        sql_take(reader, "column");
        sql_take_if(reader);
        const char *const name = sql_identifier(arena, &reader->token);
        if (name != NULL && strcmp(name, object->name) == 0) {
            read_column(arena, reader, number, columns);
            return;
        }
    }
}

void definition_columns(struct arena *arena, const struct sql_object *object, size_t number, struct text statement,
                        struct definition_columns *columns)
{
    struct sql_reader reader = sql_read(statement);
    if (strcmp(object->type, "table") == 0) {
        table_columns(arena, &reader, number, columns);
    } else if (strcmp(object->type, "column") == 0) {
        added_column(arena, object, &reader, number, columns);
    }
}
