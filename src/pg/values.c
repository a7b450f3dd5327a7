/*
 * Writes values into SQL, and reads them from results.
 */
#include "pg/values.h"

#include <stdlib.h>
#include <string.h>

/* Doubles one character everywhere. */
static void add_doubled(struct buffer *sql, struct text text, char doubled)
{
    for (size_t i = 0; i < text.size; i++) {
        buffer_putc(sql, text.data[i]);
        if (text.data[i] == doubled) {
            buffer_putc(sql, doubled);
        }
    }
}

void pg_quote_literal(struct buffer *sql, struct text value)
{
    const bool backslash = value.size > 0 && memchr(value.data, '\\', value.size) != NULL;
    if (!backslash) {
        buffer_putc(sql, '\'');
        add_doubled(sql, value, '\'');
        buffer_putc(sql, '\'');
        return;
    }
    /* E'' means the same under either value of standard_conforming_strings; the space separates it from a preceding
     * word. */
    buffer_puts(sql, " E'");
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] == '\\' || value.data[i] == '\'') {
            buffer_putc(sql, value.data[i]);
        }
        buffer_putc(sql, value.data[i]);
    }
    buffer_putc(sql, '\'');
}

void pg_put_do(struct buffer *sql, struct text body)
{
    buffer_puts(sql, "DO ");
    pg_quote_literal(sql, body);
}

void pg_quote_identifier(struct buffer *sql, const char *name)
{
    buffer_putc(sql, '"');
    add_doubled(sql, text_of(name), '"');
    buffer_putc(sql, '"');
}

void pg_put_element(struct buffer *array, const char *value)
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

const char *pg_array_text(struct buffer *array)
{
    buffer_puts(array, array->size == 0 ? "{}" : "}");
    return buffer_string(array);
}

void pg_put_value(struct buffer *sql, const char *value)
{
    if (value == NULL) {
        buffer_puts(sql, "NULL");
    } else {
        pg_quote_literal(sql, text_of(value));
    }
}

void pg_put_filled(struct buffer *sql, const char *text, int count, const char *const *values)
{
    const char *rest = text;
    for (const char *at = strchr(rest, '$'); at != NULL; at = strchr(at + 1, '$')) {
        char *end;
        const unsigned long number = strtoul(at + 1, &end, 10);
        if (number >= 1 && number <= (unsigned long)count) {
            buffer_add(sql, (struct text){rest, (size_t)(at - rest)});
            pg_put_value(sql, values[number - 1]);
            rest = end;
        }
    }
    buffer_puts(sql, rest);
}

void pg_result_cleanup(PGresult **result)
{
    PQclear(*result);
}

const char *pg_field(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) != 0 ? NULL : PQgetvalue(result, row, column);
}

const char *pg_field_copy(struct arena *arena, const PGresult *result, int row, int column)
{
    const char *const value = pg_field(result, row, column);
    return value == NULL ? "" : arena_strdup(arena, value);
}

bool pg_field_bool(const PGresult *result, int row, int column)
{
    const char *const value = pg_field(result, row, column);
    return value != NULL && value[0] == 't';
}

int64_t pg_field_int(const PGresult *result, int row, int column, int64_t fallback)
{
    const char *const value = pg_field(result, row, column);
    return value == NULL ? fallback : strtoll(value, NULL, 10);
}

int64_t pg_field_us(const PGresult *result, int row, int column)
{
    return pg_field_int(result, row, column, NO_TIME);
}
