/*
 * Catalog queries about the objects that a script creates. Each result has one row per object, in their order; NULL
 * with a status if the server does not answer.
 */
#ifndef MIGRATION_LOOK_OBJECTS_QUERY_H
#define MIGRATION_LOOK_OBJECTS_QUERY_H

#include "base/status.h"
#include "migration/look/definition_columns.h"
#include "migration/look/definitions.h"
#include "pg/session.h"
#include "sql/classify.h"

/* Where objects are looked up. All is borrowed. */
struct objects_place {
    struct arena *arena;
    struct pg_session *session;
    const char *default_schema; /* for unqualified names; NULL: the search path decides */
};

/* Does each object exist? */
PGresult *objects_exist(const struct objects_place *place, const struct sql_objects *objects, struct status *status);

/* For each object: a word for what is wrong with it ("INVALID", "NOT VALID", "disabled", "not populated"); for a
 * function its attributes, as definition_compare_habits takes them; else NULL. */
PGresult *objects_flaws(const struct objects_place *place, const struct sql_objects *objects, struct status *status);

/* For each object its definition, as definition_compare takes it; NULL: it has none. Fails with 55P03 if another
 * session holds an exclusive lock on one of the relations; it does not wait (pg/briefly.h). */
PGresult *objects_definitions(const struct objects_place *place, const struct sql_objects *objects,
                              struct status *status);

/* For each column: its type by format_type (NULL: the column does not exist); whether that is the script's type (NULL:
 * not known; modifiers are not compared); whether it is NOT NULL; its default (NULL: none); whether it is unique by
 * itself; what it references, each as "\x1ftable\x1fcu\x1f" with the codes for ON DELETE and ON UPDATE (NULL: nothing);
 * its place in the primary key; attidentity; attgenerated; its collation (NULL: the type's); name and definition of the
 * sequence that it owns (NULL: none); whether the server prints its strings as they are; and schema and name of the
 * sequence that its default uses (NULL: none). Fails as objects_definitions does. */
PGresult *objects_columns(const struct objects_place *place, const struct sql_objects *objects,
                          const struct definition_columns *columns, struct status *status);

/* For each constraint of the tables that columns->clauses are about: the object's number from 1, its name, its
 * definition, and whether it is valid; in the order of the objects. Fails as objects_definitions does. */
PGresult *objects_constraints(const struct objects_place *place, const struct sql_objects *objects,
                              const struct definition_columns *columns, struct status *status);

#endif
