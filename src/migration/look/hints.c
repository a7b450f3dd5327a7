/*
 * Compares only checksums: a framework without checksums has no hints.
 */
#include "migration/look/hints.h"

#include "base/search.h"
#include "base/sorting.h"
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

/* Would the file with other line endings have the recorded checksum? */
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
        strcmp(item->entry->checksum, item->checksum) != 0 && differs_in_endings(catalog, item, &had_crlf)) {
        put_in_front(request, item,
                     had_crlf ? "Only the line endings differ: it ran with CRLF, and the file has LF now (git's "
                                "autocrlf, or .gitattributes)."
                              : "Only the line endings differ: it ran with LF, and the file has CRLF now (git's "
                                "autocrlf: say \"*.sql text eol=lf\" in .gitattributes).");
    }
}

/* Items by checksum: a tracking table may have 100,000 rows without a file, and each is looked up. */
struct by_content {
    struct catalog_item **items;
    size_t *taken; /* of the first item of each content: how many are already matched with other rows */
    size_t count;
};

/* The checksum of its content: for a row without a file the tracking table's. */
static const char *content_of(const struct catalog_item *item)
{
    return item->state != MIGRATION_ORPHANED ? item->checksum : item->entry == NULL ? NULL : item->entry->checksum;
}

static int compare_contents(const void *a, const void *b)
{
    const struct catalog_item *const x = *(const struct catalog_item *const *)a;
    const struct catalog_item *const y = *(const struct catalog_item *const *)b;
    const int checksums = strcmp(content_of(x), content_of(y));
    return checksums != 0 ? checksums : x < y ? -1 : x > y ? 1 : 0;
}

/* Items in this state, sorted by content; empty if no row needs them. */
static struct by_content sorted_by_content(struct arena *arena, struct catalog *catalog, enum migration_state state)
{
    struct by_content all = {.items = arena_array(arena, catalog->count, sizeof *all.items)};
    const bool is_asked_for = catalog->counts[MIGRATION_ORPHANED] > 0;
    for (size_t i = 0; i < catalog->count && is_asked_for; i++) {
        if (catalog->items[i].state == state && content_of(&catalog->items[i]) != NULL) {
            all.items[all.count++] = &catalog->items[i];
        }
    }
    all.taken = arena_array(arena, all.count, sizeof *all.taken);
    memset(all.taken, 0, all.count * sizeof *all.taken);
    sort_items(all.items, all.count, sizeof *all.items, compare_contents);
    return all;
}

static bool is_before_content(const void *item, const void *checksum)
{
    return strcmp(content_of(*(struct catalog_item *const *)item), checksum) < 0;
}

/* Where those of this content begin; the number of all if there are none. */
static size_t begin_of(const struct by_content *all, const char *checksum)
{
    const size_t first = search_first(all->items, all->count, sizeof all->items[0], is_before_content, checksum);
    return first < all->count && strcmp(content_of(all->items[first]), checksum) == 0 ? first : all->count;
}

/* The first unmatched one of this content; NULL: none. Repeatable ones are left out: they may run twice. */
static struct catalog_item *renamed_to(const struct by_content *pending, const char *checksum)
{
    const size_t begin = begin_of(pending, checksum);
    while (begin < pending->count) {
        const size_t at = begin + pending->taken[begin];
        struct catalog_item *const item = at < pending->count ? pending->items[at] : NULL;
        if (item == NULL || strcmp(item->checksum, checksum) != 0) {
            return NULL;
        }
        if (item->renamed == NULL && item->file != NULL && !item->file->repeatable) {
            return item;
        }
        pending->taken[begin]++;
    }
    return NULL;
}

/* Has a pending file the same content as an applied one whose file is gone? If an applied file has this content, that
 * is the renamed one. */
static void hint_renamed(const struct request *request, const struct by_content *pending,
                         const struct by_content *applied, struct catalog_item *orphan)
{
    const char *const checksum = orphan->entry == NULL ? NULL : orphan->entry->checksum;
    if (orphan->state != MIGRATION_ORPHANED || checksum == NULL || begin_of(applied, checksum) < applied->count) {
        return;
    }
    struct catalog_item *const item = renamed_to(pending, checksum);
    if (item == NULL) {
        return;
    }
    orphan->renamed = item;
    item->renamed = orphan;
    put_in_front(request, orphan,
                 arena_printf(request->arena, "Its content is that of %s: it seems to have been renamed.", item->name));
    put_in_front(request, item,
                 arena_printf(request->arena,
                              "Its content is that of %s, which is applied and has no file: it seems to have "
                              "been renamed. Give it its old name, or say that it is applied (truss "
                              "mark-applied %s): a run of it is refused, because it would execute it again.",
                              orphan->name, item->name));
}

/* A second copy of an applied content whose old name is gone: a run of it is refused like that of the first. */
static void hint_copy(const struct request *request, const struct by_content *orphans, const struct by_content *applied,
                      struct catalog_item *item)
{
    if (item->state != MIGRATION_PENDING || item->checksum == NULL || item->renamed != NULL || item->file == NULL ||
        item->file->repeatable || begin_of(applied, item->checksum) < applied->count) {
        return;
    }
    const size_t at = begin_of(orphans, item->checksum);
    if (at < orphans->count) {
        item->renamed = orphans->items[at];
        put_in_front(request, item,
                     arena_printf(request->arena,
                                  "Its content is that of %s, which is applied and has no file, and other pending "
                                  "files have it, too: a run of it is refused, because it would execute it again.",
                                  item->renamed->name));
    }
}

void hints_find(const struct request *request, struct catalog *catalog)
{
    const struct by_content pending = sorted_by_content(request->arena, catalog, MIGRATION_PENDING);
    const struct by_content applied = sorted_by_content(request->arena, catalog, MIGRATION_APPLIED);
    const struct by_content orphans = sorted_by_content(request->arena, catalog, MIGRATION_ORPHANED);
    for (size_t i = 0; i < catalog->count; i++) {
        hint_endings(request, catalog, &catalog->items[i]);
        hint_renamed(request, &pending, &applied, &catalog->items[i]);
    }
    for (size_t i = 0; i < catalog->count; i++) {
        hint_copy(request, &orphans, &applied, &catalog->items[i]);
    }
}
