/*
 * What one thread has learned of the file system while it worked: which files exist, as what, with which stamps, which
 * names directories have, where links lead, and what was read. Later file_trace_holds looks at all of it again: if it
 * is as it was, the same work would come to the same result.
 *
 * All who look at files for an answer note it here (base/files.h and base/bounds.h do). What cannot be checked later is
 * a doubt, and then there is no trace:
 * - a directory that has just changed, whose next change may not alter its stamp (file_stamp_is_settled), and one in a
 *   file system whose stamps may be old (file_system_tells);
 * - whatever failed for another reason than that nothing is there;
 * - links that lead out of the project;
 * - more than is worth looking at again.
 * Files whose content was read are read again. That a name is not there is taken from the stamp of its directory.
 */
#ifndef BASE_FILE_TRACE_H
#define BASE_FILE_TRACE_H

#include "base/file_stamp.h"
#include "base/text.h"

struct file_trace;

/* Notes from now on what this thread learns. The thread must not have a trace already. */
void file_trace_begin(void);

/* Ends that, and returns the trace, to be freed; NULL if there was a doubt, or none was begun. */
struct file_trace *file_trace_end(void);

/* NULL is fine. */
void file_trace_free(struct file_trace *trace);

/* Looks at everything again. Is it as it was? Any thread; one trace may be checked by several at once. */
bool file_trace_holds(const struct file_trace *trace);

/* Did both see the same? */
bool file_trace_equal(const struct file_trace *a, const struct file_trace *b);

/* The memory that it takes. */
size_t file_trace_bytes(const struct file_trace *trace);

/* ---- for those who look at files; without a trace these do nothing ---- */

bool file_trace_is_on(void);

/* Something about the files that cannot be noted has influenced the result. */
void file_trace_doubt(void);

/* stat(2) of `path`, relative to a directory of file_trace_opened or AT_FDCWD. seen->kind FILE_NONE: it failed, with
 * this error. */
void file_trace_saw(int directory, const char *path, const struct file_seen *seen, int error);

/* Opening or listing `path` failed with this error. */
void file_trace_missed(const char *path, int error);

/* Had the system no descriptor or no memory for something that this thread tried to open since the last call? Then what
 * was not found may be there. With or without a trace. Returns that error; 0: none. */
int file_trace_lacked(void);

/* A directory was opened, for file_trace_saw. */
void file_trace_opened(int directory, const char *path);

/* The names in an open directory are being read. Call it before they are. */
void file_trace_listed(int directory, const char *path);

/* The path without links is `real`; NULL: there was this error. */
void file_trace_real(const char *path, const char *real, int error);

/* An open file was read: these were its first bytes, and no more than `most` would have been read. */
void file_trace_read(int fd, const char *path, struct text start, size_t most);

#endif
