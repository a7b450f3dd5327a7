/*
 * Finds a migration in a catalog by what a person calls it.
 */
#include "base/near.h"
#include "base/search.h"
#include "base/sorting.h"
#include "framework/core/listing.h"
#include "migration/look/catalog.h"

#include <string.h>

/* The path of the file as it is typed in the project or in one of its folders: "db/migrations/20240101_init.up.sql". */
static bool names_path(struct text name, const char *path)
{
    const struct text typed = text_starts_with(name, "./") ? text_slice(name, 2, name.size) : name;
    const struct text whole = text_of(path);
    if (typed.size == 0 || typed.size > whole.size || memchr(typed.data, '/', typed.size) == NULL) {
        return false;
    }
    const size_t start = whole.size - typed.size;
    return text_equal(text_slice(whole, start, whole.size), typed) && (start == 0 || whole.data[start - 1] == '/');
}

/* "dir/20240101_init.up.sql", also without directory and extensions: people write any of them. */
static bool names_file(struct text name, const struct migration_file *file)
{
    const char *const ends[] = {file->filename, path_name(file->filename)};
    for (size_t i = 0; i < 2; i++) {
        const struct text whole = text_of(ends[i]);
        const char *const dot = memrchr(whole.data, '.', whole.size);
        struct text stem = text_slice(whole, 0, dot == NULL ? whole.size : (size_t)(dot - whole.data));
        const bool is_stem = text_equal(stem, name);
        stem.size -= text_ends_with(stem, ".up") ? strlen(".up") : 0;
        if (is_stem || text_equal(whole, name) || text_equal(stem, name)) {
            return true;
        }
    }
    return false;
}

const struct catalog_item *catalog_named(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->count; i++) {
        if (strcmp(catalog->items[i].name, name) == 0) {
            return &catalog->items[i];
        }
    }
    return NULL;
}

/* Of "1_a" the tracking table of sqlx has "1 a", that of golang-migrate "1", that of Flyway "V1__a.sql" of "V1__a". */
static bool is_entry_of(const struct catalog_item *item, struct text name)
{
    const struct text number = leading_digits(name);
    const struct text whole = text_of(item->name);
    return text_is(name, item->name) || (item->key != NULL && text_is(name, item->key)) ||
           (item->key != NULL && number.size > 0 && text_is(number_plain(number), item->key)) ||
           (whole.size > name.size && text_equal(text_slice(whole, 0, name.size), name) &&
            whole.data[name.size] == '.');
}

const struct catalog_item *catalog_left(const struct catalog *catalog, const char *name)
{
    const struct catalog_item *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        if (item->file == NULL && item->detail == DETAIL_FAILED && is_entry_of(item, text_of(name))) {
            found = item;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

const struct catalog_item *catalog_find(const struct catalog *catalog, struct text name)
{
    const struct catalog_item *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        if (text_is(name, catalog->items[i].name)) {
            return &catalog->items[i];
        }
    }
    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_item *const item = &catalog->items[i];
        const struct migration_file *const file = item->file;
        if (text_is(name, item->key) || (file != NULL && ((file->version != NULL && text_is(name, file->version)) ||
                                                          names_file(name, file) || names_path(name, file->path)))) {
            found = item;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct catalog_item *const first = *(const struct catalog_item *const *)a;
    const struct catalog_item *const second = *(const struct catalog_item *const *)b;
    const int order = strcmp(first->name, second->name);
    return order != 0 ? order : (first > second) - (first < second);
}

static bool is_before_name(const void *item, const void *name)
{
    return strcmp((*(const struct catalog_item *const *)item)->name, name) < 0;
}

/* The first one with this name. */
static const struct catalog_item *search(const struct catalog_item *const *sorted, size_t count, const char *name)
{
    const size_t first = search_first(sorted, count, sizeof sorted[0], is_before_name, name);
    return first < count && strcmp(sorted[first]->name, name) == 0 ? sorted[first] : NULL;
}

const struct catalog_item **catalog_find_all(struct arena *arena, const struct catalog *catalog,
                                             const char *const *names, size_t count)
{
    const struct catalog_item **const found = arena_array(arena, count + 1, sizeof(const struct catalog_item *));
    const struct catalog_item **const sorted =
        arena_array(arena, catalog->count + 1, sizeof(const struct catalog_item *));
    for (size_t i = 0; i < catalog->count && count > 0; i++) {
        sorted[i] = &catalog->items[i];
    }
    if (count > 0) {
        sort_items(sorted, catalog->count, sizeof(const struct catalog_item *), by_name);
    }
    for (size_t i = 0; i < count; i++) {
        const struct catalog_item *const exact = search(sorted, catalog->count, names[i]);
        found[i] = exact != NULL ? exact : catalog_find(catalog, text_of(names[i]));
    }
    return found;
}

const struct migration_file *catalog_before(const struct catalog *catalog, const struct catalog_item *item)
{
    return item->file == NULL || item->file == catalog->files.items ? NULL : item->file - 1;
}

bool catalog_knows_before(const struct catalog *catalog, const struct catalog_item *item)
{
    return item->file != NULL || item->key[0] == '-' || !catalog->detection.framework->ledger.knows_only_last;
}

/* A name that contains the other, as when a person omits the timestamp, is closer than any misspelling. */
static size_t distance(struct text name, const char *candidate)
{
    const struct text other = text_of(candidate);
    const bool inside = name.size >= 3 && memmem(other.data, other.size, name.data, name.size) != NULL;
    return inside ? 0 : near_distance(name, other);
}

bool catalog_not_found(const struct catalog *catalog, struct text name, struct status *status)
{
    size_t best[STATUS_SUGGESTIONS];
    const struct text last = text_of(path_name(arena_strndup(status->arena, name.data, name.size)));
    status_fail(status, STATUS_NOT_FOUND, "There is no migration \"%.*s\".", (int)name.size, name.data);
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++) {
        const size_t of_whole = distance(name, catalog->items[i].name);
        const size_t of_last = distance(last, catalog->items[i].name);
        const size_t far = of_last < of_whole ? of_last : of_whole;
        if (far > last.size / 2 + 2) {
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
    } else {
        status->hint = "truss status (GET /api/migrations/status) lists them.";
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
