/*
 * What a statement requires of existing columns and tables, so that the catalogs can be asked whether they fit: changes
 * of columns, foreign keys, partitions and children.
 */
#ifndef SQL_ALTERS_H
#define SQL_ALTERS_H

#include "sql/needs.h"
#include "sql/written.h"

#include <stdbool.h>
#include <stddef.h>

enum sql_alter_kind {
    SQL_ALTER_TYPE,
    SQL_ALTER_ADD,
    SQL_ALTER_DROP,
    SQL_ALTER_RENAME,
    SQL_ALTER_DEFAULT, /* the column gets a default */
    SQL_ALTER_NULLABLE,
    SQL_ALTER_ADD_IDENTITY,
    SQL_ALTER_SET_IDENTITY,
    SQL_ALTER_DROP_IDENTITY,
    SQL_ALTER_DROP_EXPRESSION,
    SQL_ALTER_ATTACH,  /* `other` becomes a partition of the table, by `bound` */
    SQL_ALTER_DETACH,  /* `other` is no longer a partition */
    SQL_ALTER_INHERIT, /* the table becomes a child of `other` */
};

struct sql_alter {
    enum sql_alter_kind kind;
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *column;
    const char *type;    /* for TYPE and ADD, as in struct sql_need; "": not known */
    const char *written; /* the same as format_type() writes it; NULL: it is not built-in */
    const char *renamed; /* for RENAME: the new name */
    /* For ADD: what the rows that are there get, not yet of its type, as an expression over the columns `reads`
     * (separated by the character 31) that runs nobody's code and is the same whenever it is computed; NULL: it cannot
     * be had so. */
    const char *value;
    const char *reads;
    bool has_using;
    bool is_empty; /* for ADD: it has a value in no row that is there */
    bool is_only;  /* the only one of the statement's changes to this column */
    const char *other_schema;
    const char *other;
    char bound; /* l(ist), r(ange), h(ash), d(efault) */
};

/* Columns in lists are separated by the character 31. */
struct sql_reference {
    const char *schema; /* of the referencing table; NULL with name NULL if the statement creates it */
    const char *name;
    const char *columns;
    const char *types; /* their types, as in struct sql_need; "" for that of an existing column */
    const char *to_schema;
    const char *to;
    const char *to_columns; /* "": its primary key */
};

/* A column of a table that the statement makes. */
struct sql_made_column {
    const char *name;
    const char *written;    /* its type by format_type(); NULL: it is not built-in */
    struct sql_value value; /* its DEFAULT; without one SQL_VALUE_NULL */
    bool counts;            /* its DEFAULT is the next number of a new sequence, from 1 */
    bool is_filled;         /* NOT NULL */
};

/* A table that the statement makes, if it has no columns from other tables. */
struct sql_made_table {
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *columns;
    const char *types; /* as in struct sql_need; "" for one that cannot be written */
    const char *key;   /* the columns of its primary key; "": it has none */
    struct sql_made_column *parts;
    size_t count;
    struct sql_need *rules; /* what it demands of its rows: NO_DUPLICATES, CHECKED, PARENTS, APART */
    size_t rule_count;
    bool is_plain; /* its rows are its own, and stay: it is neither partitioned nor temporary */
};

#endif
