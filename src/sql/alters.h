/*
 * What a statement wants of columns and tables that are there, for who can ask whether they fit: changes of columns,
 * foreign keys, partitions and children.
 */
#ifndef SQL_ALTERS_H
#define SQL_ALTERS_H

#include <stdbool.h>
#include <stddef.h>

enum sql_alter_kind {
    SQL_ALTER_TYPE,
    SQL_ALTER_ADD,
    SQL_ALTER_DROP,
    SQL_ALTER_RENAME,
    SQL_ALTER_DEFAULT, /* it gets one */
    SQL_ALTER_NULLABLE,
    SQL_ALTER_ADD_IDENTITY,
    SQL_ALTER_SET_IDENTITY,
    SQL_ALTER_DROP_IDENTITY,
    SQL_ALTER_ATTACH,  /* `other` becomes a partition of the table, by `bound` */
    SQL_ALTER_DETACH,  /* `other` is one no more */
    SQL_ALTER_INHERIT, /* the table becomes a child of `other` */
};

struct sql_alter {
    enum sql_alter_kind kind;
    const char *schema; /* NULL where the statement gives none */
    const char *name;
    const char *column;
    const char *type; /* of TYPE and ADD, as struct sql_need has it; "" where it cannot be said */
    bool has_using;
    bool is_only; /* … of several that the statement does to this column */
    const char *other_schema;
    const char *other;
    char bound; /* l(ist), r(ange), h(ash), d(efault) */
};

/* Columns in lists have 31 between them. */
struct sql_reference {
    const char *schema; /* of the table that refers; NULL with name NULL where the statement makes it */
    const char *name;
    const char *columns;
    const char *types; /* of these, as struct sql_need has them; "" for that of a column that is there */
    const char *to_schema;
    const char *to;
    const char *to_columns; /* "": its primary key */
};

#endif
