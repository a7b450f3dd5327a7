/*
 * What the catalogs know of the objects that a script makes. Results have a row an object, in their order; NULL and a
 * status where the server does not answer. default_schema is where an unqualified name is looked for; NULL: along the
 * search path.
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
    const char *default_schema; /* of names without a schema; NULL: the search path decides */
};

/* Whether each exists. */
PGresult *objects_exist(const struct objects_place *place, const struct sql_objects *objects, struct status *status);

/* Of each: a word for what is wrong with it ("INVALID", "NOT VALID", "disabled", "not populated"), and what a function
 * is beside its source, as definition_compare_habits takes it. NULL: nothing of the kind. */
PGresult *objects_flaws(const struct objects_place *place, const struct sql_objects *objects, struct status *status);

/* Of each its definition as definition_compare takes it; NULL: it has none. Fails with 55P03 where somebody keeps one
 * of the relations for himself: it is not waited for (pg/briefly.h). */
PGresult *objects_definitions(const struct objects_place *place, const struct sql_objects *objects,
                              struct status *status);

/* Fails likewise. Of each column: its type as format_type writes it (NULL: there is none), whether that is the script's
 * (NULL: not known; modifiers are not compared), whether it is NOT NULL, its default (NULL: none), whether it is unique
 * by itself, and what it refers to, each as "\x1ftable\x1fcu\x1f" with what happens at DELETE and UPDATE (NULL:
 * nothing). */
PGresult *objects_columns(const struct objects_place *place, const struct sql_objects *objects,
                          const struct definition_columns *columns, struct status *status);

#endif
