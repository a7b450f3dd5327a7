/*
 * A run holds an advisory lock of Truss's class on its own session, in which its statements also wait. It waits for
 * locks for as little as 50 ms at a time. So while there is a run, blocked sessions are looked for twenty times a
 * second, and a run that takes longer gets its way even if it was not seen to wait.
 */
#include "pg/runs.h"

#include "base/clock.h"
#include "pg/locks.h"
#include "pg/query.h"
#include "pg/values.h"

#define LOOK_MS      500
#define LOOK_NEAR_MS 50
#define PATIENCE_MS  3000
/* For a run, whether or not it was seen to wait: its attempts to get a lock are short, and may be missed. */
#define RUN_PATIENCE_MS 1500

#define RUNS                                                                                                           \
    "SELECT l.pid FROM pg_catalog.pg_locks l WHERE " LOCKS_IS_OF_RUN " AND l.granted AND l.database = (SELECT d.oid "  \
    "FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"

/* There is a run; a run waits for us; anybody waits for us. */
static const char look_sql[] =
    "WITH runs AS MATERIALIZED (" RUNS "), ours AS MATERIALIZED (SELECT a.pid FROM pg_catalog.pg_stat_activity a "
    "WHERE a.application_name = $1 AND a.datname = pg_catalog.current_database()), waiting AS MATERIALIZED "
    "(SELECT DISTINCT w.pid FROM pg_catalog.pg_locks w WHERE NOT w.granted), blocked AS MATERIALIZED "
    "(SELECT w.pid FROM waiting w WHERE EXISTS (SELECT FROM ours o WHERE o.pid = ANY "
    "(pg_catalog.pg_blocking_pids(w.pid)) AND o.pid <> w.pid)) "
    "SELECT EXISTS (SELECT FROM runs), EXISTS (SELECT FROM blocked b JOIN runs r ON r.pid = b.pid), "
    "EXISTS (SELECT FROM blocked)";

static int64_t since(bool is, int64_t before)
{
    return !is ? 0 : before == 0 ? clock_ms() : before;
}

static bool is_longer(int64_t since, int64_t ms)
{
    return since != 0 && clock_ms() - since >= ms;
}

bool run_watch_look(struct run_watch *watch, struct pg_session *session, struct status *status)
{
    watch->next_look = clock_ms() + (watch->has_run ? LOOK_NEAR_MS : LOOK_MS);
    PG_RESULT(result) = pg_query(session, look_sql, 1, &watch->application, status);
    if (result == NULL) {
        return false;
    }
    watch->has_run = pg_field_bool(result, 0, 0);
    watch->blocked_since = since(pg_field_bool(result, 0, 2), watch->blocked_since);
    watch->run_since = since(watch->has_run, watch->run_since);
    watch->gives_way = pg_field_bool(result, 0, 1) || is_longer(watch->blocked_since, PATIENCE_MS) ||
                       is_longer(watch->run_since, RUN_PATIENCE_MS);
    return true;
}

void run_watch_anew(struct run_watch *watch)
{
    *watch = (struct run_watch){.application = watch->application};
}
