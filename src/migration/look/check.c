/*
 * The catalog tells what is pending, pg_stat_activity what a run would wait for.
 */
#include "migration/look/check.h"

#define MOST_ACTIVE 3

static void warn(struct check *check, const char *warning)
{
    if (check->warning_count < sizeof check->warnings / sizeof check->warnings[0]) {
        check->warnings[check->warning_count++] = warning;
    }
}

static bool count_activity(const struct request *request, struct pg_session *session, struct check *check)
{
    static const char sql[] =
        "SELECT count(*) FILTER (WHERE wait_event_type = 'Lock'), count(*) FILTER (WHERE xact_start IS NOT NULL) "
        "FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() "
        "AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'";
    PG_RESULT(result) = pg_query(session, sql, 0, NULL, request->status);
    if (result == NULL) {
        return false;
    }
    check->lock_count = (uint32_t)pg_field_int(result, 0, 0, 0);
    check->active_count = (uint32_t)pg_field_int(result, 0, 1, 0);
    return true;
}

/* What would make a run fail or wait. */
static void find_warnings(const struct request *request, const struct catalog *catalog, struct check *check)
{
    const struct detection *const detection = &catalog->detection;
    const struct catalog_item *const failed = catalog_failed(catalog);
    struct status problem = {.arena = request->arena};
    if (check->lock_count > 0) {
        warn(check, arena_printf(request->arena, "%u session(s) are waiting for a lock.", check->lock_count));
    }
    if (check->active_count > MOST_ACTIVE) {
        warn(check, arena_printf(request->arena, "%u transactions are active; a migration may wait for them.",
                                 check->active_count));
    }
    if (check->pending_count == 0) {
        warn(check, "No pending migrations to run.");
    }
    if (failed != NULL) {
        warn(check, arena_printf(request->arena, "An earlier attempt at \"%s\" did not finish and is not resolved.",
                                 failed->name));
    }
    if (catalog->counts[MIGRATION_MODIFIED] > 0) {
        warn(check, arena_printf(request->arena, "%zu applied migration(s) were modified since.",
                                 catalog->counts[MIGRATION_MODIFIED]));
    }
    if (detection->has_folder && !catalog_check_folder(catalog, &problem)) {
        warn(check, problem.message);
    }
    for (size_t i = 0; i < detection->warning_count; i++) {
        warn(check, detection->warnings[i]);
    }
}

static bool look(const struct request *request, struct pg_session *session, struct check *check)
{
    struct catalog catalog;
    if (!catalog_read(request, session, &catalog) || !count_activity(request, session, check)) {
        return false;
    }
    check->target = target_of(request->arena, request->site, session);
    check->database = arena_strdup(request->arena, pg_session_database(session));
    check->user = arena_strdup(request->arena, pg_session_user(session));
    check->pending = arena_array(request->arena, catalog.count, sizeof(struct catalog_item *));
    for (size_t i = 0; i < catalog.count; i++) {
        if (catalog.items[i].state == MIGRATION_PENDING) {
            check->pending[check->pending_count++] = &catalog.items[i]; /* the array is the arena's */
        }
    }
    find_warnings(request, &catalog, check);
    return true;
}

bool check_run(const struct request *request, struct check *check)
{
    *check = (struct check){0};
    struct pg_session *const session = request_connect(request);
    const bool ok = session != NULL && look(request, session, check);
    request_release(request, session);
    return ok;
}
