/*
 * A change of a column's type: what becomes of the values, and how the rows that are there can be asked for it.
 */
#ifndef SQL_RETYPES_H
#define SQL_RETYPES_H

#include "sql/conversion.h"

struct sql_retype {
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *column;
    const char *from;        /* the old type as format_type() writes it, if it is built-in; else NULL */
    const char *to;          /* the same for the new one; of a domain the base type */
    const char *type_schema; /* of the new type, if it is a user's and no array; NULL: unqualified */
    const char *type_name;   /* NULL: it is built-in, or an array */
    const char *text; /* the old value as a text that is then cast to that type, as an expression; NULL: it is not */
    bool is_checked;  /* by the constraints of the domain that is the new type */
    bool is_assigned; /* no USING: by assignment, for which a string that is too long is an error */
    /* The new value before it is assigned, as an expression over `columns` (separated by the character 31) which calls
     * only functions of PostgreSQL that compute; NULL: it cannot be had so. */
    const char *value;
    const char *columns;
    struct sql_conversion becomes;
};

#endif
