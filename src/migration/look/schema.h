/*
 * Which objects that a script creates already exist. The script is read, never executed.
 */
#ifndef MIGRATION_LOOK_SCHEMA_H
#define MIGRATION_LOOK_SCHEMA_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "migration/look/objects_query.h"

#include <stdbool.h>

enum schema_comparison {
    SCHEMA_UNCOMPARED, /* does not exist, or cannot be compared by reading */
    SCHEMA_SAME,
    SCHEMA_DIFFERENT,
};

struct schema_finding {
    const char *type;
    const char *name; /* as in the script, "schema.name" if it gives the schema; "table.column", "type.value" */
    bool exists;      /* by name and kind, and usable: an INVALID index or a NOT VALID constraint does not count */
    enum schema_comparison comparison;
    const char *flaw; /* why it does not count: INVALID, NOT VALID, "not populated", "disabled"; else NULL */
    const struct sql_object *object;
    bool only_adds;         /* it differs, but only by what a later script may have added: NOT NULL, a default */
    const char *difference; /* a sentence if what has this name is something else; else NULL */
    const char *definition; /* of the existing object, as the server prints it; NULL: it has none */
};

struct schema_findings {
    struct schema_finding *items;
    size_t count;
    const char **
        unjudged; /* the beginnings of statements that create kinds that are not looked up: a rule, a comment, a role */
    size_t unjudged_count;
    size_t unjudged_capacity;
    size_t unmade_count;        /* how many of these create something */
    const char *undefined;      /* why definitions could not be read: somebody locks a relation; else NULL */
    bool all_exist;             /* and none differs; false if there are no objects */
    bool some_exist;            /* by name */
    const char *recommendation; /* one of the protocol's three sentences */
    const char *warning;        /* what that cannot say; NULL: nothing */
};

/* Fails with INVALID_ARGUMENT for an empty script; place->session may be NULL then. */
bool schema_detect(const struct objects_place *place, struct text sql, struct schema_findings *findings,
                   struct status *status);

#endif
