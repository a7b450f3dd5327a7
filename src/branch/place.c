/*
 * Chooses the database to which the session that works on a branch connects. A session keeps its database from being
 * copied, so this is never the one that is being copied. template1, which every CREATE DATABASE copies, is the last
 * choice: only if, besides the templates, there is no other database than the copied one.
 */
#include "branch/server.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <string.h>

#define MOST_OTHERS "3"

static struct pg_session *open_in(const struct branch_call *call, const char *database)
{
    const struct conninfo place = conninfo_beside(call->arena, call->branches->conninfo, database);
    *call->status = (struct status){.arena = call->arena};
    return pg_session_open_pinned(&place, call->deadline, call->status);
}

/* Another database does not help if the server itself does not answer. */
static bool may_try_on(const struct branch_call *call, const struct pg_session *session)
{
    return session == NULL && call->status->code != STATUS_UNAVAILABLE &&
           call->status->code != STATUS_DEADLINE_EXCEEDED;
}

/* Some databases that accept sessions, oldest first, because these are the least likely to be dropped. The query runs
 * in the copied database itself, from which the session is gone afterwards. */
static struct words others_than(const struct branch_call *call, const char *copied)
{
    static const char sql[] =
        "SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datallowconn AND NOT d.datistemplate AND "
        "d.datconnlimit <> -2 AND d.datname <> $1 AND d.datname NOT LIKE 'truss\\_branch\\_%' AND "
        "pg_catalog.has_database_privilege(d.oid, 'CONNECT') ORDER BY d.oid LIMIT " MOST_OTHERS;
    struct words names = {0};
    struct pg_session *const session = open_in(call, copied);
    PG_RESULT(result) = session == NULL ? NULL : pg_query(session, sql, 1, &copied, call->status);
    for (int i = 0; result != NULL && i < PQntuples(result); i++) {
        words_add(call->arena, &names, arena_strdup(call->arena, pg_field(result, i, 0)));
    }
    pg_session_free(session);
    return names;
}

static struct pg_session *open_beside(const struct branch_call *call, const char *copied)
{
    const char *const home = call->branches->conninfo->place.database;
    struct pg_session *session = strcmp(home, copied) == 0 ? NULL : open_in(call, home);
    const struct words others = session == NULL ? others_than(call, copied) : (struct words){0};
    for (size_t i = 0; i < others.count && may_try_on(call, session); i++) {
        session = open_in(call, others.items[i]);
    }
    return session;
}

static struct pg_session *open_anywhere(const struct branch_call *call, const char *copied)
{
    const char *const avoided = copied == NULL ? "" : copied;
    struct pg_session *session =
        strcmp(avoided, "postgres") == 0 ? open_beside(call, avoided) : open_in(call, "postgres");
    if (may_try_on(call, session) && strcmp(avoided, "template1") != 0) {
        session = open_in(call, "template1");
    }
    return session;
}

struct pg_session *server_open(const struct branch_call *call, const char *copied)
{
    struct pg_session *const session = open_anywhere(call, copied);
    if (session == NULL) {
        return NULL;
    }
    if (pg_session_is_pooled(session)) {
        pg_session_free(session);
        status_fail(
            call->status, STATUS_FAILED_PRECONDITION,
            "The connection goes through a pooler (PgBouncer or alike), which cannot keep the lock of a branch: "
            "give the worker a direct connection URL (Prisma's directUrl).");
        return NULL;
    }
    if (call->watching != NULL) {
        pg_session_on_tick(session, call->watching->goes_on, call->watching->data);
    }
    return session;
}

void server_phase(const struct branch_call *call, const char *phase)
{
    if (call->watching != NULL) {
        call->watching->phase(call->watching->data, phase);
    }
}

bool server_goes_on(const struct branch_call *call)
{
    return call->watching == NULL || call->watching->goes_on(call->watching->data) ||
           status_fail(call->status, STATUS_CANCELLED, "It was cancelled.");
}
