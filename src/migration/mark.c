/*
 * Both take the run's locks: what is recorded must not change under a run, nor under the framework's own CLI.
 */
#include "migration/mark.h"

#include "base/uuid.h"
#include "migration/catalog.h"
#include "migration/ledgers.h"
#include "migration/lock.h"
#include "migration/script.h"
#include "migration/store.h"

/* Connects, locks, reads, and finds the migration that is meant. */
static bool begin(struct work *work, const char *name, struct catalog *catalog, const struct catalog_item **item)
{
    struct detection detection;
    if (name[0] == '\0') {
        return status_fail(work->status, STATUS_INVALID_ARGUMENT, "migration name is required.");
    }
    if (!work_connect_own(work) || !detect(work, &detection)) {
        return false;
    }
    if (detection.framework != NULL && !lock_take(work, &detection)) {
        return false;
    }
    if (!catalog_read(work, catalog)) {
        return false;
    }
    *item = catalog_find(catalog, text_of(name));
    return *item != NULL || catalog_not_found(catalog, text_of(name), work->status);
}

static bool write_record(struct work *work, const struct catalog *catalog, const struct ledger_record *record,
                         void (*put)(struct buffer *, const struct ledger *, const struct ledger_record *))
{
    struct buffer sql = {.arena = work->arena};
    bool has_steps;
    if (!store_exists(work->session, &has_steps, work->status)) {
        return false;
    }
    buffer_puts(&sql, "BEGIN;");
    put(&sql, &catalog->detection.ledger, record);
    if (has_steps) {
        steps_put_forget(&sql, &catalog->detection.ledger, record->name);
    }
    buffer_puts(&sql, "COMMIT;");
    return pg_exec(work->session, buffer_string(&sql), work->status);
}

static bool apply_mark(struct work *work, const char *name, const char **message)
{
    struct catalog catalog;
    const struct catalog_item *item;
    struct text content;
    char id[UUID_SIZE];
    if (!begin(work, name, &catalog, &item)) {
        return false;
    }
    if (item->file == NULL) {
        return catalog_not_found(&catalog, text_of(name), work->status);
    }
    if (item->state != MIGRATION_PENDING) {
        *message = arena_printf(work->arena, "Migration \"%s\" is already recorded as applied.", item->name);
        return true;
    }
    if (!script_read(work->arena, item->file, &content, work->status) || !ledger_ensure(work, &catalog.detection)) {
        return false;
    }
    uuid_v4(id);
    const struct framework *const framework = catalog.detection.framework;
    const struct ledger_record record = {
        .id = id,
        .name = item->name,
        .checksum = framework->checksum(work->arena, content),
    };
    *message = arena_printf(work->arena, "Migration \"%s\" marked as applied without executing.", item->name);
    return write_record(work, &catalog, &record, framework->mark_applied);
}

static bool roll_back_mark(struct work *work, const char *name, const char **message)
{
    struct catalog catalog;
    const struct catalog_item *item;
    if (!begin(work, name, &catalog, &item)) {
        return false;
    }
    if (item->detail == DETAIL_FAILED) {
        const struct ledger_record record = {.name = item->name};
        *message = arena_printf(work->arena, "Migration \"%s\" marked as rolled back; it may run again.", item->name);
        return write_record(work, &catalog, &record, catalog.detection.framework->mark_rolled_back);
    }
    if (item->detail == DETAIL_ROLLED_BACK) {
        *message = arena_printf(work->arena, "Migration \"%s\" is already marked as rolled back.", item->name);
        return true;
    }
    status_fail(work->status, STATUS_FAILED_PRECONDITION,
                "Migration \"%s\" has no failed attempt: %s, so there is nothing to mark as rolled back.", item->name,
                item->state == MIGRATION_PENDING ? "it was never recorded" : "it is applied");
    work->status->migration = item->name;
    return false;
}

/* The session of a mark is its own, like a run's: it goes, and the locks with it. */
static bool close_after(struct work *work, bool ok)
{
    pg_session_free(work->session);
    work->session = NULL;
    return ok;
}

bool mark_applied(struct work *work, const char *name, const char **message)
{
    return close_after(work, apply_mark(work, name, message));
}

bool mark_rolled_back(struct work *work, const char *name, const char **message)
{
    return close_after(work, roll_back_mark(work, name, message));
}
