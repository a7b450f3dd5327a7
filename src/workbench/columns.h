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

struct columns_bounds {
    size_t rows;  /* the most; 0: all */
    size_t bytes; /* of a long value, in characters */
};

/* The query around a query that keeps its answer within bounds: for each long column two, its value and whether that
 * was cut. *before: the characters before the query. */
const char *columns_wrap(struct arena *arena, const struct columns *columns, struct text query,
                         struct columns_bounds most, size_t *before);

/* Appends a row of that as an object, or as a list. *cut is set where a value was cut. */
void columns_write_row(struct buffer *out, const struct columns *columns, const PGresult *row, bool as_list, bool *cut);

#endif
