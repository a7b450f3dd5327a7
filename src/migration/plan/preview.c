/*
 * Asks the database only if the project alone does not determine the folder.
 */
#include "migration/plan/preview.h"

#include "framework/core/project_bounds.h"
#include "framework/core/script_data.h"
#include "migration/look/content.h"
#include "migration/tool/listen.h"

#include <string.h>

/* Uses the folder alone if possible, so that a preview works while the database is down. */
static bool find_folder(const struct request *request, struct detection *detection)
{
    bool certain;
    if (!detect_offline(request, detection, &certain)) {
        return false;
    }
    if (!certain) {
        struct pg_session *const session = request_connect(request);
        const bool ok = session != NULL && detect(request, session, detection);
        request_release(request, session);
        return ok && (detection->has_folder || detection->problem == NULL ||
                      status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s", detection->problem));
    }
    return true;
}

static bool find_item(const struct request *request, const char *name, struct catalog *catalog,
                      const struct catalog_item **item)
{
    struct migration_files *const files = &catalog->files;
    if (!find_folder(request, &catalog->detection) ||
        (catalog->detection.has_folder &&
         !framework_list(request->arena, &catalog->detection.folder, files, request->status))) {
        return false;
    }
    catalog->count = files->count;
    catalog->items = arena_array(request->arena, files->count, sizeof *catalog->items);
    for (size_t i = 0; i < files->count; i++) {
        const struct migration_file *const file = &files->items[i];
        catalog->items[i] = (struct catalog_item){.name = file->name, .key = migration_file_key(file), .file = file};
    }
    *item = catalog_find(catalog, text_of(name));
    if (*item == NULL || (*item)->file->missing) {
        catalog_not_found(catalog, text_of(name), request->status);
        request->status->message = arena_printf(request->arena, "Migration file not found: %s", name);
        return false;
    }
    return true;
}

/* At most LIMIT_SHOWN bytes of a text of `size` bytes, to fit into a message. */
static struct text cut_off(struct arena *arena, struct text text, uint64_t size)
{
    if (size <= LIMIT_SHOWN) {
        return text;
    }
    const struct text beginning = text_cut(text, LIMIT_SHOWN);
    struct buffer shown = {.arena = arena};
    buffer_add(&shown, beginning);
    buffer_printf(&shown, "\n… (%llu bytes more)\n", (unsigned long long)(size - beginning.size));
    return text_of(buffer_string(&shown));
}

/* The beginning of a file that is too large to be read. */
static bool read_beginning(const struct request *request, const struct migration_file *file, struct preview *preview)
{
    struct file_start start;
    preview->note = request->status->message;
    if (!file_read_start(request->arena, file->path, LIMIT_SHOWN + 4, &start, request->status)) {
        return false;
    }
    preview->content = cut_off(request->arena, start.content, start.size);
    return text_is_legible(preview->content);
}

/* What is sent, if that is not the file itself. A program has no SQL, and a script that its framework cannot fill in is
 * shown nevertheless. */
static void find_sql(const struct request *request, const struct catalog *catalog, const struct catalog_item *item,
                     struct text whole, struct preview *preview)
{
    const struct migration_place place = {&request->site->project, &catalog->detection.folder, item->file};
    struct status problem = {.arena = request->arena};
    struct loaded loaded;
    struct request asking = *request;
    asking.status = &problem;
    if (item->file->is_code && !tool_preview(&asking, &catalog->detection, item->file, &preview->sql)) {
        preview->note = problem.detail == NULL ? problem.message
                                               : arena_printf(request->arena, "%s %s", problem.message, problem.detail);
    } else if (item->file->is_code) {
        preview->note = preview->sql.size > 0
                            ? NULL
                            : arena_printf(request->arena, "A program: only %s can say what it sends.",
                                           catalog->detection.framework->display_name);
    } else if (!migration_load(request->arena, &place, &loaded, &problem)) {
        preview->note = problem.message;
    } else {
        const struct text sql = script_with_data(request->arena, &loaded.script);
        preview->sql = text_equal(sql, whole) ? (struct text){0} : sql;
    }
    preview->sql = cut_off(request->arena, preview->sql, preview->sql.size);
}

bool preview_migration(const struct request *request, const char *name, struct preview *preview)
{
    struct catalog catalog = {0};
    const struct catalog_item *item;
    struct loaded whole;
    *preview = (struct preview){0};
    if (name[0] == '\0') {
        return status_fail(request->status, STATUS_INVALID_ARGUMENT, "migration name is required.");
    }
    if (!find_item(request, name, &catalog, &item)) {
        return false;
    }
    struct migration_file file = *item->file;
    file.is_code = true; /* shown as it is */
    file.end = 0;
    const struct migration_place place = {&request->site->project, &catalog.detection.folder, &file};
    preview->filename = item->file->filename;
    if (!migration_load(request->arena, &place, &whole, request->status)) {
        return status_is_because(request->status, REASON_MIGRATION_TOO_LARGE) &&
               read_beginning(request, &file, preview);
    }
    preview->lines = text_lines(whole.content);
    preview->content = cut_off(request->arena, whole.content, whole.content.size);
    find_sql(request, &catalog, item, whole.content, preview);
    return true;
}

/* A common mistake, a read-only mount of the project, gets its own message. */
static bool explain_read_only(struct status *status)
{
    if (status->code == STATUS_PERMISSION_DENIED) {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "%s The worker needs a project that it may write to for this; make the migration in a checkout.",
                    status->message);
    }
    return false;
}

/* The directory may not exist yet: then its nearest existing parent decides. */
static bool is_within(const struct request *request, const char *directory)
{
    struct bounds bounds;
    char *const part = arena_strdup(request->arena, directory);
    const char *why = NULL;
    project_enter_bounds(request->arena, &request->site->project, &bounds);
    for (char *slash = part; slash != NULL && why == NULL;) {
        why = bounds_why_not(request->arena, part);
        slash = file_look(part, NULL) == FILE_NONE ? strrchr(part, '/') : NULL;
        if (slash != NULL) {
            *slash = '\0';
        }
    }
    bounds_leave(&bounds);
    return why == NULL || status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s.", why);
}

bool migration_create(const struct request *request, const char *name, struct created *created)
{
    struct detection detection;
    if (name[0] == '\0') {
        return status_fail(request->status, STATUS_INVALID_ARGUMENT, "migration name is required.");
    }
    if (!find_folder(request, &detection)) {
        return false;
    }
    if (!detection.has_folder) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "No folder of migrations was found in the project, so its framework is not known.");
    }
    const char *const question = detection_folder_question(request->arena, &detection);
    if (question != NULL) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s", question);
    }
    const struct framework *const framework = detection.framework;
    if (!framework_can_create(framework)) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION,
                           "Truss does not make new migrations of %s. Make the file with its own tool, or by hand.",
                           framework->display_name);
    }
    struct new_migration made = {.title = name, .wall_us = clock_wall_us()};
    if (!framework_create_migration(request->arena, &detection.folder, &made, request->status)) {
        return false;
    }
    created->name = made.name;
    created->file = path_join(request->arena, detection.folder.path, made.file);
    const char *const path = path_join(request->arena, request->site->project.root, created->file);
    const char *const directory = path_above(request->arena, path);
    if (!is_within(request, directory)) {
        return false;
    }
    const bool ok = directory_make(request->arena, directory, request->status) &&
                    file_create(path, text_of(made.content), request->status);
    return ok || explain_read_only(request->status);
}
