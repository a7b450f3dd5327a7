/*
 * What a statement needs to be there already, and what it makes, which must not be: things of every kind, by the names
 * that the statement gives them.
 */
#ifndef SQL_NEEDS_H
#define SQL_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

enum sql_need_kind {
    SQL_NEED_ROLE,
    SQL_NEED_TYPE,
    SQL_NEED_DOMAIN,
    SQL_NEED_FUNCTION, /* something of this name that can be called; `part`: with so many arguments */
    SQL_NEED_SCHEMA,
    SQL_NEED_COLLATION,
    SQL_NEED_TABLESPACE,
    SQL_NEED_METHOD, /* of access */
    SQL_NEED_SETTING,
    SQL_NEED_COLUMN,             /* `part` of the relation `name`, as those that follow */
    SQL_NEED_COLUMN_OR_FUNCTION, /* … or one that takes its row: t.f is f(t) */
    SQL_NEED_CONSTRAINT,
    SQL_NEED_TRIGGER,
    SQL_NEED_POLICY,
    SQL_NEED_RULE,
    SQL_NEED_INDEX, /* of this table */
    SQL_NEED_KEY,   /* unique over these columns, with 31 (ASCII's unit separator) between them; "": a primary key */
    SQL_NEED_NOT_GENERATED, /* a column that takes values */
    SQL_NEED_NOT_ALWAYS,    /* the same: no identity GENERATED ALWAYS */
    SQL_NEED_COLUMN_COUNT,  /* so many columns at least */
    SQL_NEED_WITHIN_KEY,    /* if it is partitioned, its key has no other columns than these */
    SQL_NEED_ARBITER,       /* a unique index over exactly these columns, as those of KEY; nothing of a view */
    SQL_NEED_NO_ROWS,       /* in the relation: the new column `part` is NOT NULL and has no value for them */
    SQL_NEED_RELATION,      /* `part`: of these kinds (pg_class.relkind); NULL: of any */
    SQL_NEED_ROUTINE, /* `part`: of these kinds (pg_proc.prokind), with a ! at the end: one only; an o: OUT may count */
    SQL_NEED_TRIGGER_FUNCTION, /* without arguments; `part`: of this pseudo-type */
    SQL_NEED_OPERATOR,
    SQL_NEED_CAST,            /* `types` is all that there is of it; the name is for a person */
    SQL_NEED_OPERATOR_CLASS,  /* `part`: of this access method */
    SQL_NEED_OPERATOR_FAMILY, /* `part`: of this access method */
    SQL_NEED_CONVERSION,
    SQL_NEED_PARSER, /* of text search, as the three that follow */
    SQL_NEED_DICTIONARY,
    SQL_NEED_TEMPLATE,
    SQL_NEED_CONFIGURATION,
    SQL_NEED_STATISTICS,
    SQL_NEED_ENUM_VALUE,        /* `part` of the type `name` */
    SQL_NEED_DOMAIN_CONSTRAINT, /* `part` of the domain `name` */
    SQL_NEED_EXTENSION,
    SQL_NEED_EXTENSION_FILES, /* that the server has, or it is installed; `part`: of this version */
    SQL_NEED_LANGUAGE,
    SQL_NEED_DATABASE,
    SQL_NEED_WRAPPER, /* of foreign data */
    SQL_NEED_SERVER,
    SQL_NEED_EVENT_TRIGGER,
    SQL_NEED_PUBLICATION,
    SQL_NEED_SUBSCRIPTION,
};

struct sql_need {
    enum sql_need_kind kind;
    const char *schema; /* NULL where the statement gives none */
    const char *name;
    const char *part; /* NULL: the thing is whole */
    /* Of what has arguments: their types, with 31 between them, each as its schema, 30, its name, 30, and "[]" for an
     * array; an operand that there is none of is "". NULL: the statement does not say. */
    const char *types;
    /* Of what is made by giving a thing another name or schema: what it has now; NULL: it is new. */
    const char *was_schema;
    const char *was;
    bool may_be_missing; /* IF EXISTS */
    bool is_only_read;   /* naming it, the statement does not make it, however often */
    bool goes;           /* it is dropped, without CASCADE: nothing may depend on it */
};

#endif
