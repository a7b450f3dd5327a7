/*
 * Which of the objects that a script creates exist already: the script is read, never executed.
 */
#ifndef MIGRATION_LOOK_SCHEMA_H
#define MIGRATION_LOOK_SCHEMA_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "pg/session.h"

#include <stdbool.h>

struct schema_finding {
    const char *type;
    const char *name; /* as the script has it, "schema.name" where it says the schema; "table.column", "type.value" */
    bool exists;
};

struct schema_findings {
    struct schema_finding *items;
    size_t count;
    bool all_exist; /* false where there is nothing */
    bool some_exist;
    const char *recommendation; /* one of the contract's three sentences */
};

/* default_schema is where an unqualified name is looked for; NULL: along the search path. INVALID_ARGUMENT for an empty
 * script. */
bool schema_detect(struct arena *arena, struct pg_session *session, const char *default_schema, struct text sql,
                   struct schema_findings *findings, struct status *status);

#endif
