/*
 * The database is asked only where the project alone does not say which folder is meant.
 */
#include "migration/preview.h"

#include "migration/script.h"

#include <string.h>

/* The folder alone decides where it can: a preview works while the database is down. */
static bool find_folder(struct work *work, struct detection *detection)
{
    struct folder_list folders = {0};
    *detection = (struct detection){0};
    for (size_t i = 0; frameworks[i] != NULL; i++) {
        if (!frameworks[i]->find_folders(work->arena, &work->site->project, &folders, work->status)) {
            return false;
        }
    }
    if (folders.count > 1) {
        /* Which one is meant is in the ledger. */
        const bool ok = work_connect(work) && detect(work, detection);
        work_release(work);
        return ok && (detection->has_folder ||
                      status_fail(work->status, STATUS_FAILED_PRECONDITION, "%s", detection->folder_problem));
    }
    if (folders.count == 1) {
        *detection = (struct detection){
            .framework = folders.items[0].framework,
            .has_folder = true,
            .folder = folders.items[0],
        };
    }
    return true;
}

bool preview_migration(struct work *work, const char *name, struct preview *preview)
{
    struct catalog catalog = {0};
    struct migration_files files = {0};
    if (name[0] == '\0') {
        return status_fail(work->status, STATUS_INVALID_ARGUMENT, "migration name is required.");
    }
    if (!find_folder(work, &catalog.detection) ||
        (catalog.detection.has_folder &&
         !catalog.detection.framework->list(work->arena, &catalog.detection.folder, &files, work->status))) {
        return false;
    }
    catalog.count = files.count;
    catalog.items = arena_array(work->arena, files.count, sizeof *catalog.items);
    for (size_t i = 0; i < files.count; i++) {
        catalog.items[i] = (struct catalog_item){.name = files.items[i].name, .file = &files.items[i]};
    }
    const struct catalog_item *const item = catalog_find(&catalog, text_of(name));
    if (item == NULL || item->file->missing) {
        catalog_not_found(&catalog, text_of(name), work->status);
        work->status->message = arena_printf(work->arena, "Migration file not found: %s", name);
        return false;
    }
    preview->filename = item->file->filename;
    return script_read(work->arena, item->file, &preview->content, work->status);
}

/* An ordinary user's mistake on a project that is mounted read-only deserves its own words. */
static bool explain_read_only(struct status *status)
{
    if (status->code == STATUS_PERMISSION_DENIED) {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "%s The worker needs a project that it may write to for this; make the migration in a checkout.",
                    status->message);
    }
    return false;
}

bool create_migration(struct work *work, const char *name, struct created *created)
{
    struct detection detection;
    const char *file;
    if (name[0] == '\0') {
        return status_fail(work->status, STATUS_INVALID_ARGUMENT, "migration name is required.");
    }
    if (!find_folder(work, &detection)) {
        return false;
    }
    if (!detection.has_folder) {
        return status_fail(work->status, STATUS_FAILED_PRECONDITION,
                           "No folder of migrations was found in the project, so its framework is not known.");
    }
    if (!detection.framework->create_migration(work->arena, name, clock_wall_us(), &created->name, &file,
                                               work->status)) {
        return false;
    }
    created->file = path_join(work->arena, detection.folder.path, file);
    const char *const path = path_join(work->arena, work->site->project.root, created->file);
    const char *const slash = strrchr(path, '/');
    const char *const directory = arena_strndup(work->arena, path, (size_t)(slash - path));
    const bool ok = directory_make(work->arena, directory, work->status) &&
                    file_create(path, text_of("-- This is an empty migration.\n"), work->status);
    return ok || explain_read_only(work->status);
}
