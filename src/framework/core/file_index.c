#include "framework/core/file_index.h"

#include "base/search.h"
#include "base/sorting.h"

#include <string.h>

static int by_key(const void *a, const void *b)
{
    const struct migration_file *const first = *(const struct migration_file *const *)a;
    const struct migration_file *const second = *(const struct migration_file *const *)b;
    const int order = strcmp(migration_file_key(first), migration_file_key(second));
    return order != 0 ? order : (first > second) - (first < second);
}

static bool is_before_key(const void *item, const void *key)
{
    return strcmp(migration_file_key(*(const struct migration_file *const *)item), key) < 0;
}

struct file_index file_index_of(struct arena *arena, const struct migration_files *files)
{
    const size_t size = sizeof(const struct migration_file *);
    const struct migration_file **const sorted = arena_array(arena, files->count + 1, size);
    for (size_t i = 0; i < files->count; i++) {
        sorted[i] = &files->items[i];
    }
    sort_items(sorted, files->count, size, by_key);
    return (struct file_index){.files = sorted, .count = files->count};
}

const struct migration_file *file_index_find(struct file_index *index, const char *key)
{
    struct search_in_turn search = {index->files, index->count, sizeof index->files[0], is_before_key, index->next};
    const size_t first = search_next(&search, key);
    const bool is_there = first < index->count && strcmp(migration_file_key(index->files[first]), key) == 0;
    index->next = search.next;
    return is_there ? index->files[first] : NULL;
}
