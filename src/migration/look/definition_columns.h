/*
 * The columns in a script's CREATE TABLE and ADD COLUMN, for comparing them with existing ones.
 */
#ifndef MIGRATION_LOOK_DEFINITION_COLUMNS_H
#define MIGRATION_LOOK_DEFINITION_COLUMNS_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/classify.h"
#include "sql/lexer.h"

#include <stdbool.h>

/* A column as the script defines it. */
struct definition_column {
    size_t object; /* the index of the table or column among the script's objects */
    const char *name;
    const char *type;          /* without its modifiers: "character varying", "users.mood[]" */
    const char *modifiers;     /* "255", "10,2"; "" without any */
    bool not_null;             /* also true for primary key and serial columns */
    bool unique;               /* has its own UNIQUE */
    struct text standard;      /* the expression after DEFAULT; no data: there is none */
    struct text generated;     /* the expression after GENERATED ALWAYS AS; no data: there is none */
    char generation;           /* as in pg_attribute: 's' stored, 'v' virtual; 0: none */
    char identity;             /* as in pg_attribute: 'a' always, 'd' by default; 0: none */
    struct text sequence;      /* the options in parentheses after IDENTITY; no data: there are none */
    const char *owned;         /* the name of a sequence that is OWNED BY it, without its schema; NULL: none is said */
    const char *collation;     /* the name after COLLATE, without its schema; NULL: none */
    bool is_serial;            /* its default is a sequence of its own */
    const char *primary;       /* its place in the primary key, "1 of 2"; NULL: it is not said to be in it */
    const char *target;        /* the table after REFERENCES, with its schema if it is named; NULL: none */
    const char *target_column; /* "": the table's primary key */
    char on_delete; /* the referential action, as in pg_constraint: 'a' no action, 'c' cascade, 'n', 'd', 'r' */
    char on_update;
};

/* A constraint of a table, where the comparison of columns is not enough: it has a name, is a CHECK, or stands behind
 * the columns. */
struct definition_clause {
    size_t object;
    const char *name; /* NULL: PostgreSQL chooses it */
    struct text text; /* as after ADD CONSTRAINT name: "UNIQUE (a, b)" */
};

struct definition_columns {
    struct definition_column *items;
    size_t count;
    size_t capacity;
    struct definition_clause *clauses; /* in the order of their objects */
    size_t clause_count;
    size_t clause_capacity;
};

/* Appends the columns and constraints that a CREATE TABLE or ADD COLUMN defines, for the object with the index
 * `number`. Appends nothing for forms that it cannot read (LIKE, OF, AS SELECT). */
void definition_columns(struct arena *arena, const struct sql_object *object, size_t number, struct text statement,
                        struct definition_columns *columns);

/* Reads what stands behind GENERATED: ALWAYS | BY DEFAULT AS IDENTITY [(…)], or ALWAYS AS (…) [STORED | VIRTUAL];
 * without the last word PostgreSQL 18 takes it as virtual. */
void definition_read_generated(struct sql_reader *reader, struct definition_column *column);

/* Applies a statement that changes one of the columns: ALTER TABLE t ALTER c SET DEFAULT, SET NOT NULL or ADD GENERATED
 * … AS IDENTITY, and ALTER SEQUENCE s OWNED BY t.c, as pg_dump writes them. objects: those whose numbers the columns
 * have. Returns false, and changes nothing, for other statements and other columns. */
bool definition_alter_column(struct arena *arena, struct text statement, const struct sql_objects *objects,
                             struct definition_columns *columns);

#endif
