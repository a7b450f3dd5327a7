/*
 * Looks at many files of one directory. A stat(2) takes 1 to 2 us, and nothing else tells as reliably whether a file
 * changed; a second thread does a part of them.
 */
#ifndef BASE_FILE_LOOKS_H
#define BASE_FILE_LOOKS_H

#include "base/files.h"

/* The result for a file. */
struct file_seen {
    enum file_kind kind;
    struct file_stamp stamp; /* if the file exists */
};

/* As file_look_at for each of `count` names relative to the open directory; NULL names are skipped. `seen` has as many
 * zeroed elements. Returns when all are done. */
void files_look_at(int directory, const char *const *names, size_t count, struct file_seen *seen);

#endif
