/*
 * Compares checksums.
 */
#include "migration/look/hints.h"

#include "base/search.h"
#include "base/sorting.h"
#include "migration/look/advice.h"
#include "migration/look/content.h"
#include "migration/look/hints_names.h"

#include <string.h>

static void put_in_front(const struct request *request, struct catalog_item *item, const char *hint)
{
    item->note = item->note == NULL ? hint : arena_printf(request->arena, "%s %s", hint, item->note);
}

/* With a byte order mark if it has none, or without. */
static struct text with_other_mark(struct arena *arena, struct text content)
{
    const struct text rest = text_without_mark(content);
    if (rest.size < content.size) {
        return rest;
    }
    struct buffer out = {.arena = arena};
    buffer_puts(&out, "\xEF\xBB\xBF");
    buffer_add(&out, content);
    return buffer_text(&out);
}

/* What an editor or git changes unasked, and what is said of that. */
static const struct form {
    bool has_other_mark;
    bool has_endings;
    bool is_crlf;
    const char *hint;
} forms[] = {
    {false, true, false,
     "Only the line endings differ: it ran with LF, and the file has CRLF now (git's autocrlf: say \"*.sql text "
     "eol=lf\" in .gitattributes)."},
    {false, true, true,
     "Only the line endings differ: it ran with CRLF, and the file has LF now (git's autocrlf, or .gitattributes)."},
    {true, false, false, "Only the byte order mark at its start differs, which an editor has added or removed."},
    {true, true, false, "Only the byte order mark at its start and the line endings differ, by an editor or git."},
    {true, true, true, "Only the byte order mark at its start and the line endings differ, by an editor or git."},
};

/* Would the file have the recorded checksum in one of these forms? NULL: in none. */
static const char *unasked_change(const struct catalog *catalog, const struct catalog_item *item)
{
    struct arena *const reading = arena_new(0);
    struct status unread = {.arena = reading};
    struct text content;
    const char *hint = NULL;
    if (migration_content(reading, item->file, MIGRATION_FILE_LIMIT, &content, &unread)) {
        for (size_t i = 0; i < sizeof forms / sizeof forms[0] && hint == NULL; i++) {
            const struct text marked = forms[i].has_other_mark ? with_other_mark(reading, content) : content;
            const struct text other =
                forms[i].has_endings ? text_with_endings(reading, marked, forms[i].is_crlf) : marked;
            const char *const checksum = framework_checksum(reading, &catalog->detection.folder, item->file, other);
            hint = checksum != NULL && strcmp(checksum, item->entry->checksum) == 0 ? forms[i].hint : NULL;
        }
    }
    arena_free(reading);
    return hint;
}

static void hint_unasked(const struct request *request, const struct catalog *catalog, struct catalog_item *item)
{
    const bool is_other = item->state == MIGRATION_MODIFIED && item->verified && item->file->checksum == NULL &&
                          strcmp(item->entry->checksum, item->checksum) != 0;
    const char *const hint = is_other ? unasked_change(catalog, item) : NULL;
    if (hint != NULL) {
        put_in_front(request, item, hint);
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
    item->likeness = "the content of";
    put_in_front(request, orphan,
                 arena_printf(request->arena, "Its content is that of %s: it seems to have been renamed.", item->name));
    put_in_front(request, item,
                 arena_printf(request->arena,
                              "Its content is that of %s, which is applied and has no file: it seems to have "
                              "been renamed. Give it its old name, or say that it is applied (%s): a run of it is "
                              "refused, because it would execute it again.",
                              orphan->name, advice_applied(request->arena, item->name)));
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
        item->likeness = "the content of";
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
        hint_unasked(request, catalog, &catalog->items[i]);
        hint_renamed(request, &pending, &applied, &catalog->items[i]);
    }
    for (size_t i = 0; i < catalog->count; i++) {
        hint_copy(request, &orphans, &applied, &catalog->items[i]);
    }
    hints_find_names(request, catalog);
}
