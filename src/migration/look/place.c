/*
 * Where a request gets its connection.
 */
#include "migration/look/place.h"

bool site_is_connected(const struct site *site, struct status *status)
{
    return site->conninfo != NULL || status_fail(status, site->conninfo_code, "%s", site->conninfo_error);
}

struct pg_session *request_connect(const struct request *request)
{
    const struct site *const site = request->site;
    return site_is_connected(site, request->status) ? pg_pool_take(site->pool, request->deadline, request->status)
                                                    : NULL;
}

void request_release(const struct request *request, struct pg_session *session)
{
    if (session != NULL) {
        pg_pool_give(request->site->pool, session);
    }
}
