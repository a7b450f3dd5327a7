/*
 * A rename is only told where exactly one file and one row are alike. Small numbers and times that somebody has rounded
 * (20240101000000) say nothing: two branches may both have them.
 */
#include "migration/look/hints_names.h"

#include "base/word_set.h"
#include "migration/look/advice.h"

#include <ctype.h>
#include <string.h>

#define LEAST_DIGITS 12 /* of a number that is a time */

/* ---- what two names have in common ---- */

/* The name in small letters, without its ending if names have one. */
static const char *plain_name(struct arena *arena, const struct catalog *catalog, const char *key)
{
    const char *const dot = catalog->detection.framework->folder.whole_names ? strrchr(key, '.') : NULL;
    char *const name = arena_strndup(arena, key, dot == NULL ? strlen(key) : (size_t)(dot - key));
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return name;
}

/* The time in it, "20240131102030" for "2024_01_31_102030_create_users"; NULL: it has none, or nothing else. */
static const char *time_in(struct arena *arena, const struct catalog *catalog, const char *key)
{
    struct buffer digits = {.arena = arena};
    const char *c = key + strcspn(key, "0123456789");
    (void)catalog;
    while (isdigit((unsigned char)*c) != 0 || ((*c == '_' || *c == '-') && isdigit((unsigned char)c[1]) != 0)) {
        if (isdigit((unsigned char)*c) != 0) {
            buffer_putc(&digits, *c);
        }
        c++;
    }
    const bool is_time = digits.size >= LEAST_DIGITS && !text_ends_with(buffer_text(&digits), "0000");
    const bool has_title = isdigit((unsigned char)key[0]) == 0 || *c != '\0';
    return is_time && has_title ? buffer_string(&digits) : NULL;
}

static const struct likeness {
    const char *(*of)(struct arena *arena, const struct catalog *catalog, const char *key);
    const char *said;
} likenesses[] = {
    {plain_name, "the same name, but for its ending or capital letters, as"},
    {time_in, "the same time as"},
};

/* ---- the hints ---- */

/* Has it a file that may have been one of the rows, of which nothing tells the content? */
static bool is_new(const struct catalog_item *item)
{
    return item->state == MIGRATION_PENDING && item->file != NULL && item->entry == NULL && !item->file->repeatable &&
           item->checksum == NULL;
}

static bool is_orphan(const struct catalog_item *item)
{
    return item->state == MIGRATION_ORPHANED && (item->entry == NULL || item->entry->checksum == NULL);
}

static void tell(const struct request *request, const struct likeness *likeness, struct catalog_item *item,
                 struct catalog_item *orphan)
{
    struct arena *const arena = request->arena;
    item->renamed = orphan;
    item->likeness = likeness->said;
    orphan->renamed = item;
    const char *const hint = arena_printf(
        arena,
        "It has %s %s, which is applied and has no file: it seems to have been renamed. Give it its old name, or say "
        "that it is applied (%s): a run of it is refused, because it would execute it again.",
        likeness->said, orphan->name, advice_applied(arena, item->name));
    item->note = item->note == NULL ? hint : arena_printf(arena, "%s %s", hint, item->note);
}

/* Two sides of a comparison: the files or the rows. */
struct side {
    struct word_set counts; /* how many have this in common */
    struct word_set places; /* the index behind the one that has it */
};

static void put(struct arena *arena, struct side *side, const char *common, size_t index)
{
    if (common != NULL) {
        word_set_count(arena, &side->counts, common);
        word_set_put(arena, &side->places, common, (int)index + 1);
    }
}

static void find_alike(const struct request *request, struct catalog *catalog, const struct likeness *likeness)
{
    struct arena *const arena = request->arena;
    struct side files = {0};
    struct side rows = {0};
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->renamed == NULL && item->key != NULL && (is_orphan(item) || is_new(item))) {
            put(arena, is_orphan(item) ? &rows : &files, likeness->of(arena, catalog, item->key), i);
        }
    }
    for (size_t i = 0; i < catalog->count && rows.counts.count > 0; i++) {
        struct catalog_item *const item = &catalog->items[i];
        const char *const common =
            is_new(item) && item->renamed == NULL && item->key != NULL ? likeness->of(arena, catalog, item->key) : NULL;
        if (word_set_number(&files.counts, common) == 1 && word_set_number(&rows.counts, common) == 1) {
            tell(request, likeness, item, &catalog->items[word_set_number(&rows.places, common) - 1]);
        }
    }
}

void hints_find_names(const struct request *request, struct catalog *catalog)
{
    const bool may_be = catalog->counts[MIGRATION_ORPHANED] > 0 && catalog->counts[MIGRATION_PENDING] > 0;
    for (size_t i = 0; may_be && i < sizeof likenesses / sizeof likenesses[0]; i++) {
        find_alike(request, catalog, &likenesses[i]);
    }
}
