/*
 * SET CONSTRAINTS ALL IMMEDIATE runs what is deferred. It lasts to the end of the transaction; the ones that are
 * deferred initially are set so again by their names. A name stands for all constraints of its schema that have it, and
 * the server refuses it if one of them cannot be deferred, or is in a schema that we may not use: such ones stay
 * immediate.
 */
#include "migration/run/as_committed.h"

#include "pg/query.h"
#include "pg/values.h"

bool as_committed(struct run *run, struct failure *failure)
{
    static const char deferred[] =
        "SELECT pg_catalog.string_agg(DISTINCT pg_catalog.format('%I.%I', n.nspname, c.conname), ', ') FROM "
        "pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.connamespace "
        "WHERE c.condeferrable AND c.condeferred AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND NOT EXISTS "
        "(SELECT FROM pg_catalog.pg_constraint o WHERE "
        "o.connamespace OPERATOR(pg_catalog.=) c.connamespace AND o.conname OPERATOR(pg_catalog.=) c.conname AND NOT "
        "(o.condeferrable AND o.condeferred))";
    if (!pg_exec(run->session, "SET CONSTRAINTS ALL IMMEDIATE", run->status)) {
        return failure_take(failure, run->status);
    }
    PG_RESULT(result) = pg_query(run->session, deferred, 0, NULL, run->status);
    const char *const names = result == NULL ? NULL : pg_field(result, 0, 0);
    return (result != NULL &&
            (names == NULL ||
             pg_exec(run->session, arena_printf(run->arena, "SET CONSTRAINTS %s DEFERRED", names), run->status))) ||
           failure_take(failure, run->status);
}

bool as_next_session(struct run *run, struct failure *failure)
{
    return pg_exec(run->session, "CLOSE ALL;DEALLOCATE ALL;UNLISTEN *;DISCARD TEMP;", run->status) ||
           failure_take(failure, run->status);
}
