/*
 * The columns of a script's tables beside those that exist: types, NOT NULL, defaults, keys and references.
 */
#ifndef MIGRATION_LOOK_SCHEMA_COLUMNS_H
#define MIGRATION_LOOK_SCHEMA_COLUMNS_H

#include "migration/look/objects_query.h"
#include "migration/look/schema.h"

/* The objects of a script, and the statement that creates each. */
struct script_objects {
    struct sql_objects objects;
    struct text *statements;
    size_t capacity;
    bool alters_columns; /* the script may also change columns: SET NOT NULL, SET DEFAULT, ADD PRIMARY KEY, … */
};

/* A script's objects, and what was found of each. */
struct looking {
    const struct objects_place *place;
    const struct script_objects *found;
    struct schema_findings *findings;
    struct status *status;
};

/* The first difference is the one that is said. */
void schema_differ(struct schema_finding *finding, const char *difference);

/* Something of it was not compared, so it is not called the same. */
void schema_not_compared(struct schema_finding *finding);

/* Compares the columns and constraints of the objects that exist. If the server cannot answer (an invalid type name),
 * they stay uncompared. */
void schema_compare_columns(const struct looking *looking);

/* In schema_constraints.c. Compares columns->clauses: one with a name with the constraint of that name, one without
 * with any of its table. If the server cannot answer, the tables stay uncompared. */
void schema_compare_constraints(const struct looking *looking, const struct definition_columns *columns);

#endif
