/*
 * What a rollback does not undo (sql/escapes.h), and this database makes of harmless statements: functions that call
 * such a thing, tables whose triggers do, event triggers. Judged by the words of their bodies.
 */
#ifndef MIGRATION_RUN_ESCAPING_H
#define MIGRATION_RUN_ESCAPING_H

#include "base/words.h"
#include "migration/run/current.h"

/* Unqualified names. */
struct escaping {
    struct words functions;
    struct words tables;       /* a write to them fires such a trigger */
    const char *event_trigger; /* the first; NULL: there is none */
};

/* Asks the run's session; the names are in the request's arena. */
bool escaping_find(struct run *run, struct escaping *escaping, struct status *status);

/* What of the statement a rollback would not undo ("dblink_exec()", "a trigger of the table t"); NULL: nothing known. A
 * function that the statement creates with such a body is added. */
const char *escaping_in(struct arena *arena, struct text statement, struct escaping *escaping);

#endif
