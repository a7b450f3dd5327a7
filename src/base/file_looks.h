/*
 * Looking at many files of one directory. A stat(2) of a file costs 1 to 2 us, and nothing tells as certainly whether
 * it changed; a second processor takes its part of them.
 */
#ifndef BASE_FILE_LOOKS_H
#define BASE_FILE_LOOKS_H

#include "base/files.h"

/* What was seen of a file. */
struct file_seen {
    enum file_kind kind;
    struct file_stamp stamp; /* where there is something */
};

/* As file_look_at for each of `count` names, which are relative to the open directory; a NULL is passed over. `seen`
 * has room for as many, zeroed. Returns when all have been looked at. */
void files_look_at(int directory, const char *const *names, size_t count, struct file_seen *seen);

#endif
