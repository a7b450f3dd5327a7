/*
 * The columns of a query's result: names, types, and how each becomes JSON.
 */
#ifndef WORKBENCH_COLUMNS_H
#define WORKBENCH_COLUMNS_H

#include "workbench/readonly.h"
#include "workbench/values.h"

struct column {
    const char *name;
    const char *key; /* in an object: the name, or a unique variant of it */
    const char *type;
    uint32_t oid;
    int32_t typmod;
    struct value_type value;
    bool is_long; /* of unlimited length, so that it must be cut */
};

struct columns {
    struct column *items;
    size_t count;
};

/* Reads the columns of a described statement. Fails with the call's status if the server does not tell. */
bool columns_read(struct readonly *reading, const PGresult *described, struct columns *columns);

struct columns_bounds {
    size_t rows;  /* the most rows; 0: all */
    size_t bytes; /* the most characters of a long value */
};

/* Wraps a query so that its result stays within bounds: each long column becomes two, its value and whether it was cut.
 * *before: the number of characters before the query. */
const char *columns_wrap(struct arena *arena, const struct columns *columns, struct text query,
                         struct columns_bounds most, size_t *before);

/* Appends a row of that result as an object, or as a list. Sets *cut if a value was cut. */
void columns_write_row(struct buffer *out, const struct columns *columns, const PGresult *row, bool as_list, bool *cut);

#endif
