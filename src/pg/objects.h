/*
 * The schema of a database, object by object.
 */
#ifndef PG_OBJECTS_H
#define PG_OBJECTS_H

#include "pg/session.h"

/* Statements that set what the texts of definitions depend on, besides the search path. */
extern const char pg_objects_settings[];

/* The columns of the query. */
enum pg_objects_column {
    PG_OBJECTS_KIND,       /* "table", "column", … */
    PG_OBJECTS_NAME,       /* with its schema */
    PG_OBJECTS_DEFINITION, /* NULL: this role, or this version of Truss, cannot read it */
    PG_OBJECTS_REST,       /* owner, rights, comment, …: texts that begin with a word in capitals, U+001F between */
    PG_OBJECTS_HIDDEN,     /* a digest of what is not to be shown, such as a password; NULL: there is nothing */
};

/* A query without parameters, for own_query with a pinned search path, or an empty one: a row for each object of the
 * database, in the order of kind and name. It leaves out what is not part of a schema (rows, positions of sequences,
 * large objects), what an extension made itself (but not its rights and comments), and our own schema. */
const char *pg_objects_query(struct arena *arena, const struct pg_session *session);

#endif
