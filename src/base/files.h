/*
 * Reads files and folders of a project: files as a whole up to a size limit, folders listed in byte order.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/file_stamp.h"
#include "base/paths.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* What is at a path, following symbolic links; stamp may be NULL. FILE_NONE if nothing is there or it is not
 * accessible. */
enum file_kind file_look(const char *path, struct file_stamp *stamp);

/* The same for a path relative to an open directory, which is faster for many files in one place. */
enum file_kind file_look_at(int directory, const char *path, struct file_stamp *stamp);

/* The same for each of `count` names relative to the open directory; NULL names are skipped. `seen` has as many zeroed
 * elements. */
void files_look_at(int directory, const char *const *names, size_t count, struct file_seen *seen);

/* May this process list the directory, and look at what is in it? */
bool directory_is_readable(const char *path);

/* Fails if this process may not: what cannot be looked at would seem not to be there. A path that is no directory is no
 * failure. */
bool directory_check_readable(const char *path, struct status *status);

/* Fails with UNAVAILABLE if the system had no descriptor or no memory for something that this thread tried to open
 * since file_trace_lacked(): what was not found may be there. */
bool files_were_all_opened(const char *folder, struct status *status);

/* Opens a directory for file_look_at; close it with close(2). -1 on failure. */
int directory_open(const char *path);

/* Does the path lead to the folder or something below it, all links followed? False also if either does not exist. */
bool file_is_within(const char *folder, const char *path);

/* The folder for temporary files: TMPDIR if it is an absolute path, else /tmp. Borrowed from the environment. */
const char *temporary_folder(void);

/* Makes a directory in temporary_folder(); remove it with directory_remove(). purpose becomes part of its name. NULL on
 * failure. */
const char *temporary_directory(struct arena *arena, const char *purpose, struct status *status);

/* Makes a file without a name in temporary_folder(), for reading and writing, which disappears when it is closed with
 * close(2). -1 on failure. */
int file_nameless(struct arena *arena);

/* Reads a regular file into the arena, with a NUL after its content. Fails with NOT_FOUND, PERMISSION_DENIED, or
 * FAILED_PRECONDITION if it has more than `limit` bytes. */
bool file_read(struct arena *arena, const char *path, size_t limit, struct text *content, struct status *status);

/* The beginning of a file. */
struct file_start {
    struct text content;
    uint64_t size; /* of the whole file, in bytes */
};

/* Reads at most the first `most` bytes. */
bool file_read_start(struct arena *arena, const char *path, size_t most, struct file_start *start,
                     struct status *status);

/* Passes the file to `take` in pieces, whatever its size. Fails as file_read does. */
typedef void file_piece_fn(void *data, struct text piece);
bool file_pieces(const char *path, file_piece_fn *take, void *data, struct status *status);

struct file_entry {
    const char *name; /* any bytes but '/' and NUL */
    bool is_directory;
    bool is_link; /* the entry is a symbolic link; is_directory describes its target */
};

struct file_list {
    struct file_entry *entries; /* sorted by the bytes of the names */
    size_t count;
};

/* Lists a directory without "." and ".."; symbolic links count as their targets, dangling ones as files. Fails with
 * RESOURCE_EXHAUSTED beyond 100,000 entries. */
bool directory_list(struct arena *arena, const char *path, struct file_list *list, struct status *status);

/* Makes a directory and its missing parents. */
bool directory_make(struct arena *arena, const char *path, struct status *status);

/* Removes a directory and its content, without following links. Ignores what cannot be removed or does not exist. */
void directory_remove(const char *path);

/* Creates a file with this content, durably. ALREADY_EXISTS if the path exists. */
bool file_create(const char *path, struct text content, struct status *status);

/* The same for a file that only its owner may read. */
bool file_create_private(const char *path, struct text content, struct status *status);

#endif
