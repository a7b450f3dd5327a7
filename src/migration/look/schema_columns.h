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

/* Compares the columns of the objects that exist. If the server cannot answer (an invalid type name), they stay
 * uncompared. */
void schema_compare_columns(const struct looking *looking);

#endif
