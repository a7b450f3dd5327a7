#include "framework/flyway/flyway_checksum.h"

#include "framework/core/crc.h"
#include "framework/flyway/flyway_fill.h"

#include <string.h>

/* CRC-32 over each line without its ending (\r\n, \n or \r), without a byte order mark; computed piece by piece. */
struct piecewise {
    uint32_t crc;
    bool is_begun;
};

static void add_piece(void *data, struct text piece)
{
    struct piecewise *const sum = data;
    size_t from = !sum->is_begun && text_starts_with(piece, "\xEF\xBB\xBF") ? 3 : 0;
    for (size_t i = from; i <= piece.size; i++) {
        if (i == piece.size || piece.data[i] == '\n' || piece.data[i] == '\r') {
            sum->crc = crc32_add(sum->crc, text_slice(piece, from, i));
            from = i + 1;
        }
    }
    sum->is_begun = true;
}

/* It is recorded as a signed number. */
static const char *crc_text(struct arena *arena, const struct piecewise *sum)
{
    return arena_printf(arena, "%d", (int32_t)sum->crc);
}

static const char *crc_of(struct arena *arena, struct text content)
{
    struct piecewise sum = {0};
    add_piece(&sum, content);
    return crc_text(arena, &sum);
}

/* For a repeatable migration, with its placeholders replaced. */
const char *flyway_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                            struct text content)
{
    struct status ignored = {.arena = arena};
    struct migration_script script = {.sql = content};
    const struct script_request request = {arena, NULL, folder, file, content, &script, &ignored};
    return file->repeatable && !flyway_fill(&request) ? NULL : crc_of(arena, script.sql);
}

/* For a repeatable migration with placeholders, the whole text is needed. */
bool flyway_file_checksum(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                          const char **checksum, struct status *status)
{
    struct piecewise sum = {0};
    struct text content;
    struct arena *const reading = arena_new(0);
    const bool ok = file->repeatable ? file_read(reading, file->path, MIGRATION_FILE_LIMIT, &content, status)
                                     : file_pieces(file->path, add_piece, &sum, status);
    if (ok) {
        *checksum = file->repeatable ? flyway_checksum(arena, folder, file, content) : crc_text(arena, &sum);
    }
    arena_free(reading);
    return ok;
}

/* A repeatable migration is unchanged also if the sum is that of its text with the placeholders in it
 * (ResolvedMigrationImpl.java, equivalentChecksum). */
bool flyway_checksum_matches(struct arena *arena, const struct folder *folder, const struct migration_file *file,
                             const char *stored, struct text content)
{
    (void)folder;
    return file->repeatable && strcmp(crc_of(arena, content), stored) == 0;
}
