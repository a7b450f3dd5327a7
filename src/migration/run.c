/*
 * A run has a session of its own, which holds its locks and goes with it. What a migration changed of the session's
 * settings is reset before the next one.
 */
#include "migration/run.h"

#include "base/log.h"
#include "base/uuid.h"
#include "migration/ledgers.h"
#include "migration/lock.h"

#include <string.h>
#include <time.h>

#define RECONNECT_TRIES    20
#define RECONNECT_PAUSE_MS 250
#define FIND_OUT_MS        15000
#define MOST_NAMES         100000

/* ---- may it run at all? ---- */

static bool check_unresolved(const struct catalog *catalog, struct status *status)
{
    const struct catalog_item *const failed = catalog_failed(catalog);
    if (failed == NULL || !catalog->detection.framework->failed_entry_blocks) {
        return true;
    }
    const char *logs = NULL;
    for (size_t i = 0; i < failed->attempt_count; i++) {
        logs = failed->attempts[i].state == ENTRY_FAILED ? failed->attempts[i].logs : logs;
    }
    status_fail(
        status, STATUS_FAILED_PRECONDITION,
        "An earlier attempt at \"%s\" did not finish, and nothing runs until that is resolved: undo what it left "
        "and mark it as rolled back, or complete it by hand and mark it as applied (Prisma's P3009).",
        failed->name);
    status->migration = failed->name;
    status->detail = logs;
    return false;
}

static bool check_folder(struct work *work, const struct catalog *catalog)
{
    const struct detection *const detection = &catalog->detection;
    if (detection->framework == NULL || !detection->has_folder) {
        return status_fail(work->status, STATUS_FAILED_PRECONDITION, "%s",
                           detection->folder_problem != NULL
                               ? detection->folder_problem
                               : "No folder of migrations was found in the project; check --project and --migrations.");
    }
    return detection->framework->check_folder(work->arena, &detection->folder, &catalog->files, work->status);
}

/* ---- what is to run ---- */

struct selection {
    const struct catalog_item **items; /* in the order of the files */
    size_t count;
};

static bool select_pending(struct work *work, const struct catalog *catalog, const char *const *names,
                           size_t name_count, struct selection *selection)
{
    bool *const named = arena_array(work->arena, catalog->count, sizeof *named);
    if (name_count > MOST_NAMES) {
        return status_fail(work->status, STATUS_INVALID_ARGUMENT, "A run takes at most %d names.", MOST_NAMES);
    }
    for (size_t i = 0; i < name_count; i++) {
        const struct catalog_item *const item = catalog_find(catalog, text_of(names[i]));
        if (item == NULL || item->file == NULL) {
            return catalog_not_found(catalog, text_of(names[i]), work->status);
        }
        named[item - catalog->items] = true;
    }
    selection->items = arena_array(work->arena, catalog->count, sizeof(struct catalog_item *));
    selection->count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->state == MIGRATION_PENDING && (name_count == 0 || named[i])) {
            selection->items[selection->count++] = item;
        }
    }
    return true;
}

/* ---- running ---- */

static void fail_with(struct run_result *result, const struct catalog_item *item, const struct status *status)
{
    result->failed_name = item->name;
    result->failure = (struct script_failure){
        .error = status->message,
        .sqlstate = status->sqlstate,
        .detail = status->detail,
        .hint = status->hint,
    };
}

/* Every script is read and planned before the first is sent: a broken one at the end is found at the beginning. */
static bool check_scripts(struct work *work, const struct selection *selection, struct run_result *result)
{
    for (size_t i = 0; i < selection->count; i++) {
        struct arena *const reading = arena_new(0);
        struct text content;
        struct plan plan;
        const bool ok = script_read(reading, selection->items[i]->file, &content, work->status) &&
                        plan_build(reading, content, &plan, work->status);
        arena_free(reading);
        if (!ok) {
            fail_with(result, selection->items[i], work->status);
            result->summary =
                arena_printf(work->arena, "Migration \"%s\" cannot run — nothing was run.", selection->items[i]->name);
            return false;
        }
    }
    return true;
}

/* After a lost connection: did the commit happen? A new session takes the locks, which the old backend holds as long as
 * it lives, and asks the ledger. *recorded is set; false where it cannot be found out. */
static bool find_out(struct work *work, struct detection *detection, const char *id, bool *recorded)
{
    const struct timespec pause = {.tv_nsec = RECONNECT_PAUSE_MS * 1000000L};
    struct ledger_entries entries;
    pg_session_free(work->session);
    work->session = NULL;
    /* The truth is worth a little more time than the request had. */
    work->deadline = deadline_left(work->deadline) < FIND_OUT_MS && work->deadline != NO_DEADLINE
                         ? deadline_in(FIND_OUT_MS)
                         : work->deadline;
    for (int i = 0; work->session == NULL && i < RECONNECT_TRIES && !deadline_passed(work->deadline); i++) {
        nanosleep(&pause, NULL);
        work_connect_own(work);
    }
    if (work->session == NULL || !lock_take(work, detection) ||
        !detection->framework->read_ledger(work->arena, work->session, &detection->ledger, &entries, work->status)) {
        return false;
    }
    *recorded = false;
    for (size_t i = 0; i < entries.count; i++) {
        const struct ledger_entry *const entry = &entries.items[i];
        *recorded = *recorded || (entry->state == ENTRY_APPLIED && entry->id != NULL && strcmp(entry->id, id) == 0);
    }
    return true;
}

/* True where the connection was lost but the migration had been committed. */
static bool was_committed(struct work *work, struct detection *detection, const struct ledger_record *record,
                          struct script_failure *failure)
{
    bool recorded = false;
    if (!failure->connection_lost) {
        return false;
    }
    log_warn("connection lost", "migration=\"%s\"", record->name);
    if (!find_out(work, detection, record->id, &recorded)) {
        failure->error = arena_printf(work->arena,
                                      "%s Whether it was committed could not be found out: ask for the status when the "
                                      "database is back.",
                                      failure->error);
    } else if (!recorded) {
        failure->error = arena_printf(work->arena, "%s; %s", failure->error,
                                      failure->partially_applied ? "the ledger has it as unfinished."
                                                                 : "the ledger says that it was not committed.");
        script_record_failure(work, detection, record, failure);
    }
    return recorded;
}

/* Reads, plans and runs one. Its content is released before the next. */
static bool run_one(struct work *work, struct catalog *catalog, const struct catalog_item *item,
                    struct run_result *result)
{
    struct arena *const arena = arena_new(0);
    struct work own = {.site = work->site, .arena = arena, .deadline = work->deadline, .session = work->session};
    struct status status = {.arena = work->arena};
    struct script_failure failure = {0};
    struct text content;
    struct plan plan;
    char id[UUID_SIZE];
    const int64_t began = clock_ms();
    own.status = &status;
    pg_session_set_deadline(own.session, own.deadline);
    uuid_v4(id);
    struct ledger_record record = {.id = id, .name = item->name};
    bool ok = script_read(arena, item->file, &content, &status) && plan_build(arena, content, &plan, &status);
    if (!ok) {
        fail_with(result, item, &status);
    } else {
        record.checksum = catalog->detection.framework->checksum(arena, content);
        ok = script_run(&own, &catalog->detection, &record, content, &plan, &failure) ||
             was_committed(&own, &catalog->detection, &record, &failure);
    }
    if (ok) {
        result->applied[result->applied_count++] = (struct run_applied){
            .name = item->name,
            .checksum = arena_strdup(work->arena, record.checksum),
            .duration_ms = (uint32_t)(clock_ms() - began),
        };
        log_info("migration applied", "migration=\"%s\" ms=%lld", item->name, (long long)(clock_ms() - began));
    } else if (result->failed_name == NULL) {
        result->failed_name = item->name;
        result->failure = failure;
        result->failure.error = arena_strdup(work->arena, failure.error);
        result->failure.statement = arena_strdup(work->arena, failure.statement);
        result->failure.sqlstate = arena_strdup(work->arena, failure.sqlstate);
        result->failure.detail = arena_strdup(work->arena, failure.detail);
        result->failure.hint = arena_strdup(work->arena, failure.hint);
    }
    work->session = own.session;
    arena_free(arena);
    return ok;
}

static const char *failure_summary(struct arena *arena, const struct run_result *result)
{
    const char *const own = result->failure.partially_applied
                                ? "failed — its earlier steps stay, because it could not be one transaction"
                                : "failed — it was rolled back";
    if (result->applied_count == 0) {
        return arena_printf(arena, "Migration \"%s\" %s; no other migration was run.", result->failed_name, own);
    }
    return arena_printf(arena, "Migration \"%s\" %s; the %zu migration(s) before it stay applied.", result->failed_name,
                        own, result->applied_count);
}

static void run_selected(struct work *work, struct catalog *catalog, const struct selection *selection,
                         struct run_result *result)
{
    result->applied = arena_array(work->arena, selection->count, sizeof *result->applied);
    if (!check_scripts(work, selection, result)) {
        return;
    }
    for (size_t i = 0; i < selection->count; i++) {
        if (!run_one(work, catalog, selection->items[i], result)) {
            result->summary = failure_summary(work->arena, result);
            char error[LOG_QUOTED_SIZE];
            log_warn("migration failed", "migration=\"%s\" error=%s", result->failed_name,
                     log_quoted(result->failure.error, error));
            return;
        }
    }
    result->ok = true;
    result->summary = selection->count == 0
                          ? "No pending migrations to run."
                          : arena_printf(work->arena, "Applied %zu migration(s) successfully.", selection->count);
}

static bool run_locked(struct work *work, const char *const *names, size_t name_count, struct run_result *result)
{
    struct catalog catalog;
    struct selection selection = {0};
    if (!detect(work, &catalog.detection)) {
        return false;
    }
    /* Without a framework there is nothing to lock; the check below says so. */
    if (catalog.detection.framework != NULL && !lock_take(work, &catalog.detection)) {
        return false;
    }
    if (!catalog_read(work, &catalog) || !check_folder(work, &catalog) ||
        !select_pending(work, &catalog, names, name_count, &selection) || !check_unresolved(&catalog, work->status)) {
        return false;
    }
    if (selection.count > 0 &&
        !(ledger_check_baseline(work, &catalog.detection) && ledger_ensure(work, &catalog.detection))) {
        return false;
    }
    run_selected(work, &catalog, &selection, result);
    return true;
}

bool run_migrations(struct work *work, const char *const *names, size_t name_count, struct run_result *result)
{
    *result = (struct run_result){0};
    if (!work_connect_own(work)) {
        return false;
    }
    const bool ok = run_locked(work, names, name_count, result);
    pg_session_free(work->session);
    work->session = NULL;
    return ok;
}
