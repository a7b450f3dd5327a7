#include "worker/create_database.h"

#include "base/sqlstate.h"
#include "pg/exec.h"
#include "pg/session.h"
#include "pg/values.h"

#define WAIT_MS 30000 /* a template may be large */

static struct pg_session *open_beside(const struct conninfo *conninfo, struct status *status)
{
    static const char *const databases[] = {"postgres", "template1"};
    struct pg_session *session = NULL;
    for (size_t i = 0; session == NULL && i < sizeof databases / sizeof databases[0]; i++) {
        const struct conninfo other = conninfo_beside(status->arena, conninfo, databases[i]);
        *status = (struct status){.arena = status->arena};
        session = pg_session_open(&other, deadline_in(WAIT_MS), status);
    }
    return session;
}

/* Two concurrent calls may get either error. */
static bool is_there_already(const struct status *status)
{
    return sqlstate_is(status->sqlstate, SQLSTATE_DUPLICATE_DATABASE) ||
           sqlstate_is(status->sqlstate, SQLSTATE_UNIQUE_VIOLATION);
}

bool database_create(struct arena *arena, const struct conninfo *conninfo, bool *created, struct status *status)
{
    struct buffer sql = {.arena = arena};
    struct pg_session *session = pg_session_open(conninfo, deadline_in(WAIT_MS), status);
    *created = false;
    if (session != NULL || status->code != STATUS_NOT_FOUND) {
        pg_session_free(session);
        return session != NULL;
    }
    session = open_beside(conninfo, status);
    if (session == NULL) {
        return false;
    }
    buffer_puts(&sql, "CREATE DATABASE ");
    pg_quote_identifier(&sql, conninfo->place.database);
    pg_session_set_deadline(session, deadline_in(WAIT_MS));
    /* The first statement must be a short one. */
    *created = pg_exec(session, "", status) && pg_exec(session, buffer_string(&sql), status);
    pg_session_free(session);
    if (*created || is_there_already(status)) {
        *status = (struct status){.arena = status->arena};
        return true;
    }
    status->hint = "The role needs the right CREATEDB; or let its owner make the database.";
    return false;
}
