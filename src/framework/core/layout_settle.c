/*
 * Decides which folders are kept, and their order: declared before recognised, existing before merely named, most
 * certain first.
 */
#include "framework/core/layout.h"

#include "framework/core/dialect.h"

#include <string.h>

/* ---- declared folders ---- */

/* Has the project declared the folder as another framework's? */
static bool is_taken(const struct folder_list *folders, const struct folder *folder)
{
    for (size_t i = 0; folder->framework->declared_at == NULL && i < folders->count; i++) {
        const struct folder *const other = &folders->items[i];
        if (other->framework->declared_at != NULL && strcmp(other->path, folder->path) == 0) {
            return true;
        }
    }
    return false;
}

/* A declared folder is not also another framework's, unless that is requested. */
static void leave_taken(const struct project *project, struct folder_list *folders)
{
    size_t kept = 0;
    for (size_t i = 0; i < folders->count; i++) {
        const struct folder folder = folders->items[i];
        if (layout_is_asked(project, folder.framework) || !is_taken(folders, &folder)) {
            folders->items[kept++] = folder;
        }
    }
    folders->count = kept;
}

static bool is_there(struct arena *arena, const struct folder *folder)
{
    return file_look(path_join(arena, folder->root, folder->path), NULL) == FILE_DIRECTORY;
}

/* Configured folders that do not exist are dropped if there are others: they may be the default of a computed value, or
 * a path inside a container. */
static void leave_absent(struct arena *arena, struct folder_list *folders)
{
    bool has_one = false;
    for (size_t i = 0; !has_one && i < folders->count; i++) {
        has_one = is_there(arena, &folders->items[i]);
    }
    size_t kept = 0;
    for (size_t i = 0; i < folders->count; i++) {
        const struct folder folder = folders->items[i];
        if (!has_one || folder.base[0] == '\0' || is_there(arena, &folder)) {
            folders->items[kept++] = folder;
        }
    }
    folders->count = kept;
}

/* ---- the most certain first ---- */

static bool is_surer(const struct folder *a, const struct folder *b)
{
    return a->configured != b->configured ? a->configured : a->confidence > b->confidence;
}

static void sort(struct folder_list *folders)
{
    for (size_t i = 1; i < folders->count; i++) {
        const struct folder folder = folders->items[i];
        size_t at = i;
        for (; at > 0 && is_surer(&folder, &folders->items[at - 1]); at--) {
            folders->items[at] = folders->items[at - 1];
        }
        folders->items[at] = folder;
    }
}

/* Notes names that only the framework's tool can evaluate. */
static void check_names(struct arena *arena, struct folder *folder)
{
    const char *const names[] = {folder->ledger.table, folder->ledger.schema};
    for (size_t i = 0; i < 2; i++) {
        if (names[i] != NULL && strpbrk(names[i], "{}%<>()") != NULL && folder->unread_ledger == NULL) {
            folder->unread_ledger =
                arena_printf(arena, "%s computes the tracking table's %s (%s), which cannot be read without running it",
                             folder->evidence == NULL ? folder->framework->display_name : folder->evidence,
                             i == 0 ? "name" : "schema", names[i]);
        }
    }
}

void layout_settle(struct arena *arena, const struct project *project, struct folder_list *folders)
{
    leave_taken(project, folders);
    if (project->migrations == NULL) {
        leave_absent(arena, folders);
        dialect_leave_others(arena, folders);
    }
    sort(folders);
    for (size_t i = 0; i < folders->count; i++) {
        check_names(arena, &folders->items[i]);
        folders->items[i].database = project->database;
        folders->items[i].user = project->user;
    }
}
