/*
 * A partition bound, in CREATE TABLE … PARTITION OF or ATTACH PARTITION.
 */
#ifndef SQL_BOUND_H
#define SQL_BOUND_H

#include <stdbool.h>
#include <stddef.h>

enum sql_bound_value_kind {
    SQL_BOUND_CONSTANT,
    SQL_BOUND_NULL,
    SQL_BOUND_MINVALUE,
    SQL_BOUND_MAXVALUE,
    SQL_BOUND_COMPUTED, /* an expression, which only the server can evaluate */
};

struct sql_bound_value {
    enum sql_bound_value_kind kind;
    const char *text; /* of a constant, without quotes */
    const char *type; /* the type that it is cast to (pg_type.typname, without modifiers); NULL: none */
};

struct sql_bound {
    const char *schema; /* of the partitioned table; NULL: unqualified */
    const char *name;
    char strategy;                  /* l(ist), r(ange), h(ash), d(efault) */
    struct sql_bound_value *values; /* for a list; for a range FROM and then TO */
    size_t count;
    size_t from_count; /* for a range */
    bool is_content;   /* IF NOT EXISTS: nothing is created if the partition exists */
    int modulus;       /* for a hash */
    int remainder;
};

#endif
