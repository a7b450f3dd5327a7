/*
 * How the catalogs are queried for each kind of thing that a statement needs or creates (sql/needs.h).
 */
#ifndef MIGRATION_PLAN_FORESEE_NEEDED_H
#define MIGRATION_PLAN_FORESEE_NEEDED_H

#include "base/arena.h"
#include "sql/needs.h"

struct needed_kind {
    const char *called; /* "function" */
    /* Selects the oids of the existing ones. A second column is true if the row may not prevent the creation of such a
     * thing: a shell type, or an object whose types merely have the same names. $1: its schema, NULL for any; for a
     * part of a relation the relation's oid. $2: its name. $3, $4: the need's part and types. */
    const char *sql;
    int count;         /* how many of these values it takes */
    const char *class; /* the catalog that it is in; NULL: nothing depends on such things */
    bool is_part;      /* of a relation */
    bool is_global;    /* it is in no schema */
    bool is_on_type;   /* it is the part `part` of the type `name` */
};

/* NULL for kinds that are queried in another way: relations, and whether a table has rows. */
const struct needed_kind *needed_kind(enum sql_need_kind kind);

/* "function", "procedure", "type". */
const char *needed_called(const struct sql_need *need);

/* "a view", from pg_class.relkind. */
const char *needed_relation(char kind);

/* A sentence: it does not exist, or not in the needed form. */
const char *needed_missing(struct arena *arena, const struct sql_need *need);

/* "f(text, int4[])", "mood AS int4": the need as a person writes it. */
const char *needed_display(struct arena *arena, const struct sql_need *need);

#endif
