/*
 * A digest of the file's pieces, or of what remains of them.
 */
#include "framework/core/file_checksum.h"

#include "base/digest.h"
#include "base/files.h"

#include <string.h>

struct feeding {
    struct digest digest;
    bool left_out[256];
};

/* Adds the bytes between two omitted ones in one call. */
static void feed(void *data, struct text piece)
{
    struct feeding *const feeding = data;
    size_t from = 0;
    for (size_t i = 0; i < piece.size; i++) {
        if (feeding->left_out[(unsigned char)piece.data[i]]) {
            digest_add(&feeding->digest, text_slice(piece, from, i));
            from = i + 1;
        }
    }
    digest_add(&feeding->digest, text_slice(piece, from, piece.size));
}

bool file_checksum(struct arena *arena, const struct file_checksum *how, const char *path, const char **checksum,
                   struct status *status)
{
    struct feeding feeding = {0};
    for (const char *c = how->without == NULL ? "" : how->without; *c != '\0'; c++) {
        feeding.left_out[(unsigned char)*c] = true;
    }
    digest_start(&feeding.digest, how->digest);
    digest_add(&feeding.digest, text_of(how->before == NULL ? "" : how->before));
    const bool ok = file_pieces(path, feed, &feeding, status);
    const char *const digest = digest_finish(arena, &feeding.digest);
    *checksum = ok ? digest : NULL;
    return ok;
}
