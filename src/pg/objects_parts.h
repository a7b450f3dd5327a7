/*
 * The parts of the query for all objects (pg/objects.h), as data. A part selects objects of a catalog; objects.c makes
 * its SELECT.
 */
#ifndef PG_OBJECTS_PARTS_H
#define PG_OBJECTS_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define OBJECTS_ALWAYS .since = 0, .until = INT_MAX

/* Members are SQL, and NULL if there is nothing. The catalog's row has the alias `o`; a schema's is `n`. */
struct objects_part {
    int since; /* server versions as in PQserverVersion: the first, and the first for which it is not */
    int until;
    const char *catalog; /* whose oid is in pg_depend */
    const char *oid;     /* NULL: o.oid */
    const char *number;  /* of the column; NULL: 0 */
    const char *kind;    /* a word; "CASE …" is an expression */
    const char *from;    /* NULL: the catalog */
    const char *schema;  /* the column of the object's schema, which is then joined; only schemas of users */
    const char *of;      /* the column of the object's relation, which is then joined as `c`, with its schema */
    const char *named;   /* the column of its name, to which schema and relation are added */
    const char *name;    /* the whole name, if that is not enough; both NULL: as PostgreSQL identifies it */
    const char *definition;
    const char *owner; /* a column, as the next */
    const char *acl;
    const char *letter;  /* of its type, for acldefault() */
    const char *more;    /* what else is known: texts, or NULL, with commas between */
    const char *options; /* text[]: their names are shown, values are only compared, as they may be passwords */
    const char *hidden;  /* a text that is only compared */
    const char *where;
    bool has_any_oid; /* else only what users made, if there is no schema */
    bool is_of_any;   /* also what belongs to an extension */
};

/* Each ends with a part without a catalog. */
extern const struct objects_part objects_tables[]; /* schemas, relations and what belongs to them */
extern const struct objects_part objects_code[];   /* functions, types, operators, text search, … */
extern const struct objects_part objects_around[]; /* extensions, foreign servers, publications, rights, settings, … */

/* The items of an array of text, sorted, with commas between; NULL: there are none. */
#define OBJECTS_ITEMS(array)                                                                                           \
    "(SELECT pg_catalog.string_agg(l.item, ', ' ORDER BY l.item COLLATE \"C\") FROM pg_catalog.unnest(" array          \
    ") AS l(item))"

/* PostgreSQL's own objects have smaller oids (FirstNormalObjectId in access/transam.h). */
#define OBJECTS_FIRST "16384"

/* The schema `n` is not the system's, a temporary one or ours. */
#define OBJECTS_SCHEMA                                                                                                 \
    "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', '{truss}') AND n.nspname NOT LIKE "             \
    "'pg\\_temp\\_%' AND n.nspname NOT LIKE 'pg\\_toast\\_temp\\_%'"

#endif
