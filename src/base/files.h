/*
 * Reads files and folders of a project: files as a whole up to a size limit, folders listed in byte order.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/paths.h"
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Changes when the file changes. */
struct file_stamp {
    uint64_t device;
    uint64_t inode;
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
};

enum file_kind { FILE_NONE, FILE_REGULAR, FILE_DIRECTORY, FILE_OTHER };

/* What is at a path, following symbolic links; stamp may be NULL. FILE_NONE if nothing is there or it is not
 * accessible. */
enum file_kind file_look(const char *path, struct file_stamp *stamp);

/* The same for a path relative to an open directory, which is faster for many files in one place. */
enum file_kind file_look_at(int directory, const char *path, struct file_stamp *stamp);

/* Opens a directory for file_look_at; close it with close(2). -1 on failure. */
int directory_open(const char *path);

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* Is the last change old enough that another one would change the stamp? Changes within one tick of the file system's
 * clock may not: do not cache what was read of such a file. Pass a stamp taken before the file was read. */
bool file_stamp_is_settled(const struct file_stamp *stamp);

/* Will the file's stamp change with each change from now on? Writes to a mapped file (mmap) change the stamp only if
 * the page was written to disk in between, so this writes it now. False if that fails or there is no disk (tmpfs,
 * ramfs): do not cache what is read. Call it before reading. */
bool file_will_tell(const char *path);

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
