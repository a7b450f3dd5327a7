/*
 * Gives a request its connection, and tells it when to stop.
 */
#include "migration/look/place.h"

#include "base/clock.h"
#include "base/shortage.h"
#include "pg/session_settings.h"

bool site_is_connected(const struct site *site, struct status *status)
{
    return site->conninfo != NULL ||
           status_fail_because(status, site->conninfo_code, REASON_NO_DATABASE, "%s", site->conninfo_error);
}

struct pg_session *request_connect(const struct request *request)
{
    const struct site *const site = request->site;
    if (!site_is_connected(site, request->status)) {
        return NULL;
    }
    struct pg_session *const session = pg_pool_take_pinned(site->pool, request->deadline, request->status);
    if (session == NULL || pg_session_use_jit(session, false, request->status)) {
        return session;
    }
    pg_pool_give(site->pool, session);
    return NULL;
}

void request_release(const struct request *request, struct pg_session *session)
{
    if (session != NULL) {
        pg_pool_give(request->site->pool, session);
    }
}

bool request_goes_on(const struct request *request, const char *doing, const char *what)
{
    if (deadline_passed(request->deadline)) {
        return status_fail(request->status, STATUS_DEADLINE_EXCEEDED, "The time for this request is over.");
    }
    return room_for(ROOM_OF_STATEMENT, request->status, doing, what);
}
