/*
 * Both look at the catalogs first, so that a role with few rights is asked for no more than is needed.
 */
#include "migration/record/make.h"

/* CREATE SCHEMA IF NOT EXISTS asks for the right to create one even where it exists: look first. */
static bool schema_exists(const struct request *request, struct pg_session *session, const char *schema, bool *exists)
{
    PG_RESULT(result) = pg_query(session, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", 1,
                                 (const char *const[]){schema}, request->status);
    *exists = result != NULL && PQntuples(result) > 0;
    return result != NULL;
}

bool ledger_ensure(const struct request *request, struct pg_session *session, struct detection *detection)
{
    struct buffer sql = {.arena = request->arena};
    bool exists;
    if (detection->has_ledger) {
        return true;
    }
    if (!schema_exists(request, session, detection->ledger.schema, &exists)) {
        return false;
    }
    buffer_puts(&sql, "BEGIN;");
    if (!exists) {
        buffer_puts(&sql, "CREATE SCHEMA ");
        pg_quote_identifier(&sql, detection->ledger.schema);
        buffer_putc(&sql, ';');
    }
    ledger_put(&sql, detection->framework, LEDGER_CREATE, &detection->ledger, NULL);
    buffer_puts(&sql, "COMMIT;");
    detection->has_ledger = pg_exec(session, buffer_string(&sql), request->status);
    if (!detection->has_ledger && pg_session_in_transaction(session)) {
        struct status ignored = {.arena = request->arena};
        pg_exec(session, "ROLLBACK", &ignored);
    }
    return detection->has_ledger;
}

static bool check_baseline(const struct request *request, struct pg_session *session, const struct detection *detection)
{
    /* What an extension brought (spatial_ref_sys of PostGIS) is not somebody's. */
    static const char sql[] =
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS "
        "(SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
        "AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname LIMIT 1";
    if (detection->has_ledger || !detection->framework->ledger.needs_baseline) {
        return true;
    }
    const char *const schema = detection->ledger.schema;
    PG_RESULT(result) = pg_query(session, sql, 1, (const char *const[]){schema}, request->status);
    if (result == NULL) {
        return false;
    }
    return PQntuples(result) == 0 ||
           status_fail(
               request->status, STATUS_FAILED_PRECONDITION,
               "The schema \"%s\" is not empty (it has \"%s\") and has no %s ledger: mark the migrations that it "
               "has already as applied, then run the rest (its own tool refuses it, too; Prisma's P3005).",
               schema, pg_field(result, 0, 0), detection->framework->display_name);
}

bool ledger_make_ready(const struct request *request, struct pg_session *session, struct detection *detection)
{
    return check_baseline(request, session, detection) && ledger_ensure(request, session, detection);
}
