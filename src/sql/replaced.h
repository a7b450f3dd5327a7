/*
 * What CREATE OR REPLACE puts in the place of a function or a view that is there: it must keep what others may rely on,
 * its result, the names of its parameters, its columns.
 */
#ifndef SQL_REPLACED_H
#define SQL_REPLACED_H

#include <stdbool.h>
#include <stddef.h>

/* Lists have 31 between their items; types are written as struct sql_need has them. */
struct sql_replaced {
    const char *schema; /* NULL where the statement gives none */
    const char *name;
    bool is_view; /* or a table or a materialized view IF NOT EXISTS, by its query */
    bool is_procedure;
    bool is_setof;
    size_t defaults;     /* parameters that have one */
    const char *types;   /* of what is given to a call; of a view: of each column, "" where it is not known */
    const char *names;   /* of the same; "" where there is none; of a view's columns */
    const char *returns; /* NULL: it is not known, or nothing */
    const char *output_types;
    const char *output_names; /* of OUT, INOUT and TABLE; NULL: one has no name */
};

#endif
