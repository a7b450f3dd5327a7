/*
 * The framework gets text that is valid UTF-8; its result is used as it is.
 */
#include "migration/look/content.h"

#include "framework/core/project_bounds.h"
#include "framework/core/script.h"

#include <string.h>

static const char *size_text(struct arena *arena, uint64_t bytes)
{
    return bytes % (1 << 20) == 0 ? arena_printf(arena, "%llu MiB", (unsigned long long)bytes >> 20)
                                  : arena_printf(arena, "%llu bytes", (unsigned long long)bytes);
}

bool migration_content(struct arena *arena, const struct migration_file *file, size_t limit, struct text *content,
                       struct status *status)
{
    struct file_stamp stamp;
    if (file->is_down) {
        *content = text_of("");
        return true;
    }
    if (file_look(file->path, &stamp) == FILE_REGULAR && stamp.size > limit) {
        return status_fail_because(
            status, STATUS_FAILED_PRECONDITION, REASON_MIGRATION_TOO_LARGE,
            "%s has %s, more than the limit of %s; it was not read. Start the worker with a larger --migration-limit "
            "(TRUSS_MIGRATION_LIMIT), up to 1GiB, or cut the file into several migrations.",
            file->filename, size_text(status->arena, stamp.size), size_text(status->arena, limit));
    }
    if (!file_read(arena, file->path, limit, content, status)) {
        return false;
    }
    if (file->end != 0) {
        *content = script_keep(arena, *content, file->start, file->end);
    }
    return true;
}

/* For a part of a file, whose surroundings are blank, checks only the part: a file of a thousand parts is not checked a
 * thousand times. */
static bool check_text(const struct migration_file *file, struct text whole, struct status *status)
{
    const size_t start = file->end != 0 ? file->start : 0;
    const struct text content = text_slice(whole, start, file->end != 0 ? file->end : whole.size);
    size_t bad;
    const char *const nul = content.size == 0 ? NULL : memchr(content.data, '\0', content.size);
    if (text_is_utf8(content, &bad) && nul == NULL) {
        return true;
    }
    bad = nul != NULL ? (size_t)(nul - content.data) : bad;
    return status_fail(status, STATUS_FAILED_PRECONDITION,
                       "%s is not UTF-8 text: byte %zu (line %u) is 0x%02x; save the file as UTF-8.", file->filename,
                       start + bad + 1, text_position(text_slice(whole, 0, start + bad), start + bad).line,
                       (unsigned char)content.data[bad]);
}

static bool load(struct arena *arena, const struct migration_place *place, struct loaded *loaded, struct status *status)
{
    const struct migration_file *const file = place->file;
    const size_t limit = place->project->migration_limit == 0 ? LIMIT_MIGRATION : place->project->migration_limit;
    const bool is_listed = place->folder->framework->hooks.script_is_listed && !file->is_code;
    struct status unread = {.arena = status->arena};
    const bool is_read = !is_listed && migration_content(arena, file, limit, &loaded->content, &unread);
    /* Of a file that was read it is known that it is within. */
    const char *const outside = is_read && !file->is_down ? NULL : bounds_why_not(arena, file->path);
    if (outside != NULL) { /* not even its size is told */
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s.", outside);
    }
    if (!is_listed && !is_read) {
        *status = unread;
        return false;
    }
    if (!is_listed && !check_text(file, loaded->content, status)) {
        return false;
    }
    loaded->script.sql = loaded->content;
    const struct script_request request = {arena,           place->project,  place->folder, file,
                                           loaded->content, &loaded->script, status};
    return file->is_code || framework_script(&request);
}

bool migration_load(struct arena *arena, const struct migration_place *place, struct loaded *loaded,
                    struct status *status)
{
    struct bounds bounds;
    *loaded = (struct loaded){0};
    project_enter_bounds_again(arena, place->project, &bounds);
    const bool ok = load(arena, place, loaded, status);
    bounds_leave(&bounds);
    return ok;
}

const char *loaded_hash(struct arena *arena, const struct loaded *loaded)
{
    return sha256_hex_of(arena, loaded->script.sql);
}
