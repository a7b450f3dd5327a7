/*
 * Everything happens in the tick on the run's own thread, while its statement is waited for: no additional thread, no
 * locking. Blockers are queried until some are known; progress four times a second at most.
 */
#include "migration/run/observer.h"

#include "migration/run/blocker.h"
#include "migration/run/silence.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUERY_MS    2000 /* the longest that a query may take */
#define TRY_AGAIN   5000 /* ms until another attempt to open a session */
#define PROGRESS_MS 250  /* between two queries for progress */
#define PROGRESS_AT 300  /* ms that a statement must have taken before progress is queried */
#define TOLD_MS     1000 /* between two equal events */

struct observer {
    const struct conninfo *conninfo;
    const struct watch *watch;
    struct arena *arena;   /* of the last seen blockers */
    struct arena *scratch; /* of one tick: a statement may take hours */
    struct pg_session *session;
    struct pg_session *lent; /* the session, if it was lent: its owner frees it */
    struct pg_session *watched;
    struct silence silence;
    int64_t next_try;
    const char *migration;
    uint32_t step;
    uint32_t steps;
    int64_t since; /* when the statement began, approximately */
    struct run_blocker blockers[RUN_BLOCKERS];
    size_t blocker_count;
    observer_index_fn *on_index;
    void *of_index;
    char index[16]; /* the oid that was given to it; "": none */
    int64_t next_index;
    int64_t next_progress;
    int64_t last_told;
    double last_done;
};

struct observer *observer_new(const struct conninfo *conninfo, struct pg_session *beside, const struct watch *watch)
{
    struct observer *observer = memory_alloc(sizeof *observer);
    observer->conninfo = conninfo;
    observer->session = beside;
    observer->lent = beside;
    observer->watch = watch;
    observer->arena = arena_new(0);
    observer->scratch = arena_new(0);
    return observer;
}

static void leave_session(struct observer *observer)
{
    if (observer->session != observer->lent) {
        pg_session_free(observer->session);
    }
    observer->session = NULL;
}

void observer_free(struct observer *observer)
{
    if (observer != NULL) {
        leave_session(observer);
        arena_free(observer->arena);
        arena_free(observer->scratch);
        free(observer);
    }
}

struct pg_session *observer_beside(void *data)
{
    struct observer *const observer = data;
    struct status status = {.arena = observer->scratch};
    if (observer->session != NULL && pg_session_is_lost(observer->session)) {
        leave_session(observer);
    }
    if (observer->session == NULL && clock_ms() >= observer->next_try) {
        observer->session = pg_session_open_pinned(observer->conninfo, deadline_in(QUERY_MS), &status);
        observer->next_try = clock_ms() + TRY_AGAIN;
    }
    if (observer->session != NULL) {
        pg_session_set_deadline(observer->session, deadline_in(QUERY_MS));
    }
    return observer->session;
}

/* ---- who blocks ---- */

static void start_arena(struct arena **arena)
{
    arena_free(*arena);
    *arena = arena_new(0);
}

/* Returns true if somebody blocks now. The last blockers are remembered after the wait. */
static bool look_for_blockers(struct observer *observer, struct pg_session *session)
{
    static const char sql[] =
        "SELECT " BLOCKER_COLUMNS " "
        "FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1::int)) AS b(pid) "
        "JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 6 DESC LIMIT 8";
    char pid[16];
    struct status status = {.arena = observer->scratch};
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(observer->watched));
    PG_RESULT(result) = pg_query(session, sql, 1, (const char *const[]){pid}, &status);
    if (result == NULL || PQntuples(result) == 0) {
        return false;
    }
    start_arena(&observer->arena);
    observer->blocker_count = 0;
    for (int row = 0; row < PQntuples(result); row++) {
        observer->blockers[observer->blocker_count++] = blocker_of(observer->arena, result, row);
    }
    return true;
}

/* Reports a statement that waits long without a timeout of ours. */
static void tell_wait(struct observer *observer)
{
    const uint32_t waited = (uint32_t)(clock_ms() - observer->since);
    if (waited < TOLD_MS || clock_ms() - observer->last_told < TOLD_MS) {
        return;
    }
    observer->last_told = clock_ms();
    watch_tell(observer->watch, &(struct run_event){
                                    .kind = RUN_EVENT_LOCK_WAIT,
                                    .migration = observer->migration,
                                    .step = observer->step,
                                    .steps = observer->steps,
                                    .duration_ms = waited,
                                    .attempt = 1,
                                    .blockers = observer->blockers,
                                    .blocker_count = observer->blocker_count,
                                    .message = arena_printf(
                                        observer->scratch, "Waiting for %s",
                                        blockers_text(observer->scratch, observer->blockers, observer->blocker_count)),
                                });
}

/* ---- progress ---- */

/* One row for our backend, for any command. In blocks if tuples are not counted. */
#define PROGRESS                                                                                                       \
    "SELECT phase, CASE WHEN tuples_total > 0 THEN tuples_done WHEN blocks_total > 0 THEN blocks_done ELSE "           \
    "lockers_done END, CASE WHEN tuples_total > 0 THEN tuples_total WHEN blocks_total > 0 THEN blocks_total ELSE "     \
    "lockers_total END, CASE WHEN tuples_total > 0 THEN 'tuples' WHEN blocks_total > 0 THEN 'blocks' ELSE 'lockers' "  \
    "END FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1::int UNION ALL "                                 \
    "SELECT phase, heap_blks_scanned, heap_blks_total, 'blocks' FROM pg_catalog.pg_stat_progress_vacuum "              \
    "WHERE pid = $1::int UNION ALL "                                                                                   \
    "SELECT phase, heap_blks_scanned, heap_blks_total, 'blocks' FROM pg_catalog.pg_stat_progress_cluster "             \
    "WHERE pid = $1::int UNION ALL "

/* Since PostgreSQL 13. */
#define PROGRESS_OF_ANALYZE                                                                                            \
    "SELECT phase, sample_blks_scanned, sample_blks_total, 'blocks' FROM pg_catalog.pg_stat_progress_analyze "         \
    "WHERE pid = $1::int UNION ALL "

#define WAIT_FOR_STANDBY                                                                                               \
    "SELECT 'The commit is done here and waits for a synchronous standby (synchronous_standby_names): start it, or "   \
    "take it out of the setting. A cancel ends this wait and takes nothing back', 0, 0, '' FROM "                      \
    "pg_catalog.pg_stat_activity a WHERE a.pid = $1::int AND a.wait_event = 'SyncRep' LIMIT 1"

static const char *progress_sql(const struct pg_session *session)
{
    return pg_session_server_version(session) >= 130000 ? PROGRESS PROGRESS_OF_ANALYZE WAIT_FOR_STANDBY
                                                        : PROGRESS WAIT_FOR_STANDBY;
}

static void tell_progress(struct observer *observer, const struct run_progress *progress)
{
    const bool counted = progress->total > 0;
    const bool moved = progress->done < observer->last_done || progress->done > observer->last_done;
    if (!moved && clock_ms() - observer->last_told < TOLD_MS) {
        return;
    }
    observer->last_done = progress->done;
    observer->last_told = clock_ms();
    const char *const message =
        counted ? arena_printf(observer->scratch, "%s: %.0f of %.0f %s (%.0f %%).", progress->phase, progress->done,
                               progress->total, progress->unit, progress->done * 100 / progress->total)
                : arena_printf(observer->scratch, "%s.", progress->phase);
    watch_tell(observer->watch, &(struct run_event){
                                    .kind = RUN_EVENT_PROGRESS,
                                    .migration = observer->migration,
                                    .step = observer->step,
                                    .steps = observer->steps,
                                    .duration_ms = (uint32_t)(clock_ms() - observer->since),
                                    .progress = progress,
                                    .message = message,
                                });
}

static void look_at_progress(struct observer *observer, struct pg_session *session)
{
    const int64_t now = clock_ms();
    char pid[16];
    struct status status = {.arena = observer->scratch};
    if (now < observer->next_progress || now - observer->since < PROGRESS_AT) {
        return;
    }
    observer->next_progress = now + PROGRESS_MS;
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(observer->watched));
    PG_RESULT(result) = pg_query(session, progress_sql(session), 1, (const char *const[]){pid}, &status);
    if (result == NULL || PQntuples(result) == 0) {
        return;
    }
    const struct run_progress progress = {
        .phase = pg_field_copy(observer->scratch, result, 0, 0),
        .done = (double)pg_field_int(result, 0, 1, 0),
        .total = (double)pg_field_int(result, 0, 2, 0),
        .unit = pg_field_copy(observer->scratch, result, 0, 3),
    };
    tell_progress(observer, &progress);
}

/* ---- what it builds ---- */

static void look_for_index(struct observer *observer, struct pg_session *session)
{
    static const char sql[] = "SELECT index_relid FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1::int "
                              "AND index_relid <> 0 AND index_relid::text <> $2";
    char pid[16];
    struct status status = {.arena = observer->scratch};
    if (observer->on_index == NULL || pg_session_is_pooled(observer->watched) || clock_ms() < observer->next_index) {
        return;
    }
    snprintf(pid, sizeof pid, "%d", pg_session_backend_pid(observer->watched));
    PG_RESULT(result) = pg_query(session, sql, 2, (const char *const[]){pid, observer->index}, &status);
    if (result == NULL || PQntuples(result) == 0) {
        return;
    }
    const char *const oid = pg_field(result, 0, 0);
    if (observer->on_index(observer->of_index, session, oid)) {
        snprintf(observer->index, sizeof observer->index, "%s", oid);
    } else {
        observer->next_index = clock_ms() + TRY_AGAIN;
    }
}

void observer_on_index(struct observer *observer, observer_index_fn *fn, void *data)
{
    if (observer != NULL) {
        observer->on_index = fn;
        observer->of_index = data;
        observer->index[0] = '\0';
        observer->next_index = 0;
    }
}

/* ---- ticks ---- */

/* Returns false if nothing more will arrive for the observed session. */
static bool look_for_silence(struct observer *observer)
{
    if (!silence_is_due(&observer->silence, observer->watched)) {
        return true;
    }
    struct pg_session *const session = observer_beside(observer);
    return session == NULL || !silence_ends(&observer->silence, observer->watched, session, observer->scratch);
}

/* For short statements, which are sent even when the run is to end. */
static bool guard_tick(void *data)
{
    struct observer *const observer = data;
    start_arena(&observer->scratch);
    return look_for_silence(observer);
}

static bool tick(void *data)
{
    struct observer *const observer = data;
    if (!guard_tick(observer)) {
        return false;
    }
    struct pg_session *const session = observer_beside(observer);
    start_arena(&observer->scratch);
    if (session != NULL) {
        look_for_index(observer, session);
    }
    if (session != NULL && look_for_blockers(observer, session)) {
        tell_wait(observer);
    } else if (session != NULL) {
        look_at_progress(observer, session);
    }
    watch_tick(observer->watch);
    return !watch_cancelled(observer->watch);
}

void observer_attach(struct observer *observer, struct pg_session *session)
{
    observer->watched = session;
    pg_session_on_tick(session, tick, observer);
}

void observer_guard(struct observer *observer, struct pg_session *session)
{
    if (observer == NULL) {
        pg_session_on_tick(session, NULL, NULL);
        return;
    }
    observer->watched = session;
    pg_session_on_tick(session, guard_tick, observer);
}

void observer_at(struct observer *observer, const char *migration, uint32_t step, uint32_t steps)
{
    observer->migration = migration;
    observer->step = step;
    observer->steps = steps;
    observer->next_progress = 0;
    observer->last_told = 0;
    observer_forget(observer);
}

void observer_forget(struct observer *observer)
{
    observer->blocker_count = 0;
    observer->since = clock_ms();
}

size_t observer_blockers(const struct observer *observer, const struct run_blocker **blockers)
{
    *blockers = observer->blockers;
    return observer->blocker_count;
}
