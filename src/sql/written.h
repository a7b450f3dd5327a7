/*
 * Rows that a statement writes, as far as their values are constants: INSERT … VALUES, and UPDATE … SET.
 */
#ifndef SQL_WRITTEN_H
#define SQL_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>

enum sql_value_kind {
    SQL_VALUE_COMPUTED,
    SQL_VALUE_DEFAULT, /* the word */
    SQL_VALUE_NULL,
    SQL_VALUE_STRING,
    SQL_VALUE_PLAIN, /* a number, true or false */
};

struct sql_value {
    enum sql_value_kind kind;
    const char *text; /* of a constant, without quotes; else NULL */
};

struct sql_written {
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *columns;            /* separated by the character 31; "": the first ones of the table */
    const struct sql_value *values; /* row by row */
    size_t width;                   /* values of a row */
    size_t count;                   /* rows: the first ones, if there are many */
    bool is_all;                    /* these are all */
    const char *counted; /* of these columns, those that get the next numbers of sequences; NULL: not known */
    bool may_pass_over;  /* ON CONFLICT */
    const char *where; /* of an UPDATE, whose row this is: the condition, which runs nobody's code; "": all rows. NULL:
                            it is an INSERT */
    const char *where_columns; /* what the condition reads, written like the others */
};

#endif
