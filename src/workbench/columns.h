/*
 * The columns of a query's result: their names, types, and how each becomes JSON.
 */
#ifndef WORKBENCH_COLUMNS_H
#define WORKBENCH_COLUMNS_H

#include "workbench/readonly.h"
#include "workbench/values.h"

struct column {
    const char *name;
    const char *key; /* in an object: the name, or one that no other column has */
    const char *type;
    uint32_t oid;
    int32_t typmod;
    struct value_type value;
    bool is_long; /* of any length, so that it must be bounded */
};

struct columns {
    struct column *items;
    size_t count;
};

/* Of a described statement. False and the call's status where the server does not tell. */
bool columns_read(struct readonly *reading, const PGresult *described, struct columns *columns);

/* The query around the query that gives at most `rows` rows (0: all), and of long values at most `bytes` characters:
 * for each long column two, its value and whether that was cut. *before: the characters before the query. */
const char *columns_wrap(struct arena *arena, const struct columns *columns, struct text query, size_t rows,
                         size_t bytes, size_t *before);

/* Appends a row of that as an object, or as a list. *cut is set where a value was cut. */
void columns_write_row(struct buffer *out, const struct columns *columns, const PGresult *row, bool as_list, bool *cut);

#endif
