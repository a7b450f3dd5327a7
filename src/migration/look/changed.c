/*
 * Counts over the joined catalog; reads nothing.
 */
#include "migration/look/changed.h"

#include "framework/core/listing.h"

#define MOST_NAMES 5

static bool is_applied(const struct catalog_item *item)
{
    return item->state == MIGRATION_APPLIED || item->state == MIGRATION_MODIFIED;
}

bool changed_has_place(const struct catalog *catalog, const struct catalog_item *item)
{
    if (is_applied(item)) {
        return item->file == NULL || !item->file->repeatable;
    }
    return item->state == MIGRATION_ORPHANED && item->entry != NULL && item->entry->state == ENTRY_APPLIED &&
           leading_digits(text_of(item->key)).size > 0 && detection_habits(&catalog->detection)->missing_counts;
}

const struct catalog_item *changed_last_applied(const struct catalog *catalog, size_t from)
{
    for (size_t i = catalog->count; i-- > from;) {
        const struct catalog_item *const item = &catalog->items[i];
        if (changed_has_place(catalog, item)) {
            return item;
        }
    }
    return NULL;
}

/* ---- kinds ---- */

typedef bool kind(const struct catalog_item *item);

static bool is_edited(const struct catalog_item *item)
{
    return item->state == MIGRATION_MODIFIED;
}

static bool is_deleted(const struct catalog_item *item)
{
    return item->state == MIGRATION_ORPHANED && item->entry != NULL && item->entry->state == ENTRY_APPLIED &&
           item->entry->missing_note == NULL;
}

static bool is_late(const struct catalog_item *item)
{
    return item->detail == DETAIL_OUT_OF_ORDER || item->detail == DETAIL_SKIPPED;
}

/* Its file is there, and the tracking table has nothing to compare it with. */
static bool is_unseen(const struct catalog_item *item)
{
    return item->state == MIGRATION_APPLIED && !item->verified;
}

struct named {
    size_t count;
    const char *names; /* the first ones, and how many more */
};

static struct named name_all(struct arena *arena, const struct catalog *catalog, kind *is_one)
{
    struct words names = {0};
    for (size_t i = 0; i < catalog->count; i++) {
        if (is_one(&catalog->items[i])) {
            words_add(arena, &names, catalog->items[i].name);
        }
    }
    return (struct named){names.count, words_some(arena, &names, MOST_NAMES)};
}

/* ---- sentences ---- */

/* A run says this when the late ones are applied already: the words must be true before and after. */
static void add_late(struct arena *arena, const struct catalog *catalog, struct words *sentences)
{
    const struct named late = name_all(arena, catalog, is_late);
    const struct catalog_item *const last = changed_last_applied(catalog, 0);
    const char *const note = detection_habits(&catalog->detection)->late_note;
    if (late.count == 0 || last == NULL) {
        return;
    }
    words_add(arena, sentences,
              arena_printf(arena, "%s (the later \"%s\" was applied first): %s.%s%s",
                           words_counted(arena, late.count, "migration is late", "migrations are late"), last->name,
                           late.names,
                           note == NULL      ? ""
                           : late.count == 1 ? " "
                                             : " Of each: ",
                           note == NULL ? "" : note));
}

struct words changed_sentences(struct arena *arena, const struct catalog *catalog)
{
    struct words sentences = {0};
    if (catalog->count == 0) {
        return sentences;
    }
    const struct named edited = name_all(arena, catalog, is_edited);
    const struct named deleted = name_all(arena, catalog, is_deleted);
    if (edited.count > 0) {
        words_add(arena, &sentences,
                  arena_printf(arena, "%s not as applied, and a run does not execute the change: %s.",
                               words_counted(arena, edited.count, "applied file is", "applied files are"),
                               edited.names));
    }
    if (deleted.count > 0) {
        words_add(arena, &sentences,
                  arena_printf(arena, "%s no file any more: %s.",
                               words_counted(arena, deleted.count, "applied migration has", "applied migrations have"),
                               deleted.names));
    }
    add_late(arena, catalog, &sentences);
    return sentences;
}

const char *changed_unseen(struct arena *arena, const struct catalog *catalog)
{
    bool has_checksums = false;
    size_t files = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        files += is_applied(item) ? 1 : 0;
        has_checksums = has_checksums || (is_applied(item) && item->entry != NULL && item->entry->checksum != NULL);
    }
    const struct named unseen = name_all(arena, catalog, is_unseen);
    if (unseen.count == 0) {
        return NULL;
    }
    return has_checksums || framework_has_checksum(catalog->detection.framework)
               ? arena_printf(arena,
                              "Edits of %zu of %s cannot be seen, because the tracking table has nothing to compare "
                              "with: %s.",
                              unseen.count, words_counted(arena, files, "applied file", "applied files"), unseen.names)
               : arena_printf(arena,
                              "Edits of applied files cannot be seen: the tracking table of %s has no checksums.",
                              catalog->detection.framework->display_name);
}
