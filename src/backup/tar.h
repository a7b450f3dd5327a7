/*
 * Writes a flat folder as a tar stream, and reads it back: POSIX tar, which tar(1) reads as well. Only files with plain
 * names; sizes above 8 GiB are in base 256, as in GNU tar.
 */
#ifndef BACKUP_TAR_H
#define BACKUP_TAR_H

#include "base/status.h"
#include "base/text.h"

/* Receives a piece of the stream; returning false ends it. */
typedef bool tar_take(void *data, struct text piece);

/* Passes all files of a folder to `take`, ordered by name. Returns false if one cannot be read (with a status), or if
 * `take` returned false (the status is unchanged). */
bool tar_write(const char *folder, tar_take *take, void *data, struct status *status);

/* Creates the files of a stream, from the start of `file`, in an empty folder. Calls `goes_on` meanwhile. DATA_LOSS if
 * it is no such stream, CANCELLED if goes_on returned false. */
bool tar_read(int file, const char *folder, bool (*goes_on)(void *data), void *data, struct status *status);

#endif
