/*
 * The catalog tells what is pending, a plan what that would lock and create; moment.c compares it with the server.
 */
#include "migration/plan/check/check.h"

#include "base/clock.h"
#include "base/words.h"
#include "migration/look/baseline.h"
#include "migration/look/failed_attempts.h"
#include "migration/look/permission.h"
#include "migration/look/schema.h"
#include "pg/activity.h"
#include "pg/query.h"
#include "pg/values.h"

#include <string.h>

#define MOST_ACTIVE 3

/* Each transaction has a lock on its own virtual number; who waits for a lock is in pg_locks, too. */
static bool count_activity(const struct request *request, struct pg_session *session, struct check *check)
{
    static const char sql[] =
        "SELECT pg_catalog.count(*) FILTER (WHERE l.waits), pg_catalog.count(*) FILTER (WHERE l.is_open) "
        "FROM pg_catalog.pg_stat_activity a JOIN (SELECT o.pid, pg_catalog.bool_or(NOT o.granted) AS waits, "
        "pg_catalog.bool_or(o.granted AND o.locktype = 'virtualxid' AND o.mode = 'ExclusiveLock') AS is_open FROM "
        "pg_catalog.pg_locks o GROUP BY 1) l ON l.pid = a.pid WHERE a.datname = pg_catalog.current_database() AND "
        "a.pid <> pg_catalog.pg_backend_pid() AND " ACTIVITY_IS_CLIENT;
    PG_RESULT(result) = pg_query_kept(session, sql, 0, NULL, request->status);
    if (result == NULL) {
        return false;
    }
    check->lock_count = (uint32_t)pg_field_int(result, 0, 0, 0);
    check->active_count = (uint32_t)pg_field_int(result, 0, 1, 0);
    return true;
}

/* Problems that exist whether anything is pending or not. Which database a project means is often in variables that are
 * not set here: no reason against a run. */
static void find_problems(struct arena *arena, const struct catalog *catalog, struct check *check)
{
    const struct catalog_item *const failed = catalog_failed(catalog);
    struct status problem = {.arena = arena};
    if (failed != NULL) {
        warnings_add(
            &check->warnings, REASON_UNRESOLVED,
            arena_printf(arena, "An earlier attempt at \"%s\" did not finish and is not resolved.", failed->name));
    }
    if (catalog->counts[MIGRATION_MODIFIED] > 0) {
        warnings_add(&check->warnings, REASON_EDITED,
                     words_counted(arena, catalog->counts[MIGRATION_MODIFIED], "applied migration was modified since.",
                                   "applied migrations were modified since."));
    }
    if (!catalog_check_folder(catalog, &problem)) {
        warnings_add(&check->warnings, REASON_PROJECT, problem.message);
    }
    for (size_t i = 0; i < catalog->detection.warning_count; i++) {
        warnings_add(&check->warnings, REASON_PROJECT, catalog->detection.warnings[i]);
    }
    warnings_add(&check->notes, REASON_SERVER, catalog->detection.standby);
    warnings_add(&check->notes, REASON_OTHER_DATABASE, catalog->aside);
    warnings_add(&check->notes, REASON_OTHER_DATABASE, catalog->computed);
}

static bool is_told(const struct flaws *flaws, const char *migration, const char *name)
{
    for (size_t i = 0; i < flaws->count; i++) {
        if (strcmp(flaws->items[i].migration, migration) == 0 &&
            text_find(text_of(flaws->items[i].what), name, 0) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* An attempt that failed is no reason against the next one: what made it fail may be mended. */
static bool note_failures(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                          struct check *check)
{
    const struct failed_attempt **failures;
    if (!failures_read(request, session, catalog, &failures)) {
        return false;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        if (failures[i] != NULL) {
            char at[RFC3339_SIZE];
            clock_for_people(failures[i]->at, at);
            warnings_add(
                &check->notes, REASON_UNRESOLVED,
                arena_printf(request->arena, "The last attempt at \"%s\" failed (%s, by %s)%s: %s",
                             catalog->items[i].name, at, failures[i]->by,
                             failures[i]->file == TRIED_FILE_HAS_CHANGED ? ", and its file was changed since" : "",
                             failures[i]->message));
        }
    }
    return true;
}

/* Adds flaws that are not in the plan's refusal. */
static void find_flaws(const struct request *request, struct pg_session *session, const struct prepared *prepared,
                       const struct flaws *told, struct check *check)
{
    struct arena *const reading = arena_new(0); /* a large script's statements take much */
    const struct objects_place place = {reading, session, request->site->project.schema};
    struct status unread = {.arena = reading};
    struct schema_findings findings;
    struct loaded loaded;
    const bool is_read = !prepared->item->file->is_code && prepared_read(reading, prepared, &loaded, &unread) &&
                         schema_detect(&place, loaded.script.sql, &findings, &unread);
    for (size_t i = 0; is_read && i < findings.count; i++) {
        const struct schema_finding *const one = &findings.items[i];
        if (!one->exists && one->difference != NULL && !is_told(told, prepared->item->name, one->name)) {
            warnings_add(&check->warnings, REASON_DIFFERS,
                         arena_printf(request->arena, "Migration \"%s\" makes the %s \"%s\", which is there: %s",
                                      prepared->item->name, one->type, one->name, one->difference));
        }
    }
    if (!is_read && unread.code != STATUS_OK && unread.code != STATUS_INVALID_ARGUMENT) { /* an empty script is that */
        warnings_add(&check->notes, REASON_DIFFERS,
                     arena_printf(request->arena, "What migration \"%s\" makes was not compared with what is there: %s",
                                  prepared->item->name, unread.message));
    }
    arena_free(reading);
}

/* Adds what the plan has said of objects that are there already. */
static void add_told(const struct flaws *flaws, struct check *check)
{
    for (size_t i = 0; i < flaws->others.count; i++) {
        warnings_add(&check->warnings, REASON_DIFFERS, flaws->others.items[i]);
    }
    for (size_t i = 0; i < flaws->uncompared.count; i++) {
        warnings_add(&check->notes, REASON_DIFFERS, flaws->uncompared.items[i]);
    }
}

static void add_failures(const struct request *request, const struct explanation *explanation, struct check *check)
{
    size_t at = 0;
    for (const char *one; (one = explanation_failure(request->arena, explanation, &at)) != NULL;) {
        warnings_add(&check->warnings, REASON_WOULD_FAIL, one);
    }
}

/* Four eyes: asks as a trial does, which requests nothing. */
static void look_at_permission(const struct request *request, struct pg_session *session,
                               const struct preparation *preparation, struct check *check)
{
    struct status problem = {.arena = request->arena};
    struct request asking = *request;
    const struct act act = {
        .hash = preparation->hash, .what = prepare_words(request->arena, preparation), .is_trial = true};
    asking.status = &problem;
    if (preparation->unfit == NULL && preparation->count > 0 && !request_may(&asking, session, &act)) {
        warnings_add(&check->warnings, REASON_NEEDS_APPROVAL,
                     problem.hint == NULL ? problem.message
                                          : arena_printf(request->arena, "%s %s", problem.message, problem.hint));
    }
}

/* Plans a run and checks whether it could start. If there can be no plan, says why; fails if that is only our lack of
 * memory or time, which says nothing about the run. */
static bool look_at_plan(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                         struct check *check)
{
    static const struct run_options usual = {0};
    struct status problem = {.arena = request->arena};
    struct request asking = *request;
    struct preparation preparation;
    struct explanation explanation;
    asking.status = &problem;
    if (!prepare(&asking, session, &catalog->detection, &usual, &preparation) ||
        !explain(&asking, session, &usual, &preparation, &explanation)) {
        const struct moment moment = {.request = request,
                                      .session = session,
                                      .detection = &catalog->detection,
                                      .warnings = &check->warnings,
                                      .notes = &check->notes};
        if (problem.code == STATUS_UNAVAILABLE || problem.code == STATUS_DEADLINE_EXCEEDED) {
            *request->status = problem;
            return false;
        }
        warnings_add(&check->warnings, REASON_NO_START, problem.message);
        moment_check_place(&moment); /* when the refusal is overcome, these stop the run */
        return true;
    }
    warnings_add(&check->warnings, REASON_NO_START, explanation.refusal);
    look_at_permission(request, session, &preparation, check);
    add_told(&preparation.flaws, check);
    add_failures(&asking, &explanation, check);
    if (!baseline_check(&asking, session, &preparation.catalog.detection)) {
        warnings_add(&check->warnings, REASON_NO_START, problem.message);
    }
    for (size_t i = 0; i < preparation.count && preparation.items[i].item != preparation.unfit; i++) {
        find_flaws(&asking, session, &preparation.items[i], &preparation.flaws, check);
    }
    const struct moment moment = {.request = &asking,
                                  .session = session,
                                  .detection = &preparation.catalog.detection,
                                  .warnings = &check->warnings,
                                  .notes = &check->notes};
    moment_check(&moment, &preparation, &explanation);
    return true;
}

static bool look_at_pending(const struct request *request, struct pg_session *session, const struct catalog *catalog,
                            struct check *check)
{
    if (check->lock_count > 0) {
        warnings_add(&check->warnings, REASON_WOULD_WAIT,
                     words_counted(request->arena, check->lock_count, "session is waiting for a lock.",
                                   "sessions are waiting for a lock."));
    }
    if (check->active_count > MOST_ACTIVE) {
        warnings_add(&check->warnings, REASON_WOULD_WAIT,
                     arena_printf(request->arena, "%u transactions are active; a migration may wait for them.",
                                  check->active_count));
    }
    return catalog->problem != NULL || look_at_plan(request, session, catalog, check);
}

static bool look(const struct request *request, struct pg_session *session, struct check *check)
{
    struct catalog catalog;
    if (!catalog_read(request, session, &catalog) || !count_activity(request, session, check)) {
        return false;
    }
    check->target = target_with(request, session, catalog.detection.framework);
    check->database = arena_strdup(request->arena, pg_session_database(session));
    check->user = arena_strdup(request->arena, pg_session_user(session));
    check->pending = arena_array(request->arena, catalog.count, sizeof(struct catalog_item *));
    for (size_t i = 0; i < catalog.count; i++) {
        if (catalog.items[i].state == MIGRATION_PENDING) {
            check->pending[check->pending_count++] = &catalog.items[i]; /* the array is in the arena */
        }
    }
    find_problems(request->arena, &catalog, check);
    if (!note_failures(request, session, &catalog, check)) {
        return false;
    }
    /* With nothing to run every moment is good. */
    return check->pending_count == 0 || look_at_pending(request, session, &catalog, check);
}

bool check_run(const struct request *request, struct check *check)
{
    *check = (struct check){0};
    struct pg_session *const session = request_connect(request);
    const bool ok = session != NULL && look(request, session, check);
    request_release(request, session);
    return ok;
}
