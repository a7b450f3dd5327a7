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

static bool count_activity(struct work *work, struct check *check)
{
    static const char sql[] =
        "SELECT count(*) FILTER (WHERE wait_event_type = 'Lock'), count(*) FILTER (WHERE xact_start IS NOT NULL) "
        "FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() "
        "AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'";
    PG_RESULT(result) = pg_query(work->session, sql, 0, NULL, work->status);
    if (result == NULL) {
        return false;
    }
    check->lock_count = (uint32_t)pg_field_int(result, 0, 0, 0);
    check->active_count = (uint32_t)pg_field_int(result, 0, 1, 0);
    return true;
}

/* What would make a run fail or wait. */
static void find_warnings(struct work *work, const struct catalog *catalog, struct check *check)
{
    const struct detection *const detection = &catalog->detection;
    const struct catalog_item *const failed = catalog_failed(catalog);
    struct status problem = {.arena = work->arena};
    struct work looking = *work;
    looking.status = &problem;
    if (check->lock_count > 0) {
        warn(check, arena_printf(work->arena, "%u session(s) are waiting for a lock.", check->lock_count));
    }
    if (check->active_count > MOST_ACTIVE) {
        warn(check, arena_printf(work->arena, "%u transactions are active; a migration may wait for them.",
                                 check->active_count));
    }
    if (check->pending_count == 0) {
        warn(check, "No pending migrations to run.");
    }
    if (failed != NULL) {
        warn(check, arena_printf(work->arena, "An earlier attempt at \"%s\" did not finish and is not resolved.",
                                 failed->name));
    }
    if (catalog->counts[MIGRATION_MODIFIED] > 0) {
        warn(check, arena_printf(work->arena, "%zu applied migration(s) were modified since.",
                                 catalog->counts[MIGRATION_MODIFIED]));
    }
    if (detection->has_folder && !catalog_check_folder(&looking, catalog)) {
        warn(check, problem.message);
    }
    for (size_t i = 0; i < detection->warning_count; i++) {
        warn(check, detection->warnings[i]);
    }
}

static bool look(struct work *work, struct check *check)
{
    struct catalog catalog;
    if (!catalog_read(work, &catalog) || !count_activity(work, check)) {
        return false;
    }
    check->database = arena_strdup(work->arena, pg_session_database(work->session));
    check->user = arena_strdup(work->arena, pg_session_user(work->session));
    check->pending = arena_array(work->arena, catalog.count, sizeof(struct catalog_item *));
    for (size_t i = 0; i < catalog.count; i++) {
        if (catalog.items[i].state == MIGRATION_PENDING) {
            check->pending[check->pending_count++] = &catalog.items[i]; /* the array is the arena's */
        }
    }
    find_warnings(work, &catalog, check);
    return true;
}

bool check_run(struct work *work, struct check *check)
{
    *check = (struct check){0};
    if (!work_connect(work)) {
        return false;
    }
    const bool ok = look(work, check);
    work_release(work);
    return ok;
}
