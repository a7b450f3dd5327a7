/*
 * What stat(2) tells of a file, and whether that tells of every change.
 */
#ifndef BASE_FILE_STAMP_H
#define BASE_FILE_STAMP_H

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

/* The stamp of what stat(2) told. */
struct stat;
struct file_stamp file_stamp_of(const struct stat *info);

/* The result of a look. */
struct file_seen {
    enum file_kind kind;
    struct file_stamp stamp; /* if the file exists */
};

/* Looks at a path relative to an open directory, following symbolic links. Returns 0 or the error, with kind FILE_NONE.
 * Does not note it (base/file_trace.h): file_look_at of base/files.h does. */
int file_see(int directory, const char *path, struct file_seen *seen);

/* The same for an open file. */
int file_see_open(int fd, struct file_seen *seen);

/* A directory on the way down a tree. */
struct file_way {
    struct file_stamp stamp;
    const struct file_way *above; /* NULL: it is the top */
};

/* Is the directory also above itself, by a symbolic link, so that it would be searched again and again? */
bool file_way_is_circle(const struct file_way *way);

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);
bool file_seen_equal(const struct file_seen *a, const struct file_seen *b);

/* Is the last change old enough that another one would change the stamp? Changes within one tick of the file system's
 * clock may not: do not cache what was read of such a file. Pass a stamp taken before the file was read. */
bool file_stamp_is_settled(const struct file_stamp *stamp);

/* Will the file's stamp change with each change from now on? Writes to a mapped file (mmap) change the stamp only if
 * the page was written to disk in between, so this writes it now. False if that fails, and in a file system that is not
 * known to do so (tmpfs, ZFS, a network's): do not cache what is read. Call it before reading. */
bool file_will_tell(const char *path);

/* Is the open file in a file system whose stamps tell of each change at once? Those of a network file system or of FUSE
 * may be seconds old. */
bool file_system_tells(int fd);

#endif
