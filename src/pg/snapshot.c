#include "pg/snapshot.h"

#include "pg/query.h"
#include "pg/session.h"
#include "pg/values.h"

#define BEGIN "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "

#define HAS_TRANSACTION_LIMIT 170000 /* transaction_timeout */

/* A limit set for the role's application transactions would end one that reads a whole database. */
static const char *begin_sql(const struct pg_session *session)
{
    return pg_session_server_version(session) >= HAS_TRANSACTION_LIMIT ? BEGIN "SET LOCAL transaction_timeout = 0; "
                                                                       : BEGIN;
}

bool pg_snapshot_share(struct pg_session *session, const char **name, struct status *status)
{
    *name = "";
    const char *const sql =
        arena_printf(status->arena, "%sSET LOCAL idle_in_transaction_session_timeout = 0", begin_sql(session));
    if (!pg_exec(session, sql, status)) {
        return false;
    }
    PG_RESULT(result) = pg_query(session, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, status);
    if (result != NULL) {
        *name = arena_strdup(status->arena, pg_field(result, 0, 0));
    }
    return result != NULL;
}

bool pg_snapshot_see(struct pg_session *session, const char *name, struct status *status)
{
    struct buffer sql = {.arena = status->arena};
    buffer_puts(&sql, begin_sql(session));
    if (name[0] != '\0') {
        buffer_puts(&sql, "SET TRANSACTION SNAPSHOT ");
        pg_quote_literal(&sql, text_of(name));
    }
    return pg_exec(session, buffer_string(&sql), status);
}
