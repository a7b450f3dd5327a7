/*
 * PostgreSQL's text of a value as JSON, by its type: int8 and numeric are strings (JSON's numbers end at 2^53), json is
 * itself, times are RFC 3339, arrays are lists. The session writes ISO dates, UTC and hex.
 */
#ifndef WORKBENCH_VALUES_H
#define WORKBENCH_VALUES_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_STRING,
    VALUE_BOOL,
    VALUE_NUMBER,
    VALUE_FLOAT,
    VALUE_JSON,
    VALUE_TIMESTAMP,
    VALUE_TIMESTAMPTZ,
    VALUE_VOID,
};

struct value_type {
    enum value_kind kind; /* of an array: of its elements */
    bool is_array;
    char delimiter; /* between the elements of an array */
};

/* The kind of a type by its OID. */
enum value_kind value_kind_of(uint32_t oid);

/* Appends the value; `cut`: it is a part of one, and becomes a string whatever it is. */
void value_write(struct buffer *out, const struct value_type *type, struct text value, bool cut);

#endif
