/*
 * A value that does not look as its type should becomes a string: nothing is lost, and the JSON stays valid.
 */
#include "workbench/values.h"

#include "base/json_text.h"

#include <string.h>

#define DIMENSIONS 6

static const struct {
    uint32_t oid;
    enum value_kind kind;
} kinds[] = {
    {16, VALUE_BOOL},        {21, VALUE_NUMBER},        {23, VALUE_NUMBER}, {26, VALUE_NUMBER},
    {700, VALUE_FLOAT},      {701, VALUE_FLOAT},        {114, VALUE_JSON},  {3802, VALUE_JSON},
    {1114, VALUE_TIMESTAMP}, {1184, VALUE_TIMESTAMPTZ}, {2278, VALUE_VOID},
};

enum value_kind value_kind_of(uint32_t oid)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].oid == oid) {
            return kinds[i].kind;
        }
    }
    return VALUE_STRING;
}

/* ---- one value ---- */

/* "2025-01-15 10:00:00.5+00"; infinity, BC and years after 9999 are not possible in RFC 3339 and stay unchanged. */
static void write_time(struct buffer *out, struct text value, bool has_zone)
{
    const bool is_plain = value.size >= 19 && value.data[4] == '-' && value.data[10] == ' ' &&
                          !text_ends_with(value, "BC") && (!has_zone || text_ends_with(value, "+00"));
    if (!is_plain) {
        json_write_string(out, value);
        return;
    }
    struct buffer text = {.arena = out->arena};
    buffer_add(&text, text_slice(value, 0, 10));
    buffer_putc(&text, 'T');
    buffer_add(&text, text_slice(value, 11, value.size - (has_zone ? 3 : 0)));
    buffer_puts(&text, has_zone ? "Z" : "");
    json_write_string(out, buffer_text(&text));
}

/* Unchanged, but on one line: in valid JSON, line breaks are only between tokens. */
static void write_json(struct buffer *out, struct text value)
{
    for (size_t i = 0; i < value.size;) {
        const size_t start = i;
        while (i < value.size && value.data[i] != '\n' && value.data[i] != '\r') {
            i++;
        }
        buffer_add(out, text_slice(value, start, i));
        if (i < value.size) {
            buffer_putc(out, ' ');
            i++;
        }
    }
}

static bool is_number(struct text value)
{
    return value.size > 0 && strchr("-0123456789", value.data[0]) != NULL && json_is_sound(value);
}

static void write_scalar(struct buffer *out, enum value_kind kind, struct text value)
{
    switch (kind) {
    case VALUE_BOOL:
        buffer_puts(out, text_is(value, "t") ? "true" : "false");
        return;
    case VALUE_NUMBER:
    case VALUE_FLOAT:
        if (is_number(value)) {
            buffer_add(out, value);
            return;
        }
        break;
    case VALUE_JSON:
        if (json_is_sound(value)) {
            write_json(out, value);
            return;
        }
        break;
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ:
        write_time(out, value, kind == VALUE_TIMESTAMPTZ);
        return;
    case VALUE_VOID:
        buffer_puts(out, "null");
        return;
    case VALUE_STRING:
        break;
    }
    json_write_string(out, value);
}

/* ---- arrays ---- */

struct array {
    struct text text;
    size_t at;
    const struct value_type *type;
    struct buffer *out;
};

static bool at(const struct array *array, char wanted)
{
    return array->at < array->text.size && array->text.data[array->at] == wanted;
}

/* The text of a quoted element, without its quotes. */
static struct text take_quoted(struct array *array, bool *ok)
{
    struct buffer value = {.arena = array->out->arena};
    array->at++;
    while (array->at < array->text.size && !at(array, '"')) {
        array->at += at(array, '\\') ? 1 : 0;
        if (array->at < array->text.size) {
            buffer_putc(&value, array->text.data[array->at++]);
        }
    }
    *ok = at(array, '"');
    array->at++;
    return value.data == NULL ? text_of("") : buffer_text(&value);
}

static struct text take_bare(struct array *array)
{
    const size_t start = array->at;
    while (array->at < array->text.size && !at(array, array->type->delimiter) && !at(array, '}')) {
        array->at++;
    }
    return text_slice(array->text, start, array->at);
}

static bool write_element(struct array *array)
{
    bool ok = true;
    if (at(array, '"')) {
        const struct text value = take_quoted(array, &ok);
        write_scalar(array->out, array->type->kind, value);
        return ok;
    }
    const struct text value = take_bare(array);
    if (text_is(value, "NULL")) {
        buffer_puts(array->out, "null");
    } else {
        write_scalar(array->out, array->type->kind, value);
    }
    return value.size > 0;
}

/* Braces become brackets, and everything between them is an element. */
static bool write_elements(struct array *array)
{
    size_t depth = 0;
    do {
        if (at(array, '{')) {
            buffer_putc(array->out, '[');
            array->at++;
            depth++;
            if (depth > DIMENSIONS) {
                return false;
            }
            if (!at(array, '}')) {
                continue;
            }
        } else if (!write_element(array)) {
            return false;
        }
        while (depth > 0 && at(array, '}')) {
            buffer_putc(array->out, ']');
            array->at++;
            depth--;
        }
        if (depth > 0) {
            if (!at(array, array->type->delimiter)) {
                return false;
            }
            buffer_putc(array->out, ',');
            array->at++;
        }
    } while (depth > 0);
    return array->at == array->text.size;
}

static void write_array(struct buffer *out, const struct value_type *type, struct text value)
{
    const size_t before = out->size;
    struct array array = {.text = value, .type = type, .out = out};
    /* Bounds other than 1 are written before it: "[0:1]={a,b}". */
    if (!at(&array, '{') || !write_elements(&array)) {
        out->size = before;
        json_write_string(out, value);
    }
}

void value_write(struct buffer *out, const struct value_type *type, struct text value, bool cut)
{
    if (cut) {
        json_write_string(out, value);
    } else if (type->is_array) {
        write_array(out, type, value);
    } else {
        write_scalar(out, type->kind, value);
    }
}
