/*
 * The schema of a database, object by object.
 */
#ifndef PG_OBJECTS_H
#define PG_OBJECTS_H

/* A query without parameters, for own_query: kind ("table", "column", …), name and definition of each user object,
 * ordered by kind and name. Definitions omit schemas as the search path allows. */
extern const char pg_objects_sql[];

#endif
