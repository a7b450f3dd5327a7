/*
 * The database's encoding may lack a character of our words.
 */
#include "pg/own_query.h"

#include "base/sqlstate.h"
#include "pg/own_sql.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

void own_explain_unreadable(const struct pg_session *session, struct status *status)
{
    struct arena *const arena = status->arena;
    if (!sqlstate_is(status->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE) || status->hint != NULL) {
        return;
    }
    status->message = arena_printf(arena, "The role \"%s\" may not use what Truss keeps in the schema \"%s\": %s",
                                   pg_session_user(session), pg_session_own_schema(session), status->message);
    status->reason = reason_word(REASON_NO_STATE_SCHEMA);
    status->hint = "Connect as the role that owns that schema and its tables, or make this role a member of that one "
                   "(GRANT … TO …). truss doctor --print-grants lists all rights that a role needs.";
}

PGresult *own_query(struct pg_session *session, const char *text, int count, const char *const *values,
                    struct status *status)
{
    PGresult *const result = pg_query(session, own_sql(status->arena, session, text), count, values, status);
    if (result == NULL) {
        own_explain_unreadable(session, status);
    }
    return result;
}

bool own_exec(struct pg_session *session, const char *text, struct status *status)
{
    const bool ok = pg_exec(session, own_sql(status->arena, session, text), status);
    if (!ok) {
        own_explain_unreadable(session, status);
    }
    return ok;
}

/* Does the database's encoding have every character? UTF8 does, and SQL_ASCII takes any bytes. */
static bool takes_all(const struct pg_session *session)
{
    const char *const encoding = pg_session_parameter(session, "server_encoding");
    return encoding != NULL && (strcmp(encoding, "UTF8") == 0 || strcmp(encoding, "SQL_ASCII") == 0);
}

const char *own_words(struct arena *arena, const struct pg_session *session, const char *words)
{
    return words == NULL || takes_all(session) ? words : text_ascii(arena, words);
}

const char *own_key(struct arena *arena, const struct pg_session *session, const char *name)
{
    return takes_all(session) ? name : text_escaped(arena, name);
}

/* The refusal of a character ends the transaction that the session is in: so a savepoint stands before it. */
PGresult *own_query_words(struct pg_session *session, const char *sql, struct status *status)
{
    const bool needs_point = pg_session_in_transaction(session) && !takes_all(session);
    if (needs_point && !pg_exec(session, "SAVEPOINT truss_words", status)) {
        return NULL;
    }
    PGresult *const result = pg_query_simple(session, sql, status);
    if (result != NULL || !sqlstate_is(status->sqlstate, SQLSTATE_UNTRANSLATABLE_CHARACTER)) {
        return result;
    }
    *status = (struct status){.arena = status->arena};
    return needs_point && !pg_exec(session, "ROLLBACK TO SAVEPOINT truss_words", status)
               ? NULL
               : pg_query_simple(session, text_ascii(status->arena, sql), status);
}

bool own_exec_words(struct pg_session *session, const char *sql, struct status *status)
{
    PG_RESULT(result) = own_query_words(session, sql, status);
    return result != NULL;
}
