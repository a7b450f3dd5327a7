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
    struct text *alterations; /* statements that may change columns which the script makes */
    size_t alteration_count;
    size_t alteration_capacity;
    bool alters_columns; /* one of them is not understood */
};

/* A script's objects, and what was found of each. */
struct looking {
    const struct objects_place *place;
    struct script_objects *found;
    struct schema_findings *findings;
    struct status *status;
};

/* The first difference is the one that is said. */
void schema_differ(struct schema_finding *finding, const char *difference);

/* Something of it was not compared, so it is not called the same. */
void schema_not_compared(struct schema_finding *finding);

/* Notes a statement of which it is not known whether it was already executed: it creates a kind that is not looked up,
 * or has another permanent effect (GRANT, OWNER TO, ENABLE ROW LEVEL SECURITY, rows). In schema.c. */
void schema_note_unjudged(struct arena *arena, struct text statement, struct schema_findings *findings);

/* Reads the columns of the objects that exist, with what later statements change; those that are not understood are
 * noted as not judged. */
void schema_read_columns(const struct looking *looking, struct definition_columns *columns);

/* Compares the columns and constraints of the objects that exist. If the server cannot answer (an invalid type name),
 * they stay uncompared. */
void schema_compare_columns(const struct looking *looking, const struct definition_columns *columns);

/* In schema_constraints.c. Compares columns->clauses: one with a name with the constraint of that name, one without
 * with any of its table. If the server cannot answer, the tables stay uncompared. */
void schema_compare_constraints(const struct looking *looking, const struct definition_columns *columns);

#endif
