/*
 * What CREATE OR REPLACE replaces, a function or a view: the new one must keep what others may rely on, its result, the
 * names of its parameters, its columns.
 */
#ifndef SQL_REPLACED_H
#define SQL_REPLACED_H

#include <stdbool.h>
#include <stddef.h>

/* Lists are separated by the character 31; types are written as in struct sql_need. */
struct sql_replaced {
    const char *schema; /* NULL: unqualified */
    const char *name;
    bool is_view; /* a view; or a table or materialized view IF NOT EXISTS, by its query */
    bool is_procedure;
    bool is_setof;
    size_t defaults;     /* number of parameters with defaults */
    const char *types;   /* of a call's arguments; of a view's columns, "" if not known */
    const char *names;   /* likewise: their names; "" if unnamed */
    const char *returns; /* NULL: not known, or nothing */
    const char *output_types;
    const char *output_names; /* of OUT, INOUT and TABLE; NULL: one is unnamed */
};

#endif
