/*
 * Which of the objects that a script creates exist already: the script is read, never executed.
 */
#ifndef MIGRATION_LOOK_SCHEMA_H
#define MIGRATION_LOOK_SCHEMA_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "migration/look/objects_query.h"

#include <stdbool.h>

enum schema_comparison {
    SCHEMA_UNCOMPARED, /* it is not there, or whether it is the same cannot be told by reading */
    SCHEMA_SAME,
    SCHEMA_DIFFERENT,
};

struct schema_finding {
    const char *type;
    const char *name; /* as the script has it, "schema.name" where it says the schema; "table.column", "type.value" */
    bool exists;      /* by its name and kind, and fit for use: an INVALID index, a NOT VALID constraint does not */
    enum schema_comparison comparison;
    const char *flaw; /* INVALID, NOT VALID, "not populated", "disabled": why it does not count; else NULL */
    const struct sql_object *object;
    const char *difference; /* a sentence about what is there by this name, where that is another thing; else NULL */
    const char *definition; /* of what is there, as the server prints it; NULL: it has none that is a text */
};

struct schema_findings {
    struct schema_finding *items;
    size_t count;
    const char *
        *unjudged; /* the beginnings of statements that make what is not looked for: a rule, a comment, a role */
    size_t unjudged_count;
    size_t unmade_count;        /* of these: that make something */
    const char *undefined;      /* why no definitions could be asked for: somebody keeps a relation; NULL: they could */
    bool all_exist;             /* none of them different; false where there is nothing */
    bool some_exist;            /* by their names at least */
    const char *recommendation; /* one of the contract's three sentences */
};

/* INVALID_ARGUMENT for an empty script. Its session may be NULL then. */
bool schema_detect(const struct objects_place *place, struct text sql, struct schema_findings *findings,
                   struct status *status);

#endif
