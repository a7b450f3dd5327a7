/*
 * Files of backups that are read by somebody far away, piece by piece. What was opened is read to its end, whatever
 * becomes of its name; of one that is read from its beginning the last piece is given only where all of it is what was
 * written.
 */
#ifndef BACKUP_DOWNLOAD_H
#define BACKUP_DOWNLOAD_H

#include "backup/backup.h"

/* The downloads under way of a worker. */
struct downloads;
struct downloads *downloads_new(void);
void downloads_free(struct downloads *downloads);

struct download_piece {
    struct text data; /* in the call's arena */
    bool is_last;
    const char *id; /* for the next piece; "" with the last one */
    const char *filename;
    const char *sha256; /* of the whole file */
    int64_t total;      /* its bytes */
};

/* The first piece, from byte `from` on. NOT_FOUND where there is no such backup, or its file is gone;
 * FAILED_PRECONDITION where it is not complete; OUT_OF_RANGE where the file has no such byte; RESOURCE_EXHAUSTED where
 * too many are under way. */
bool download_begin(const struct backup_call *call, struct downloads *downloads, int64_t id, int64_t from,
                    struct download_piece *piece);

/* The next piece. NOT_FOUND where there is no such download: it has ended, or was not read for a while. DATA_LOSS in
 * place of the last one where the file is not what was written. */
bool download_next(const struct backup_call *call, struct downloads *downloads, const char *id,
                   struct download_piece *piece);

#endif
