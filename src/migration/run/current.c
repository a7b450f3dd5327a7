/*
 * The parts of a run share one session; what a part makes goes with it.
 */
#include "migration/run/current.h"

#include "migration/record/transaction.h"
#include "migration/run/observer.h"

#define HAS_IDLE_LIMIT 140000 /* idle_session_timeout */

/* "truss run 3f2a…", so that who looks at pg_stat_activity finds the request. What the URL says stays. PostgreSQL cuts
 * it behind 63 bytes, and shows what is not ASCII as "?". */
static const char *application_of(const struct request *request)
{
    const struct conninfo *const conninfo = request->site->conninfo;
    return request->request_id == NULL || conninfo == NULL || conninfo_value(conninfo, "application_name") != NULL
               ? NULL
               : arena_printf(request->arena, "truss run %.53s", request->request_id);
}

struct run run_of(const struct request *request)
{
    struct run_settings settings = request->site->settings;
    settings.application = application_of(request);
    return (struct run){
        .request = request,
        .arena = request->arena,
        .status = request->status,
        .deadline = request->deadline,
        .settings = settings,
    };
}

/* A run that has lost its session trusts no other of that moment. */
static struct pg_session *open_session(const struct run *run)
{
    const struct site *const site = run->request->site;
    struct pg_session *const warm = run->had_session ? NULL : pg_pool_claim(site->pool);
    return warm != NULL ? warm : pg_session_open_pinned(site->conninfo, run->deadline, run->status);
}

bool run_connect(struct run *run)
{
    pg_session_free(run->session);
    run->session = NULL;
    if (!site_is_connected(run->request->site, run->status)) {
        return false;
    }
    run->session = open_session(run);
    if (run->session == NULL) {
        return false;
    }
    run->had_session = true;
    pg_session_set_deadline(run->session, run->deadline);
    run->settings.has_idle_limit = pg_session_server_version(run->session) >= HAS_IDLE_LIMIT;
    if (pg_exec(run->session, session_limits(run->arena, &run->settings), run->status)) {
        observer_guard(run->observer, run->session);
        return true;
    }
    pg_session_free(run->session);
    run->session = NULL;
    return false;
}

void run_watch(struct run *run, const struct watch *watch)
{
    run->watch = watch == NULL ? (struct watch){0} : *watch;
    run->observer = observer_new(run->request->site->conninfo, run->request->beside, &run->watch);
    run->watch.beside = observer_beside;
    run->watch.observer = run->observer;
    observer_guard(run->observer, run->session);
}

void run_close(struct run *run)
{
    observer_free(run->observer);
    pg_session_free(run->session);
    run->observer = NULL;
    run->session = NULL;
}

void run_enter(struct run *run, struct status *status)
{
    run->arena = arena_new(0);
    run->status = status;
    *status = (struct status){.arena = run->arena};
}

void run_leave(struct run *run)
{
    arena_free(run->arena);
    run->arena = run->request->arena;
    run->status = run->request->status;
}
