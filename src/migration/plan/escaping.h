/*
 * What a rollback does not undo (sql/escapes.h), and this database makes of harmless statements: functions that call
 * such a thing, tables whose triggers do, event triggers. Judged by the words of their bodies.
 */
#ifndef MIGRATION_PLAN_ESCAPING_H
#define MIGRATION_PLAN_ESCAPING_H

#include "base/words.h"
#include "migration/look/place.h"
#include "pg/session.h"

/* Unqualified names. */
struct escaping {
    struct words functions;
    struct words tables;       /* a write to them fires such a trigger */
    const char *event_trigger; /* the first; NULL: there is none */
};

/* Asks the session; the names are in the request's arena. */
bool escaping_find(const struct request *request, struct pg_session *session, struct escaping *escaping);

/* The same, and also functions that act beyond the database in a way that a rollback would undo (sql/outside.h), and
 * what fires them. */
bool escaping_find_outside(const struct request *request, struct pg_session *session, struct escaping *escaping);

/* What of the statement a rollback would not undo ("dblink_exec()", "a trigger of the table t"); NULL: nothing known. A
 * function that the statement creates with such a body is added. */
const char *escaping_in(struct arena *arena, struct text statement, struct escaping *escaping);

/* The first of these tables that a DO block names, also in the strings that its EXECUTE may get; NULL: none, or another
 * statement. */
const char *escaping_named_in_block(struct arena *arena, struct text statement, const struct words *tables);

#endif
