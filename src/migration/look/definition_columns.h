/*
 * The columns that a script's CREATE TABLE and ADD COLUMN say, for a comparison with those that exist.
 */
#ifndef MIGRATION_LOOK_DEFINITION_COLUMNS_H
#define MIGRATION_LOOK_DEFINITION_COLUMNS_H

#include "base/arena.h"
#include "base/text.h"
#include "sql/classify.h"

#include <stdbool.h>

/* A column as a script has it. */
struct definition_column {
    size_t object; /* the number of the table or column among the script's objects */
    const char *name;
    const char *type;      /* without its modifiers: "character varying", "users.mood[]" */
    const char *modifiers; /* "255", "10,2"; "" without any */
    bool not_null;         /* also where it is of the primary key, or serial */
    bool unique;           /* UNIQUE beside it */
    struct text standard;  /* the expression behind DEFAULT; no data: it says none */
    const char *target;    /* the table behind REFERENCES, without its schema; NULL: it refers to none */
    char on_delete;        /* what happens then, as pg_constraint has it: 'a' no action, 'c' cascade, 'n', 'd', 'r' */
    char on_update;
};

struct definition_columns {
    struct definition_column *items;
    size_t count;
    size_t capacity;
};

/* Appends the columns that a CREATE TABLE or an ADD COLUMN says, for object number `number`. Nothing is appended for
 * what it cannot read (LIKE, OF, AS SELECT). */
void definition_columns(struct arena *arena, const struct sql_object *object, size_t number, struct text statement,
                        struct definition_columns *columns);

#endif
