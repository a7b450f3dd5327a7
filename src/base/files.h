/*
 * Files and folders of a project: read whole, listed in byte order, never followed out of bounds by size.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What tells that a file may have changed. */
struct file_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
};

enum file_kind { FILE_NONE, FILE_REGULAR, FILE_DIRECTORY, FILE_OTHER };

/* What is at a path (symbolic links followed); stamp may be NULL. FILE_NONE where nothing is or it cannot be seen. */
enum file_kind file_look(const char *path, struct file_stamp *stamp);

/* The same for a path relative to an open directory, which is cheaper for many files in one place. */
enum file_kind file_look_at(int directory, const char *path, struct file_stamp *stamp);

/* Opens a directory for file_look_at; close(2) it. -1 where it cannot be opened. */
int directory_open(const char *path);

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* Is the last change so long ago that another one could not leave the stamp as it is? Within one tick of the file
 * system's clock it could: what was read of such a file is not to be remembered. Ask with a stamp that was taken before
 * the file was read. */
bool file_stamp_is_settled(const struct file_stamp *stamp);

/* Will the stamp of a file tell of each change from now on? Who has it mapped (mmap) and has written to a page of it
 * changes the stamp only when that page has been on disk meanwhile: it is put there now. False where there is no disk
 * (tmpfs, ramfs) or that cannot be done: what is read of it is not to be remembered. Ask before it is read. */
bool file_will_tell(const char *path);

/* Is what the path leads to, all links followed, the folder itself or below it? False too where either is not there. */
bool file_is_within(const char *folder, const char *path);

/* Where files that are soon gone are made: what TMPDIR names by an absolute path, else /tmp. Borrowed from the
 * environment. */
const char *temporary_folder(void);

/* Makes a directory in temporary_folder() for a short time; directory_remove() ends it. purpose: is part of its name.
 * NULL where none can be made. */
const char *temporary_directory(struct arena *arena, const char *purpose, struct status *status);

/* A file for reading and writing that has no name and goes when it is closed, in temporary_folder(); for close(2). -1
 * where none can be made. */
int file_nameless(struct arena *arena);

/* Reads a regular file whole into the arena (NUL-terminated behind its size). Fails with NOT_FOUND, PERMISSION_DENIED,
 * or FAILED_PRECONDITION when it is larger than limit bytes. */
bool file_read(struct arena *arena, const char *path, size_t limit, struct text *content, struct status *status);

/* The beginning of a file. */
struct file_start {
    struct text content;
    uint64_t size; /* of the whole file, in bytes */
};

/* Reads at most `most` bytes from its beginning. */
bool file_read_start(struct arena *arena, const char *path, size_t most, struct file_start *start,
                     struct status *status);

/* Gives the file's bytes to `take`, a piece after the other, however large it is. Fails as file_read does. */
typedef void file_piece_fn(void *data, struct text piece);
bool file_pieces(const char *path, file_piece_fn *take, void *data, struct status *status);

struct file_entry {
    const char *name; /* any bytes but '/' and NUL */
    bool is_directory;
    bool is_link; /* itself; is_directory is about what it points to */
};

struct file_list {
    struct file_entry *entries; /* sorted by the bytes of the names */
    size_t count;
};

/* Lists a directory without "." and ".."; symbolic links count as what they point to, dangling ones as files.
 * Fails with RESOURCE_EXHAUSTED beyond 100,000 entries. */
bool directory_list(struct arena *arena, const char *path, struct file_list *list, struct status *status);

/* Makes a directory and those above it that are missing. */
bool directory_make(struct arena *arena, const char *path, struct status *status);

/* Removes a directory with all that is in it, and follows no link. What cannot be removed stays, and is not told of;
 * nor is one that is not there. */
void directory_remove(const char *path);

/* Makes a new file with this content, on disk when it returns. ALREADY_EXISTS where something is there. */
bool file_create(const char *path, struct text content, struct status *status);

/* The same of one that nobody but its owner may read. */
bool file_create_private(const char *path, struct text content, struct status *status);

/* "dir/name"; dir alone when name is "", and name alone when it is absolute or dir is "" or ".". */
const char *path_join(struct arena *arena, const char *dir, const char *name);

/* True for a name that can be one component of a path: not empty, not "." or "..", no '/', no NUL, no control
 * characters, at most 255 bytes. */
bool path_is_component(struct text name);

/* True for a relative path of such components: it cannot lead out of where it begins. */
bool path_is_inside(const char *path);

#endif
