/*
 * Asked again each time: an owner may change.
 */
#include "migration/look/own_schema.h"

#include "pg/trust.h"

static const char strangers_sql[] =
    "SELECT (SELECT r.rolname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner "
    "WHERE n.nspname = 'truss' AND NOT " PG_IS_TRUSTED(
        "r") "), "
             "(SELECT pg_catalog.concat_ws(' of ', c.relname, r.rolname) FROM pg_catalog.pg_namespace n "
             "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid JOIN pg_catalog.pg_roles r ON r.oid = c.relowner "
             "WHERE n.nspname = 'truss' AND c.relkind NOT IN ('i', 'I') AND NOT " PG_IS_TRUSTED("r") " LIMIT 1)";

bool own_schema_check(struct pg_session *session, struct status *status)
{
    PG_RESULT(result) = pg_query(session, strangers_sql, 0, NULL, status);
    if (result == NULL) {
        return false;
    }
    const char *const owner = pg_field(result, 0, 0);
    const char *const stranger = pg_field(result, 0, 1);
    return (owner == NULL && stranger == NULL) ||
           status_fail(
               status, STATUS_PERMISSION_DENIED,
               "The schema \"truss\", where Truss keeps its steps and operations, %s%s\": what is in it could run "
               "that role's code with the rights of \"%s\". Nothing of it was used. Drop it, or give it to "
               "\"%s\" when you have looked at it.",
               owner != NULL ? "belongs to \"" : "has \"", owner != NULL ? owner : stranger, pg_session_user(session),
               pg_session_user(session));
}
