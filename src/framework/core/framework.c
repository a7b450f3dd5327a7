/*
 * Asks a framework: what its facts say, unless a hook says it.
 */
#include "framework/core/framework.h"

/* ---- its folder ---- */

bool framework_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                    struct status *status)
{
    return folder->framework->hooks.list(arena, folder, files, status);
}

bool framework_check_folder(struct arena *arena, const struct folder *folder, const struct migration_files *files,
                            struct status *status)
{
    const struct hooks *const hooks = &folder->framework->hooks;
    return hooks->check_folder == NULL || hooks->check_folder(arena, folder, files, status);
}

bool framework_script(struct arena *arena, const struct project *project, const struct folder *folder,
                      const struct migration_file *file, struct text content, struct migration_script *script,
                      struct status *status)
{
    const struct hooks *const hooks = &folder->framework->hooks;
    *script = (struct migration_script){.sql = content};
    return hooks->script == NULL || hooks->script(arena, project, folder, file, content, script, status);
}

bool framework_has_checksum(const struct framework *framework)
{
    return framework->hooks.checksum != NULL;
}

const char *framework_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                               struct text content)
{
    const struct hooks *const hooks = &folder->framework->hooks;
    return hooks->checksum == NULL ? NULL : hooks->checksum(arena, folder, file, content);
}

bool framework_can_create(const struct framework *framework)
{
    return framework->hooks.create_migration != NULL;
}

bool framework_create_migration(struct arena *arena, const struct folder *folder, const char *name, int64_t wall_us,
                                const char **migration, const char **file, const char **content, struct status *status)
{
    return folder->framework->hooks.create_migration(arena, folder, name, wall_us, migration, file, content, status);
}

/* ---- its ledger ---- */

bool framework_read_ledger(const struct framework *framework, struct ledger_reading *reading)
{
    return framework->hooks.read_ledger(reading);
}

size_t framework_advisory_locks(const struct framework *framework, const struct ledger *ledger, const char *database,
                                int64_t *keys)
{
    return framework->hooks.advisory_locks == NULL ? 0 : framework->hooks.advisory_locks(ledger, database, keys);
}

static ledger_writer *ledger_hook(const struct hooks *hooks, enum ledger_part part)
{
    ledger_writer *const writers[] = {
        [LEDGER_CREATE] = hooks->put_create,
        [LEDGER_SESSION] = hooks->put_session,
        [LEDGER_LOCK] = hooks->put_lock,
        [LEDGER_UNLOCK] = hooks->put_unlock,
    };
    return part < LEDGER_RECORD ? writers[part] : NULL;
}

static record_writer *record_hook(const struct hooks *hooks, enum ledger_part part)
{
    record_writer *const writers[] = {
        [LEDGER_RECORD] = hooks->put_record,
        [LEDGER_START] = hooks->put_start,
        [LEDGER_FORGET] = hooks->put_forget,
        [LEDGER_FINISH] = hooks->put_finish,
        [LEDGER_FAIL] = hooks->put_fail,
        [LEDGER_MARK_APPLIED] = hooks->put_mark_applied,
        [LEDGER_MARK_ROLLED_BACK] = hooks->put_mark_rolled_back,
    };
    return part < LEDGER_RECORD ? NULL : writers[part];
}

bool ledger_has(const struct framework *framework, enum ledger_part part)
{
    return ledger_hook(&framework->hooks, part) != NULL || record_hook(&framework->hooks, part) != NULL;
}

void ledger_put(struct buffer *sql, const struct framework *framework, enum ledger_part part,
                const struct ledger *ledger, const struct ledger_record *record)
{
    if ((part == LEDGER_FINISH || part == LEDGER_MARK_APPLIED) && !ledger_has(framework, part)) {
        part = LEDGER_RECORD;
    }
    ledger_writer *const around = ledger_hook(&framework->hooks, part);
    record_writer *const row = record_hook(&framework->hooks, part);
    if (around != NULL) {
        around(sql, ledger);
    } else if (row != NULL) {
        row(sql, ledger, record);
    }
}
