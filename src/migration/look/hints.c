/*
 * Checksums are compared, nothing else: what has no checksum has no hint.
 */
#include "migration/look/hints.h"

#include "migration/look/content.h"

#include <string.h>

static void put_in_front(const struct request *request, struct catalog_item *item, const char *hint)
{
    item->note = item->note == NULL ? hint : arena_printf(request->arena, "%s %s", hint, item->note);
}

/* The text with every line ending as \r\n, or as \n. */
static struct text with_endings(struct arena *arena, struct text content, bool is_crlf)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < content.size; i++) {
        const bool is_return = content.data[i] == '\r' && i + 1 < content.size && content.data[i + 1] == '\n';
        if (content.data[i] == '\n') {
            buffer_puts(&out, is_crlf ? "\r\n" : "\n");
        } else if (!is_return) {
            buffer_putc(&out, content.data[i]);
        }
    }
    return buffer_text(&out);
}

/* Would the recorded checksum be that of the file with other line endings? */
static bool differs_in_endings(const struct catalog *catalog, const struct catalog_item *item, bool *had_crlf)
{
    const struct folder *const folder = &catalog->detection.folder;
    struct arena *const reading = arena_new(0);
    struct status unread = {.arena = reading};
    struct text content;
    bool is_found = false;
    if (migration_content(reading, item->file, MIGRATION_FILE_LIMIT, &content, &unread)) {
        for (int i = 0; i < 2 && !is_found; i++) {
            const struct text other = with_endings(reading, content, i == 1);
            const char *const checksum = framework_checksum(reading, folder, item->file, other);
            is_found = checksum != NULL && strcmp(checksum, item->entry->checksum) == 0;
            *had_crlf = i == 1;
        }
    }
    arena_free(reading);
    return is_found;
}

static void hint_endings(const struct request *request, const struct catalog *catalog, struct catalog_item *item)
{
    bool had_crlf;
    if (item->state == MIGRATION_MODIFIED && item->verified && item->file->checksum == NULL &&
        differs_in_endings(catalog, item, &had_crlf)) {
        put_in_front(request, item,
                     had_crlf ? "Only the line endings differ: it ran with CRLF, and the file has LF now (git's "
                                "autocrlf, or .gitattributes)."
                              : "Only the line endings differ: it ran with LF, and the file has CRLF now (git's "
                                "autocrlf: say \"*.sql text eol=lf\" in .gitattributes).");
    }
}

/* A file that is applied with this content answers for the old name. */
static bool is_answered(const struct catalog *catalog, const char *checksum)
{
    size_t i = 0;
    while (i < catalog->count && (catalog->items[i].state != MIGRATION_APPLIED || catalog->items[i].checksum == NULL ||
                                  strcmp(catalog->items[i].checksum, checksum) != 0)) {
        i++;
    }
    return i < catalog->count;
}

/* Has it the content of one that is applied and gone? Whatever is run again when it changes may run twice. */
static bool is_renamed(const struct catalog_item *item, const char *checksum)
{
    return item->state == MIGRATION_PENDING && item->renamed == NULL && item->file != NULL && !item->file->repeatable &&
           item->checksum != NULL && strcmp(item->checksum, checksum) == 0;
}

static void hint_renamed(const struct request *request, struct catalog *catalog, struct catalog_item *orphan)
{
    const char *const checksum = orphan->entry == NULL ? NULL : orphan->entry->checksum;
    for (size_t i = 0; checksum != NULL && orphan->state == MIGRATION_ORPHANED && i < catalog->count; i++) {
        struct catalog_item *const item = &catalog->items[i];
        if (is_renamed(item, checksum) && !is_answered(catalog, checksum)) {
            orphan->renamed = item;
            item->renamed = orphan;
            put_in_front(
                request, orphan,
                arena_printf(request->arena, "Its content is that of %s: it seems to have been renamed.", item->name));
            put_in_front(request, item,
                         arena_printf(request->arena,
                                      "Its content is that of %s, which is applied and has no file: it seems to have "
                                      "been renamed. Give it its old name, or say that it is applied (truss "
                                      "mark-applied %s): a run of it is refused, because it would execute it again.",
                                      orphan->name, item->name));
            return;
        }
    }
}

void hints_find(const struct request *request, struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        hint_endings(request, catalog, &catalog->items[i]);
        hint_renamed(request, catalog, &catalog->items[i]);
    }
}
