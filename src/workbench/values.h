/*
 * Converts PostgreSQL's text of a value to JSON, by its type: int8 and numeric become strings (JSON numbers are exact
 * only to 2^53), json stays itself, times become RFC 3339, arrays become lists. The session writes ISO dates, UTC and
 * hex.
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

/* The kind of a type, by its OID. */
enum value_kind value_kind_of(uint32_t oid);

/* Appends the value; `cut`: it is incomplete, and becomes a string in any case. */
void value_write(struct buffer *out, const struct value_type *type, struct text value, bool cut);

#endif
