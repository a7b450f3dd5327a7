/*
 * How the catalogs are asked for a thing of each kind that a statement needs or makes (sql/needs.h).
 */
#ifndef MIGRATION_PLAN_FORESEE_NEEDED_H
#define MIGRATION_PLAN_FORESEE_NEEDED_H

#include "base/arena.h"
#include "sql/needs.h"

struct needed_kind {
    const char *called; /* "function" */
    /* Gives the oids of what there is of it; a second column is true where that may be no obstacle to making such a
     * thing: a shell, or one of other types of the same names. $1 its schema, NULL: in any; of a part the relation's
     * oid. $2 its name; of a part of a relation the part's. $3, $4 the need's part and types. */
    const char *sql;
    int count;         /* of these values, that it takes */
    const char *class; /* the catalog that it is in; NULL: nothing depends on such things */
    bool is_part;      /* of a relation */
    bool is_global;    /* it is in no schema */
    bool is_on_type;   /* `part` of the type `name` */
};

/* NULL for what is asked otherwise: relations, and whether a table has rows. */
const struct needed_kind *needed_kind(enum sql_need_kind kind);

/* "function", "procedure", "type". */
const char *needed_called(const struct sql_need *need);

/* "a view", by pg_class.relkind. */
const char *needed_relation(char kind);

/* That it is not there, or not so, as a sentence. */
const char *needed_missing(struct arena *arena, const struct sql_need *need);

/* "f(text, int4[])", "mood AS int4", as a person writes it. */
const char *needed_display(struct arena *arena, const struct sql_need *need);

#endif
