/*
 * The schema of a database, object by object.
 */
#ifndef PG_OBJECTS_H
#define PG_OBJECTS_H

/* A query without parameters, for own_query: kind ("table", "column", …), name and definition of each object of the
 * users' own, in the order of kind and name. Definitions are as the search path has them. */
extern const char pg_objects_sql[];

#endif
