/*
 * The parts of a run share a session; the memory of a part is freed with it.
 */
#include "migration/run/current.h"

#include "migration/record/transaction.h"
#include "migration/run/observer.h"
#include "pg/session_settings.h"
#include "pg/synchronous.h"

/* "truss run 3f2a…", so that the request can be found in pg_stat_activity. A name in the URL stays. PostgreSQL cuts it
 * at 63 bytes, and shows non-ASCII characters as "?", or refuses them if its encoding lacks them. */
static const char *application_of(const struct request *request)
{
    const struct conninfo *const conninfo = request->site->conninfo;
    return request->request_id == NULL || conninfo == NULL || conninfo_value(conninfo, "application_name") != NULL
               ? NULL
               : arena_printf(request->arena, "truss run %.53s", text_ascii(request->arena, request->request_id));
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

/* Sets the session up for the run. Takes ownership; returns the session, or NULL. */
static struct pg_session *set_up(struct run *run, struct pg_session *session)
{
    if (session == NULL) {
        return NULL;
    }
    pg_session_set_deadline(session, run->deadline);
    run->settings.server_version = pg_session_server_version(session);
    if (pg_session_set_up(session, session_limits(run->arena, &run->settings), run->status)) {
        return session;
    }
    pg_session_free(session);
    return NULL;
}

/* After a lost session, opens a new one: others in the pool may be lost, too. A claimed one may turn out to be lost. */
static struct pg_session *open_session(struct run *run)
{
    const struct site *const site = run->request->site;
    struct pg_session *const claimed = run->had_session ? NULL : pg_pool_claim(site->pool);
    struct pg_session *const warm = set_up(run, claimed);
    if (warm != NULL) {
        return warm;
    }
    if (claimed != NULL) {
        *run->status = (struct status){.arena = run->status->arena};
    }
    return set_up(run, pg_session_open(site->conninfo, run->deadline, run->status));
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
    run->settled = (struct settled){.cannot_be = run->settled.cannot_be};
    observer_guard(run->observer, run->session);
    return true;
}

bool run_may_commit(struct run *run)
{
    return !run->names_standbys || synchronous_check(run->session, run->status);
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
