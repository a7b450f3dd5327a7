/*
 * Entries are sorted by key once: of 1,000 files and 1,000 rows, each is found right after the previous one.
 */
#include "migration/look/join.h"

#include "base/bounds.h"
#include "base/search.h"
#include "base/sorting.h"
#include "framework/core/file_index.h"
#include "framework/core/listing.h"
#include "migration/look/changed.h"
#include "migration/look/content.h"

#include <string.h>

static int by_key_then_age(const void *a, const void *b)
{
    const struct ledger_entry *const x = a;
    const struct ledger_entry *const y = b;
    const int keys = strcmp(ledger_entry_key(x), ledger_entry_key(y));
    if (keys != 0) {
        return keys;
    }
    return x->started_at < y->started_at ? -1 : x->started_at > y->started_at ? 1 : 0;
}

static bool is_entry_before(const void *item, const void *key)
{
    return strcmp(ledger_entry_key(item), key) < 0;
}

/* The entries of one key: the first, and their number. `search` finds them. */
static const struct ledger_entry *entries_of(const struct ledger_entries *entries, struct search_in_turn *search,
                                             const char *key, size_t *count)
{
    const size_t first = search_next(search, key);
    *count = 0;
    while (first + *count < entries->count && strcmp(ledger_entry_key(&entries->items[first + *count]), key) == 0) {
        (*count)++;
    }
    search->next = first + *count;
    return *count == 0 ? NULL : &entries->items[first];
}

/* A finished entry decides, whatever precedes or follows it; then an unfinished one; then the last that was given
 * up. */
static const struct ledger_entry *deciding_entry(const struct ledger_entry *attempts, size_t count)
{
    const struct ledger_entry *decided = NULL;
    for (size_t i = 0; i < count; i++) {
        if (decided == NULL || attempts[i].state <= decided->state) {
            decided = &attempts[i];
        }
    }
    return decided;
}

/* A file outside of the project is not read: only its own state is unknown. */
static bool is_left_out(const struct request *request, const struct migration_file *file)
{
    const bool is_outside = bounds_why_not(request->arena, file->path) != NULL;
    *request->status = is_outside ? (struct status){.arena = request->status->arena} : *request->status;
    return is_outside;
}

/* Is the file what was applied? Usually the cached checksum tells; a framework may accept variants (line endings). */
static bool is_unchanged(const struct request *request, const struct catalog *catalog, struct catalog_item *item,
                         bool *unchanged)
{
    const struct detection *const detection = &catalog->detection;
    const struct framework *const framework = detection->framework;
    struct text content;
    const struct checksum_of of = {request->arena, &detection->folder, item->file, request->status};
    if (!checksums_get(request->site->checksums, &of, &item->checksum)) {
        return is_left_out(request, item->file);
    }
    item->verified = item->entry != NULL && item->entry->checksum != NULL && item->checksum != NULL;
    *unchanged = !item->verified || strcmp(item->entry->checksum, item->checksum) == 0;
    if (*unchanged || framework->hooks.checksum_matches == NULL) {
        return true;
    }
    struct arena *const reading = arena_new(0);
    const bool ok = migration_content(reading, item->file, MIGRATION_FILE_LIMIT, &content, request->status);
    if (ok) {
        *unchanged =
            framework->hooks.checksum_matches(reading, &detection->folder, item->file, item->entry->checksum, content);
    }
    arena_free(reading);
    return ok;
}

/* One failed attempt is enough, even beside a finished one: the framework's own CLI stops at it. */
static enum migration_detail detail_of(const struct catalog_item *item)
{
    for (size_t i = 0; i < item->attempt_count; i++) {
        if (item->attempts[i].state == ENTRY_FAILED) {
            return DETAIL_FAILED;
        }
    }
    if (item->file != NULL && item->file->missing) {
        return DETAIL_FILE_MISSING;
    }
    if (item->entry != NULL && item->entry->state == ENTRY_ROLLED_BACK) {
        return DETAIL_ROLLED_BACK;
    }
    return item->entry != NULL && item->entry->baseline ? DETAIL_BASELINE : DETAIL_NONE;
}

static bool decide(const struct request *request, const struct catalog *catalog, struct catalog_item *item)
{
    bool unchanged = true;
    const bool recorded = item->entry != NULL && item->entry->state == ENTRY_APPLIED;
    const bool there = item->file != NULL && !item->file->missing;
    if (there && !is_unchanged(request, catalog, item, &unchanged)) {
        return false;
    }
    unchanged = unchanged && (item->entry == NULL || item->entry->changed == NULL);
    const bool outdated = recorded && there && !unchanged && item->file->repeatable;
    if (recorded && !outdated) {
        item->state = !there ? MIGRATION_ORPHANED : unchanged ? MIGRATION_APPLIED : MIGRATION_MODIFIED;
    } else {
        item->state = item->file != NULL ? MIGRATION_PENDING : MIGRATION_ORPHANED;
    }
    if (item->detail != DETAIL_DUPLICATE || recorded) {
        item->detail = outdated ? DETAIL_OUTDATED : detail_of(item);
    }
    return true;
}

static void add_item(struct catalog *catalog, struct search_in_turn *search, const char *key,
                     const struct migration_file *file)
{
    struct catalog_item *const item = &catalog->items[catalog->count++];
    *item = (struct catalog_item){.key = key, .file = file};
    item->attempts = entries_of(&catalog->entries, search, key, &item->attempt_count);
    item->entry = deciding_entry(item->attempts, item->attempt_count);
    item->name = file != NULL ? file->name : item->entry->name;
}

/* Keys in the ledger without a file, once each, in the order of the entries. Those that were only ever rolled back are
 * history. */
static size_t orphaned_keys(const struct catalog *catalog, struct file_index *index, const char **keys)
{
    size_t count = 0;
    for (size_t i = 0; i < catalog->entries.count; i++) {
        const struct ledger_entry *const entry = &catalog->entries.items[i];
        const char *const key = ledger_entry_key(entry);
        const bool seen = count > 0 && strcmp(keys[count - 1], key) == 0;
        if (!seen && entry->state != ENTRY_ROLLED_BACK && file_index_find(index, key) == NULL) {
            keys[count++] = key;
        }
    }
    return count;
}

/* Numbers compare as numbers, also behind a dot ("1.9" is before "1.10"), other text by bytes. */
static int compare_keys(const char *a, const char *b)
{
    struct text x = text_of(a);
    struct text y = text_of(b);
    for (bool is_dotted = true; is_dotted;) {
        const struct text left = leading_digits(x);
        const struct text right = leading_digits(y);
        const int numbers = left.size > 0 && right.size > 0 ? number_compare(left, right) : 0;
        if (numbers != 0) {
            return numbers;
        }
        x = text_slice(x, left.size, x.size);
        y = text_slice(y, right.size, y.size);
        is_dotted = left.size > 0 && right.size > 0 && text_starts_with(x, ".") && text_starts_with(y, ".");
        x = text_slice(x, is_dotted ? 1 : 0, x.size);
        y = text_slice(y, is_dotted ? 1 : 0, y.size);
    }
    return strcmp(a, b);
}

static int by_key(const void *a, const void *b)
{
    return compare_keys(*(const char *const *)a, *(const char *const *)b);
}

/* Files in order, with each orphan before the first file whose key sorts after it. */
static void join(const struct request *request, struct catalog *catalog)
{
    const size_t files = catalog->files.count;
    const char **const orphans = arena_array(request->arena, catalog->entries.count, sizeof *orphans);
    struct file_index index = file_index_of(request->arena, &catalog->files);
    const struct ledger_entries *const entries = &catalog->entries;
    struct search_in_turn search = {entries->items, entries->count, sizeof entries->items[0], is_entry_before, 0};
    const size_t orphan_count = orphaned_keys(catalog, &index, orphans);
    size_t next = 0;
    sort_items(orphans, orphan_count, sizeof *orphans, by_key);
    catalog->items = arena_array(request->arena, files + orphan_count, sizeof *catalog->items);
    for (size_t i = 0; i < files; i++) {
        const struct migration_file *const file = &catalog->files.items[i];
        while (next < orphan_count && compare_keys(orphans[next], migration_file_key(file)) < 0) {
            add_item(catalog, &search, orphans[next++], NULL);
        }
        add_item(catalog, &search, migration_file_key(file), file);
        if (file_index_find(&index, migration_file_key(file)) != file) { /* only the first one can be recorded */
            catalog->items[catalog->count - 1].detail = DETAIL_DUPLICATE;
        }
    }
    while (next < orphan_count) {
        add_item(catalog, &search, orphans[next++], NULL);
    }
}

static bool is_late(const struct catalog *catalog, const struct catalog_item *item, bool later_applied)
{
    const int64_t *const newest = catalog->entries.newest;
    return newest == NULL || item->file == NULL ? later_applied : item->file->time <= *newest;
}

/* Pending migrations after which a later one is applied. Repeatable ones have no place in the order. */
static void find_out_of_order(struct catalog *catalog)
{
    const bool skips = detection_habits(&catalog->detection)->late == LATE_SKIPPED;
    bool later_applied = false;
    for (size_t i = catalog->detection.framework->folder.is_graph ? 0 : catalog->count; i-- > 0;) {
        struct catalog_item *const item = &catalog->items[i];
        if (item->file != NULL && item->file->repeatable) {
            continue;
        }
        const bool may_be_late = item->file != NULL && item->file->may_be_late;
        if (item->state == MIGRATION_PENDING && item->detail == DETAIL_NONE && !may_be_late &&
            is_late(catalog, item, later_applied)) {
            item->detail = skips ? DETAIL_SKIPPED : DETAIL_OUT_OF_ORDER;
        }
        later_applied = later_applied || changed_has_place(catalog, item);
    }
}

static const char *note_of(const struct catalog *catalog, const struct catalog_item *item)
{
    const struct habits *const habits = detection_habits(&catalog->detection);
    switch (item->detail) {
    case DETAIL_OUT_OF_ORDER:
    case DETAIL_SKIPPED:
        return habits->late_note;
    case DETAIL_DUPLICATE:
        return "Another file before it has the same version: rename one of them.";
    default:
        break;
    }
    if (item->state == MIGRATION_MODIFIED) {
        return item->entry->changed != NULL       ? item->entry->changed
               : item->entry->edited_note != NULL ? item->entry->edited_note
                                                  : habits->edited_note;
    }
    return item->state != MIGRATION_ORPHANED                          ? NULL
           : item->entry != NULL && item->entry->missing_note != NULL ? item->entry->missing_note
                                                                      : habits->missing_note;
}

bool catalog_join(const struct request *request, struct catalog *catalog)
{
    sort_items(catalog->entries.items, catalog->entries.count, sizeof *catalog->entries.items, by_key_then_age);
    join(request, catalog);
    for (size_t i = 0; i < catalog->count; i++) {
        struct catalog_item *const item = &catalog->items[i];
        if (!decide(request, catalog, item)) {
            return false;
        }
        catalog->counts[item->state]++;
    }
    find_out_of_order(catalog);
    for (size_t i = 0; i < catalog->count; i++) {
        catalog->items[i].note = note_of(catalog, &catalog->items[i]);
    }
    return true;
}
