/*
 * What a statement needs to exist, and what it creates and must not exist: things of all kinds, by the names in the
 * statement.
 */
#ifndef SQL_NEEDS_H
#define SQL_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

enum sql_need_kind {
    SQL_NEED_ROLE,
    SQL_NEED_TYPE,
    SQL_NEED_DOMAIN,
    SQL_NEED_FUNCTION,  /* anything callable with this name; `part`: the number of arguments */
    SQL_NEED_IMMUTABLE, /* the same, which is IMMUTABLE, or can become so when it is inlined */
    SQL_NEED_SCHEMA,
    SQL_NEED_COLLATION,
    SQL_NEED_TABLESPACE,
    SQL_NEED_METHOD, /* an access method */
    SQL_NEED_SETTING,
    SQL_NEED_COLUMN,             /* `part` of the relation `name`, like the next ones */
    SQL_NEED_COLUMN_OR_FUNCTION, /* … or a function of its row: t.f is f(t) */
    SQL_NEED_CONSTRAINT,
    SQL_NEED_TRIGGER,
    SQL_NEED_POLICY,
    SQL_NEED_RULE,
    SQL_NEED_INDEX, /* of this table */
    SQL_NEED_KEY,   /* unique over these columns, separated by the character 31 (ASCII's unit separator); "": a primary
                       key */
    SQL_NEED_NOT_GENERATED, /* a column that accepts values */
    SQL_NEED_NOT_ALWAYS,    /* the same: not GENERATED ALWAYS AS IDENTITY */
    SQL_NEED_COLUMN_COUNT,  /* at least this many columns */
    SQL_NEED_FILLED,     /* its columns that are NOT NULL and have no default are among these, written as for KEY; with
                            `types` "number": are the first ones, as many as `part` says */
    SQL_NEED_NULLABLE,   /* these columns, which get a NULL, may have one; with `types` "number": by their numbers */
    SQL_NEED_INDEXABLE,  /* these columns have a default operator class for the access method in `types` */
    SQL_NEED_WITHIN_KEY, /* if it is partitioned, its key has only these columns */
    SQL_NEED_ARBITER,    /* a unique index over exactly these columns, written as for KEY; not for a view */
    SQL_NEED_NO_ROWS,    /* the relation is empty, because the new column `part` is NOT NULL without a value */
    SQL_NEED_NO_NULLS,   /* no row has NULL in the column `part` */
    SQL_NEED_NO_DUPLICATES, /* no two rows are equal in these columns, written as for KEY; `types` "p": nor has one a
                               NULL there */
    SQL_NEED_NO_EQUALS, /* no two rows, of those for which the condition in `was` is true (NULL: of all), are equal in
                           the expressions in `types`; these are over the columns `part`, and run nobody's code */
    SQL_NEED_CHECKED,   /* the condition in `types`, over the columns `part`, is false for no row; it runs nobody's code
                         */
    SQL_NEED_PARENTS,   /* what is in the columns `part` is in the columns `types` ("": the primary key) of the relation
                           `was` */
    SQL_NEED_CHILDLESS, /* no foreign key refers to a row that is deleted: one for which the condition in `types`, over
                           the columns `part`, is true ("": all) */
    SQL_NEED_DOMAIN_FITS, /* no value of the domain `name` is against the condition in `types`, over "value" */
    SQL_NEED_APART,       /* the operators in `types` are true of the columns `part` of no two rows */
    SQL_NEED_VALID,       /* the constraint `part` of the table holds for all rows */
    SQL_NEED_RELATION,    /* `part`: its allowed kinds (pg_class.relkind); NULL: any */
    SQL_NEED_ROUTINE, /* `part`: its allowed kinds (pg_proc.prokind); a final ! means exactly one; an o means that OUT
                         may count */
    SQL_NEED_TRIGGER_FUNCTION, /* without arguments; `part`: returning this pseudo-type */
    SQL_NEED_OPERATOR,
    SQL_NEED_CAST,            /* only `types` matters; the name is for people */
    SQL_NEED_OPERATOR_CLASS,  /* `part`: for this access method */
    SQL_NEED_OPERATOR_FAMILY, /* `part`: for this access method */
    SQL_NEED_CONVERSION,
    SQL_NEED_PARSER, /* for text search, like the next three */
    SQL_NEED_DICTIONARY,
    SQL_NEED_TEMPLATE,
    SQL_NEED_CONFIGURATION,
    SQL_NEED_STATISTICS,
    SQL_NEED_ENUM_VALUE,        /* `part` of the type `name` */
    SQL_NEED_LABEL,             /* the same, if that is an enum: `part` is a constant of it */
    SQL_NEED_COLUMN_LABEL,      /* the same for the column `part` of the relation `name`; the constant is in `types` */
    SQL_NEED_DOMAIN_CONSTRAINT, /* `part` of the domain `name` */
    SQL_NEED_EXTENSION,
    SQL_NEED_EXTENSION_FILES, /* available on the server, or the extension is installed; `part`: of this version */
    SQL_NEED_LANGUAGE,
    SQL_NEED_DATABASE,
    SQL_NEED_WRAPPER, /* a foreign-data wrapper */
    SQL_NEED_SERVER,
    SQL_NEED_EVENT_TRIGGER,
    SQL_NEED_PUBLICATION,
    SQL_NEED_SUBSCRIPTION,
    SQL_NEED_LARGE_OBJECT, /* its name is its number; for rights only */
};

struct sql_need {
    enum sql_need_kind kind;
    const char *schema; /* NULL: unqualified */
    const char *name;
    const char *part; /* NULL: the whole thing */
    /* For things with arguments: their types, separated by the character 31. Each is schema, 30, name, 30, and "[]" for
     * an array; a missing operand is "". NULL: the statement does not give them. */
    const char *types;
    /* For a thing that is renamed or moved: its old schema and name; NULL: it is new. */
    const char *was_schema;
    const char *was;
    /* Of the rows: not now, but when this constraint of the table, which is NOT VALID, is validated; NULL: now. */
    const char *promised;
    bool is_only;        /* of the rows: only the relation's own, not those of its children */
    bool is_deferrable;  /* of the rows: not known to be checked at once */
    bool is_null_equal;  /* NO_DUPLICATES and NO_EQUALS: NULLs are equal, too (NULLS NOT DISTINCT) */
    bool is_full;        /* PARENTS: of the columns all are NULL or none (MATCH FULL) */
    bool may_be_missing; /* IF EXISTS */
    bool is_only_read;   /* the statement names it without creating it, however often */
    bool goes;           /* it is dropped without CASCADE: nothing may depend on it */
};

#endif
