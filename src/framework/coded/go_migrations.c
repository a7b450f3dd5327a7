/*
 * Programs are searched, not parsed: an ID counts only if it is written out, in place or in a constant of the same
 * file.
 */
#include "framework/coded/go_migrations.h"

#include "framework/coded/code.h"
#include "framework/coded/go_order.h"
#include "framework/core/file_rules.h"
#include "framework/core/mention.h"

#include <string.h>

/* The members of a migration that hold its function. */
static const char *const functions[] = {"Migrate", "MigrateSession", NULL};

/* The offset after the next `Migrate:` or `MigrateSession:` before `end`; SIZE_MAX: there is none. */
static size_t find_function(struct text whole, size_t from, size_t end)
{
    const struct text source = text_slice(whole, 0, end + 1); /* what comes after it belongs to another migration */
    size_t first = SIZE_MAX;
    for (size_t i = 0; functions[i] != NULL; i++) {
        for (size_t at = from; (at = code_find_word(source, functions[i], at)) != SIZE_MAX && at < end;) {
            if (text_starts_with(text_slice(source, at, source.size), ":") &&
                !text_starts_with(text_slice(source, at, source.size), ":=")) {
                first = at < first ? at : first;
                break;
            }
        }
    }
    return first;
}

static void add(struct arena *arena, const struct migration_file *found, const struct mentioned *id,
                struct migration_files *files)
{
    struct migration_file *const file = listing_add(arena, files);
    struct go_place *const place = arena_alloc(arena, sizeof *place);
    place->at = id->at;
    *file = *found;
    file->name = file->version = id->value;
    file->key = NULL;
    file->own = place;
}

/* The migrations of one file. */
static void read_file(struct arena *arena, const struct folder *folder, const struct migration_file *found,
                      struct text source, struct migration_files *files)
{
    static const struct mention mention = {.files = "*.go", .words = "ID"};
    const struct source_file file = {found->filename, source};
    struct mentioned said;
    struct mentioned next;
    size_t at = 0;
    bool is_there = mention_next(arena, &mention, &file, &at, &said);
    while (is_there) {
        const bool has_next = mention_next(arena, &mention, &file, &at, &next);
        const size_t function = find_function(source, said.at, has_next ? next.at : source.size);
        if (function != SIZE_MAX && said.kind == MENTION_LITERAL && name_is_recordable(said.value)) {
            add(arena, found, &said, files);
        } else if (function != SIZE_MAX && files->unrecordable == NULL) {
            files->unrecordable = arena_printf(
                arena, "%s, line %u, computes the ID of a migration, which cannot be read without running it.",
                path_join(arena, folder->path, found->filename), text_position(source, said.at).line);
        }
        said = next;
        is_there = has_next;
    }
}

bool go_migrations_list(struct arena *arena, const struct folder *folder, struct migration_files *files,
                        struct status *status)
{
    struct migration_files found;
    *files = (struct migration_files){0};
    if (!files_list(arena, folder, &found, status)) {
        return false;
    }
    struct go_sources sources = {.items = arena_array(arena, found.count + 1, sizeof *sources.items)};
    for (size_t i = 0; i < found.count; i++) {
        struct go_source *const source = &sources.items[sources.count++];
        source->first = files->count;
        if (!file_read(arena, found.items[i].path, MIGRATION_FILE_LIMIT, &source->text, status)) {
            return false;
        }
        read_file(arena, folder, &found.items[i], source->text, files);
        source->count = files->count - source->first;
    }
    go_order(arena, &sources, files);
    listing_warn_duplicates(arena, files);
    return true;
}
