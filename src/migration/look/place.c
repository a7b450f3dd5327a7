/*
 * Where a request gets its connection.
 */
#include "migration/look/place.h"

/* What to answer without a usable connection URL. */
static bool is_configured(const struct work *work)
{
    return work->site->conninfo != NULL ||
           status_fail(work->status, work->site->conninfo_code, "%s", work->site->conninfo_error);
}

bool work_connect(struct work *work)
{
    if (!is_configured(work)) {
        return false;
    }
    work->session = pg_pool_take(work->site->pool, work->deadline, work->status);
    return work->session != NULL;
}

bool work_connect_own(struct work *work)
{
    if (!is_configured(work)) {
        return false;
    }
    work->session = pg_session_open(work->site->conninfo, work->deadline, work->status);
    if (work->session != NULL) {
        pg_session_set_deadline(work->session, work->deadline);
    }
    return work->session != NULL;
}

void work_release(struct work *work)
{
    if (work->session != NULL) {
        pg_pool_give(work->site->pool, work->session);
        work->session = NULL;
    }
}
