/*
 * The bound of a partition, as CREATE TABLE … PARTITION OF and ATTACH PARTITION write it.
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
    SQL_BOUND_COMPUTED, /* an expression: what it gives is the server's to say */
};

struct sql_bound_value {
    enum sql_bound_value_kind kind;
    const char *text; /* of a constant, without quotes */
    const char *type; /* that it is cast to: its pg_type.typname, without modifiers; NULL: none is said */
};

struct sql_bound {
    const char *schema; /* of the table that it is a partition of; NULL where the statement gives none */
    const char *name;
    char strategy;                  /* l(ist), r(ange), h(ash), d(efault) */
    struct sql_bound_value *values; /* of a list; of a range FROM and then TO */
    size_t count;
    size_t from_count; /* of a range */
    bool is_content;   /* IF NOT EXISTS: where the partition is there already, nothing is made */
    int modulus;       /* of a hash */
    int remainder;
};

#endif
