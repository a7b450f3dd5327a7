/*
 * A flat folder as one stream, and back: POSIX tar, which tar(1) reads as well. Files alone, with plain names; sizes
 * above 8 GiB in base 256, as GNU tar writes them.
 */
#ifndef BACKUP_TAR_H
#define BACKUP_TAR_H

#include "base/status.h"
#include "base/text.h"

/* Takes a piece of the stream; false ends it. */
typedef bool tar_take(void *data, struct text piece);

/* Gives all files of a folder to `take`, by their names. False where one cannot be read, which status says, or `take`
 * said no, where status is left as it was. */
bool tar_write(const char *folder, tar_take *take, void *data, struct status *status);

/* Makes the files of a stream, from the start of `file` on, in an empty folder. Asks `goes_on` in between. DATA_LOSS
 * where it is no such stream, CANCELLED where goes_on said no. */
bool tar_read(int file, const char *folder, bool (*goes_on)(void *data), void *data, struct status *status);

#endif
