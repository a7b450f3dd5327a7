/*
 * The settings of a session that we change for our own work.
 */
#include "pg/session_settings.h"

#include "pg/exec.h"
#include "pg/session_state.h"
#include "pg/values.h"

#include <string.h>

/* After these settings, in the same message. */
static bool turn_jit_off(struct pg_session *session, const char *settings, struct status *status)
{
    const char *const sql = arena_printf(status->arena,
                                         "%sSELECT pg_catalog.set_config('jit', 'off', false) "
                                         "WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) %d "
                                         "AND pg_catalog.current_setting('jit', true) OPERATOR(pg_catalog.=) 'on'",
                                         settings, pg_session_backend_pid(session));
    PG_RESULT(result) = pg_query_simple(session, sql, status);
    session->is_jit_off = result != NULL && PQntuples(result) == 1;
    session->is_jit_known = result != NULL;
    return result != NULL;
}

bool pg_session_use_jit(struct pg_session *session, bool use, struct status *status)
{
    if (use == !session->is_jit_off || (!use && session->is_jit_known)) {
        return true;
    }
    session->is_jit_known = false;
    if (!use) {
        return turn_jit_off(session, "", status);
    }
    session->is_jit_off = false;
    return pg_exec(session, "RESET jit", status);
}

bool pg_session_set_up(struct pg_session *session, const char *settings, struct status *status)
{
    return session->is_jit_known ? pg_exec(session, settings, status) : turn_jit_off(session, settings, status);
}

bool pg_session_encode_as_begun(struct pg_session *session, struct status *status)
{
    return !session_encodes_otherwise(session) ||
           pg_exec(session, arena_printf(status->arena, "SET client_encoding = '%s'", session->encoding), status);
}
