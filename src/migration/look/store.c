/*
 * Whose the schema is, is asked each time: what is in it could run its owner's code with our rights.
 */
#include "migration/look/store.h"

#include "pg/trust.h"

/* The last table of the list stands for all: they are made in one transaction. Then what is not ours: the schema, or
 * something in it, of a role that is not trusted. */
static const char exists_sql[] =
    "SELECT pg_catalog.to_regclass('truss.idempotency_keys') IS NOT NULL, "
    "pg_catalog.to_regnamespace('truss') IS NOT NULL, "
    "(SELECT r.rolname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r "
    "ON r.oid OPERATOR(pg_catalog.=) n.nspowner WHERE n.nspname OPERATOR(pg_catalog.=) 'truss' "
    "AND NOT " PG_IS_TRUSTED(
        "r") "), "
             "(SELECT pg_catalog.concat_ws(' of ', c.relname, r.rolname) FROM pg_catalog.pg_namespace n "
             "JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid "
             "JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) c.relowner "
             "WHERE n.nspname OPERATOR(pg_catalog.=) 'truss' "
             "AND c.relkind OPERATOR(pg_catalog.<>) 'i' AND c.relkind OPERATOR(pg_catalog.<>) 'I' "
             "AND NOT " PG_IS_TRUSTED("r") " LIMIT 1)";

bool store_look(struct pg_session *session, bool *exists, bool *schema, struct status *status)
{
    PG_RESULT(result) = pg_query(session, exists_sql, 0, NULL, status);
    if (result == NULL) {
        return false;
    }
    *exists = pg_field_bool(result, 0, 0);
    *schema = pg_field_bool(result, 0, 1);
    const char *const owner = pg_field(result, 0, 2);
    const char *const stranger = pg_field(result, 0, 3);
    if (owner != NULL || stranger != NULL) {
        return status_fail(status, STATUS_PERMISSION_DENIED,
                           "The schema \"truss\", where Truss keeps its steps and operations, %s%s\": what is in it "
                           "could run that role's code with the rights of \"%s\". Nothing of it was used. Drop it, or "
                           "give it to \"%s\" when you have looked at it.",
                           owner != NULL ? "belongs to \"" : "has \"", owner != NULL ? owner : stranger,
                           pg_session_user(session), pg_session_user(session));
    }
    return true;
}

bool store_exists(struct pg_session *session, bool *exists, struct status *status)
{
    bool schema;
    return store_look(session, exists, &schema, status);
}
