/*
 * Only the first note is kept: one question at a time.
 */
#include "framework/core/unread.h"

#include <stdint.h>
#include <string.h>

const char *unread_place(struct arena *arena, const struct folder *folder, struct source_file file, size_t at)
{
    return arena_printf(arena, "%s, line %u,", path_join(arena, folder->base, file.name),
                        text_position(file.content, at).line);
}

void unread_folder_because(struct arena *arena, struct folder *folder, struct source_file file, size_t at,
                           const char *why)
{
    if (at != SIZE_MAX && folder->unread == NULL) {
        folder->unread = arena_printf(arena, "%s %s", unread_place(arena, folder, file, at), why);
    }
}

void unread_folder(struct arena *arena, struct folder *folder, struct source_file file, size_t at, const char *key)
{
    unread_folder_because(arena, folder, file, at,
                          arena_printf(arena, "computes %s, which cannot be read without running it", key));
}

void unread_ledger_because(struct arena *arena, struct folder *folder, struct source_file file, size_t at,
                           const char *why)
{
    if (at != SIZE_MAX && folder->unread_ledger == NULL) {
        folder->unread_ledger = arena_printf(arena, "%s %s", unread_place(arena, folder, file, at), why);
    }
}

void unread_ledger(struct arena *arena, struct folder *folder, struct source_file file, size_t at, const char *key)
{
    unread_ledger_because(arena, folder, file, at,
                          arena_printf(arena, "computes %s, which cannot be read without running it", key));
}
