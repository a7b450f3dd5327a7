/*
 * Downloads of backup files in pieces. An opened file is read to its end even if it is renamed or deleted. In a
 * download from the beginning, the last piece is delivered only if the whole file is unchanged.
 */
#ifndef BACKUP_DOWNLOAD_H
#define BACKUP_DOWNLOAD_H

#include "backup/backup.h"

/* The running downloads of a worker. */
struct downloads;
struct downloads *downloads_new(void);
void downloads_free(struct downloads *downloads);

struct download_piece {
    struct text data; /* in the call's arena */
    bool is_last;
    const char *id; /* identifies the download for the next piece; "" with the last one */
    const char *filename;
    const char *sha256; /* of the whole file */
    int64_t total;      /* its size in bytes */
};

/* Returns the first piece, from byte `from` on. NOT_FOUND if there is no such backup, or its file is gone;
 * FAILED_PRECONDITION if it is not complete; OUT_OF_RANGE beyond the end of the file; RESOURCE_EXHAUSTED if too many
 * downloads are running. */
bool download_begin(const struct backup_call *call, struct downloads *downloads, int64_t id, int64_t from,
                    struct download_piece *piece);

/* Returns the next piece. NOT_FOUND if there is no such download (it has ended, or was idle too long). DATA_LOSS
 * instead of the last piece if the file is not what was written. */
bool download_next(const struct backup_call *call, struct downloads *downloads, const char *id,
                   struct download_piece *piece);

/* Ends a download before its last piece. Returns false if there is no such download that nobody reads. */
bool download_close(struct downloads *downloads, const char *id);

#endif
