/*
 * What changes a column of the same script later. Works on words, as definition_columns.c.
 */
#include "migration/look/definition_columns.h"

#include "sql/lexer.h"

#include <string.h>

/* schema.table.column, or without the schema. */
struct place {
    const char *schema;
    const char *table;
    const char *column;
};

static struct definition_column *column_at(const struct place *place, const struct sql_objects *objects,
                                           struct definition_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct definition_column *const column = &columns->items[i];
        const struct sql_object *const object = &objects->items[column->object];
        const bool is_table = object->parent == NULL && strcmp(object->name, place->table) == 0;
        if (is_table && text_is(text_of(object->schema), place->schema) && strcmp(column->name, place->column) == 0) {
            return column;
        }
    }
    return NULL;
}

/* Behind ALTER SEQUENCE. */
static bool own_sequence(struct arena *arena, struct sql_reader reader, const struct sql_objects *objects,
                         struct definition_columns *columns)
{
    const char *parts[3] = {NULL};
    size_t count = 0;
    sql_take_if(&reader);
    const char *const name = sql_take_name(arena, &reader, NULL);
    if (name == NULL || !sql_take_words(&reader, "owned by")) {
        return false;
    }
    do {
        parts[count] = sql_identifier(arena, &reader.token);
        sql_advance(&reader);
        count += parts[count] == NULL ? 0 : 1;
    } while (count < 3 && sql_is_symbol(&reader.token, '.') && (sql_advance(&reader), true));
    if (count < 2 || !sql_is_end(&reader.token)) {
        return false;
    }
    const struct place place = {count == 3 ? parts[0] : NULL, parts[count - 2], parts[count - 1]};
    struct definition_column *const column = column_at(&place, objects, columns);
    if (column != NULL) {
        column->owned = name;
    }
    return column != NULL;
}

/* Applies one action behind ALTER [COLUMN] c. */
static bool alter(struct sql_reader *reader, struct text statement, struct definition_column *column)
{
    if (sql_take_words(reader, "set not null")) {
        column->not_null = true;
        return sql_is_end(&reader->token);
    }
    if (sql_take_words(reader, "set default")) {
        const struct text rest = text_slice(statement, reader->token.offset, statement.size);
        struct sql_reader ahead = *reader;
        int depth = 0;
        for (; !sql_is_end(&ahead.token); sql_advance(&ahead)) {
            depth += sql_is_symbol(&ahead.token, '(') ? 1 : sql_is_symbol(&ahead.token, ')') ? -1 : 0;
            if (depth == 0 && sql_is_symbol(&ahead.token, ',')) {
                return false;
            }
        }
        column->standard = rest;
        return true;
    }
    if (sql_take_words(reader, "add generated")) {
        definition_read_generated(reader, column);
        column->not_null = column->not_null || column->identity != 0;
        return column->identity != 0 && sql_is_end(&reader->token);
    }
    return false;
}

bool definition_alter_column(struct arena *arena, struct text statement, const struct sql_objects *objects,
                             struct definition_columns *columns)
{
    struct sql_reader reader = sql_read(statement);
    struct place place = {0};
    if (!sql_take(&reader, "alter")) {
        return false;
    }
    if (sql_take(&reader, "sequence")) {
        return own_sequence(arena, reader, objects, columns);
    }
    if (!sql_take(&reader, "table")) {
        return false;
    }
    sql_take(&reader, "only");
    place.table = sql_take_name(arena, &reader, &place.schema);
    if (place.table == NULL || !sql_take(&reader, "alter")) {
        return false;
    }
    sql_take(&reader, "column");
    place.column = sql_identifier(arena, &reader.token);
    sql_advance(&reader);
    struct definition_column *const column = place.column == NULL ? NULL : column_at(&place, objects, columns);
    struct definition_column altered = column == NULL ? (struct definition_column){0} : *column;
    if (column == NULL || !alter(&reader, statement, &altered)) {
        return false;
    }
    *column = altered;
    return true;
}
