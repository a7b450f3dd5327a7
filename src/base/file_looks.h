/*
 * Looks at many files of one directory. A stat(2) takes 1 to 2 us, and nothing else tells as reliably whether a file
 * changed; a second thread does a part of them.
 */
#ifndef BASE_FILE_LOOKS_H
#define BASE_FILE_LOOKS_H

#include "base/file_stamp.h"

/* As file_see for each of `count` names relative to the open directory; NULL names are skipped. `seen` has as many
 * zeroed elements. Returns when all are done. files_look_at of base/files.h notes it, too. */
void files_see(int directory, const char *const *names, size_t count, struct file_seen *seen);

#endif
