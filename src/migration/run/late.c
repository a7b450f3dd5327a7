#include "migration/run/late.h"

#include "base/words.h"
#include "migration/look/detect.h"

#define NAMES_TOLD 5

/* As find_out_of_order of look/join.c will judge it. What is late already is not made late by this mark. */
static bool becomes_late(const struct catalog_item *item)
{
    return item->state == MIGRATION_PENDING && item->file != NULL && !item->file->repeatable &&
           !item->file->may_be_late && item->detail != DETAIL_OUT_OF_ORDER && item->detail != DETAIL_SKIPPED;
}

static bool has_place(const struct catalog_item *item)
{
    return item->file != NULL && !item->file->repeatable;
}

/* What the newest row will be (ledger_entries.newest); NULL: that does not count. */
static const int64_t *newest_after(struct arena *arena, const struct catalog *catalog,
                                   const struct catalog_item *const *chosen, size_t count)
{
    if (catalog->entries.newest == NULL) {
        return NULL;
    }
    int64_t *const newest = arena_alloc(arena, sizeof *newest);
    *newest = *catalog->entries.newest;
    for (size_t i = 0; i < count; i++) {
        const struct migration_file *const file = chosen[i]->file;
        *newest = file != NULL && file->time > *newest ? file->time : *newest;
    }
    return newest;
}

/* Adds the names of those in front of the last chosen one, or, if times count, of those that are not newer. */
static void find_late(struct arena *arena, const struct catalog *catalog, const struct catalog_item *const *chosen,
                      size_t count, struct words *late)
{
    const int64_t *const newest = newest_after(arena, catalog, chosen, count);
    size_t at = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (at < count && item == chosen[at]) {
            at++;
        } else if (becomes_late(item) && (newest != NULL ? item->file->time <= *newest : item < chosen[count - 1])) {
            words_add(arena, late, item->name);
        }
    }
}

static const char *who_runs(struct arena *arena, const struct catalog *catalog, bool is_one)
{
    const char *const name = catalog->detection.framework->display_name;
    const char *const them = is_one ? "it" : "them";
    switch (detection_habits(&catalog->detection)->late) {
    case LATE_REFUSED:
        return arena_printf(arena, "%s refuses %s, and Truss runs %s only with --allow-out-of-order.", name, them,
                            them);
    case LATE_SKIPPED:
        return arena_printf(arena, "%s never runs %s, and Truss only with --allow-out-of-order.", name, them);
    case LATE_RUNS:
        break;
    }
    return arena_printf(arena, "%s and Truss run %s anyway, after those that are applied.", name, them);
}

const char *late_undo(struct arena *arena, const struct catalog *catalog)
{
    return arena_printf(arena,
                        "Truss removes no record of an applied migration: a mark that was a mistake is undone by "
                        "deleting its row from %s.%s by hand.",
                        catalog->detection.ledger.schema, catalog->detection.ledger.table);
}

const char *late_warning(struct arena *arena, const struct catalog *catalog, const struct catalog_item *const *chosen,
                         size_t count)
{
    struct words late = {0};
    while (count > 0 && !has_place(chosen[count - 1])) {
        count--;
    }
    if (count > 0 && !catalog->detection.framework->folder.is_graph) {
        find_late(arena, catalog, chosen, count, &late);
    }
    return late.count == 0 ? NULL
                           : arena_printf(arena, "%s %s pending, and out of order once \"%s\" is recorded. %s %s",
                                          words_some(arena, &late, NAMES_TOLD), late.count == 1 ? "is" : "are",
                                          chosen[count - 1]->name, who_runs(arena, catalog, late.count == 1),
                                          late_undo(arena, catalog));
}
