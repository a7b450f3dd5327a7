/*
 * The join. Entries are sorted by name once, so that 1,000 files against 1,000 rows are 1,000 binary searches.
 */
#include "migration/catalog.h"

#include <stdlib.h>
#include <string.h>

static int by_name_then_age(const void *a, const void *b)
{
    const struct ledger_entry *const x = a;
    const struct ledger_entry *const y = b;
    const int names = strcmp(x->name, y->name);
    if (names != 0) {
        return names;
    }
    return x->started_at < y->started_at ? -1 : x->started_at > y->started_at ? 1 : 0;
}

/* The entries of one name: the first, and how many. */
static const struct ledger_entry *entries_of(const struct ledger_entries *entries, const char *name, size_t *count)
{
    size_t low = 0;
    size_t high = entries->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(entries->items[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *count = 0;
    while (low + *count < entries->count && strcmp(entries->items[low + *count].name, name) == 0) {
        (*count)++;
    }
    return *count == 0 ? NULL : &entries->items[low];
}

/* A finished entry counts whatever came before or after it; then an unfinished one; then the last that was given up. */
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

/* Is the file what was applied? Mostly told by the remembered checksum; a framework may accept others (line endings).
 */
static bool is_unchanged(struct work *work, const struct catalog *catalog, struct catalog_item *item, bool *unchanged)
{
    const struct framework *const framework = catalog->detection.framework;
    struct text content;
    if (!checksums_get(work->site->checksums, work->arena, framework, item->file, &item->checksum, work->status)) {
        return false;
    }
    *unchanged =
        item->entry == NULL || item->entry->checksum == NULL || strcmp(item->entry->checksum, item->checksum) == 0;
    if (*unchanged) {
        return true;
    }
    struct arena *const reading = arena_new(0);
    const bool ok = file_read(reading, item->file->path, MIGRATION_FILE_LIMIT, &content, work->status);
    if (ok) {
        *unchanged = framework->checksum_matches(item->entry->checksum, content);
    }
    arena_free(reading);
    return ok;
}

/* One failed attempt is enough, also beside a finished one: the framework's own CLI stops at it. */
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

static bool decide(struct work *work, const struct catalog *catalog, struct catalog_item *item)
{
    bool unchanged = true;
    const bool recorded = item->entry != NULL && item->entry->state == ENTRY_APPLIED;
    const bool there = item->file != NULL && !item->file->missing;
    if (there && !is_unchanged(work, catalog, item, &unchanged)) {
        return false;
    }
    if (recorded) {
        item->state = !there ? MIGRATION_ORPHANED : unchanged ? MIGRATION_APPLIED : MIGRATION_MODIFIED;
    } else {
        item->state = item->file != NULL ? MIGRATION_PENDING : MIGRATION_ORPHANED;
    }
    item->detail = detail_of(item);
    return true;
}

static struct catalog_item *add_item(struct catalog *catalog, const char *name, const struct migration_file *file)
{
    struct catalog_item *const item = &catalog->items[catalog->count++];
    *item = (struct catalog_item){.name = name, .file = file};
    item->attempts = entries_of(&catalog->entries, name, &item->attempt_count);
    item->entry = deciding_entry(item->attempts, item->attempt_count);
    return item;
}

/* Is there a file of this name? */
static bool has_file(const struct migration_file *const *sorted, size_t count, const char *name)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int compared = strcmp(sorted[middle]->name, name);
        if (compared == 0) {
            return true;
        }
        low = compared < 0 ? middle + 1 : low;
        high = compared < 0 ? high : middle;
    }
    return false;
}

static int by_file_name(const void *a, const void *b)
{
    return strcmp((*(const struct migration_file *const *)a)->name, (*(const struct migration_file *const *)b)->name);
}

/* Names that the ledger has and the folder has not, once each, sorted. What was only ever rolled back is history. */
static size_t orphaned_names(struct arena *arena, const struct catalog *catalog, const char **names)
{
    const struct migration_file **const sorted = arena_array(arena, catalog->files.count, sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; i < catalog->files.count; i++) {
        sorted[i] = &catalog->files.items[i];
    }
    if (catalog->files.count > 0) {
        qsort(sorted, catalog->files.count, sizeof *sorted, by_file_name);
    }
    for (size_t i = 0; i < catalog->entries.count; i++) {
        const struct ledger_entry *const entry = &catalog->entries.items[i];
        const bool seen = count > 0 && strcmp(names[count - 1], entry->name) == 0;
        if (!seen && entry->state != ENTRY_ROLLED_BACK && !has_file(sorted, catalog->files.count, entry->name)) {
            names[count++] = entry->name;
        }
    }
    return count;
}

/* Files in their order, with each orphan before the first file whose name sorts behind it. */
static void join(struct work *work, struct catalog *catalog)
{
    const char **const orphans = arena_array(work->arena, catalog->entries.count, sizeof *orphans);
    const size_t orphan_count = orphaned_names(work->arena, catalog, orphans);
    size_t next = 0;
    catalog->items = arena_array(work->arena, catalog->files.count + orphan_count, sizeof *catalog->items);
    for (size_t i = 0; i < catalog->files.count; i++) {
        const struct migration_file *const file = &catalog->files.items[i];
        while (next < orphan_count && strcmp(orphans[next], file->name) < 0) {
            add_item(catalog, orphans[next++], NULL);
        }
        add_item(catalog, file->name, file);
    }
    while (next < orphan_count) {
        add_item(catalog, orphans[next++], NULL);
    }
}

/* A pending migration behind which a later one is applied already. */
static void find_out_of_order(struct catalog *catalog)
{
    bool later_applied = false;
    for (size_t i = catalog->count; i-- > 0;) {
        struct catalog_item *const item = &catalog->items[i];
        if (item->state == MIGRATION_PENDING && item->detail == DETAIL_NONE && later_applied) {
            item->detail = DETAIL_OUT_OF_ORDER;
        }
        later_applied = later_applied || item->state == MIGRATION_APPLIED || item->state == MIGRATION_MODIFIED;
    }
}

bool catalog_read(struct work *work, struct catalog *catalog)
{
    *catalog = (struct catalog){0};
    if (!detect(work, &catalog->detection)) {
        return false;
    }
    const struct detection *const detection = &catalog->detection;
    /* With several folders and no telling which, nothing can be said of any migration; a warning says why. */
    if (detection->framework == NULL || detection->folder_problem != NULL) {
        return true;
    }
    if (detection->has_folder &&
        !detection->framework->list(work->arena, &detection->folder, &catalog->files, work->status)) {
        return false;
    }
    if (detection->has_ledger && !detection->framework->read_ledger(work->arena, work->session, &detection->ledger,
                                                                    &catalog->entries, work->status)) {
        return false;
    }
    if (catalog->entries.count > 0) {
        qsort(catalog->entries.items, catalog->entries.count, sizeof *catalog->entries.items, by_name_then_age);
    }
    join(work, catalog);
    for (size_t i = 0; i < catalog->count; i++) {
        if (!decide(work, catalog, &catalog->items[i])) {
            return false;
        }
        catalog->counts[catalog->items[i].state]++;
    }
    find_out_of_order(catalog);
    return true;
}

const struct catalog_item *catalog_find(const struct catalog *catalog, struct text name)
{
    if (catalog->detection.framework != NULL) {
        name = catalog->detection.framework->canonical_name(name);
    }
    for (size_t i = 0; i < catalog->count; i++) {
        if (text_is(name, catalog->items[i].name)) {
            return &catalog->items[i];
        }
    }
    return NULL;
}

/* A name that holds the other, as when a person leaves the time stamp out, is nearer than any misspelling. */
static size_t distance(struct text name, const char *candidate)
{
    const struct text other = text_of(candidate);
    const bool inside = name.size >= 3 && memmem(other.data, other.size, name.data, name.size) != NULL;
    return inside ? 0 : text_distance(name, other);
}

bool catalog_not_found(const struct catalog *catalog, struct text name, struct status *status)
{
    size_t best[STATUS_SUGGESTIONS];
    status_fail(status, STATUS_NOT_FOUND, "There is no migration \"%.*s\".", (int)name.size, name.data);
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const size_t far = distance(name, catalog->items[i].name);
        if (far > name.size / 2 + 2) {
            continue;
        }
        size_t at = count < STATUS_SUGGESTIONS ? count++ : STATUS_SUGGESTIONS;
        for (; at > 0 && far < best[at - 1]; at--) {
            if (at < STATUS_SUGGESTIONS) {
                best[at] = best[at - 1];
                status->suggestions[at] = status->suggestions[at - 1];
            }
        }
        if (at < STATUS_SUGGESTIONS) {
            best[at] = far;
            status->suggestions[at] = catalog->items[i].name;
        }
    }
    if (count > 0) {
        status->message = arena_printf(status->arena, "There is no migration \"%.*s\"; did you mean \"%s\"?",
                                       (int)name.size, name.data, status->suggestions[0]);
    }
    return false;
}

const struct catalog_item *catalog_failed(const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->detail == DETAIL_FAILED) {
            return item;
        }
    }
    return NULL;
}
