/*
 * POSIX files. A path is opened once and examined through its descriptor, so that what is checked is what is read.
 */
#include "base/files.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/sandbox.h"
#include "base/shortage.h"
#include "base/sorting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOST_ENTRIES 100000
#define PIECE        ((size_t)64 * 1024) /* of a file that is read in pieces */
#define SETTLED_NS   INT64_C(2000000000)
#define READING      2 /* times its size: the file, and what is computed from it */

static enum file_kind kind_of(const struct stat *info)
{
    return S_ISREG(info->st_mode) ? FILE_REGULAR : S_ISDIR(info->st_mode) ? FILE_DIRECTORY : FILE_OTHER;
}

int directory_open(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        bounds_missed(path);
    } else if (!bounds_hold(fd, path, NULL)) {
        close(fd);
        return -1;
    }
    return fd;
}

enum file_kind file_look(const char *path, struct file_stamp *stamp)
{
    return file_look_at(AT_FDCWD, path, stamp);
}

enum file_kind file_look_at(int directory, const char *path, struct file_stamp *stamp)
{
    struct stat info;
    if (fstatat(directory, path, &info, 0) != 0) {
        return FILE_NONE;
    }
    if (stamp != NULL) {
        *stamp = (struct file_stamp){
            .device = info.st_dev,
            .inode = info.st_ino,
            .size = (uint64_t)info.st_size,
            .mtime_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec,
            .ctime_ns = (int64_t)info.st_ctim.tv_sec * 1000000000 + info.st_ctim.tv_nsec,
        };
    }
    return kind_of(&info);
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns;
}

bool file_stamp_is_settled(const struct file_stamp *stamp)
{
    const int64_t last = stamp->mtime_ns > stamp->ctime_ns ? stamp->mtime_ns : stamp->ctime_ns;
    return clock_wall_us() * 1000 - last >= SETTLED_NS;
}

bool file_will_tell(const char *path)
{
    const unsigned now = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    struct statfs system;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const bool will = fd >= 0 && fstatfs(fd, &system) == 0 && system.f_type != TMPFS_MAGIC &&
                      system.f_type != RAMFS_MAGIC && sync_file_range(fd, 0, 0, now) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return will;
}

bool file_is_within(const char *folder, const char *path)
{
    char *const above = realpath(folder, NULL);
    char *const real = above == NULL ? NULL : realpath(path, NULL);
    const bool is_within = real != NULL && path_is_within(above, real);
    free(real);
    free(above);
    return is_within;
}

static bool fail_errno(struct status *status, const char *doing, const char *path)
{
    const enum status_code code = errno == ENOENT || errno == ENOTDIR                   ? STATUS_NOT_FOUND
                                  : errno == EACCES || errno == EPERM || errno == EROFS ? STATUS_PERMISSION_DENIED
                                  : errno == EEXIST                                     ? STATUS_ALREADY_EXISTS
                                                                                        : STATUS_INTERNAL;
    const char *const advice = sandbox_advice(path);
    return status_fail(status, code, "Cannot %s %s: %s%s.", doing, path, strerror(errno),
                       advice[0] != '\0' ? advice
                       : errno == EACCES ? "; let the user that this program runs as do so"
                                         : "");
}

/* Reads to the end, or one byte more than the limit: a file may grow while it is read. */
static bool read_all(struct arena *arena, int fd, size_t expected, size_t limit, struct text *content)
{
    struct buffer buffer = {.arena = arena};
    buffer_reserve(&buffer, expected);
    for (;;) {
        const size_t room = buffer.capacity - 1 - buffer.size;
        if (room == 0) {
            buffer_reserve(&buffer, buffer.size);
            continue;
        }
        const ssize_t got = read(fd, buffer.data + buffer.size, room);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        buffer.size += (size_t)got;
        if (got == 0 || buffer.size > limit) {
            break;
        }
        if (buffer.size >= expected && room > 1) {
            /* Another read would only find the end; a file that grows is read again next time. */
            break;
        }
    }
    buffer.data[buffer.size] = '\0';
    *content = buffer_text(&buffer);
    return true;
}

/* Opens a regular file and gets its properties; -1 with the status on failure. */
static int open_regular(const char *path, struct stat *info, struct status *status)
{
    /* O_NONBLOCK: opening a FIFO must not block. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        bounds_missed(path);
        fail_errno(status, "read", path);
        return -1;
    }
    if (!bounds_hold(fd, path, status)) {
        close(fd);
        return -1;
    }
    if (fstat(fd, info) == 0 && kind_of(info) == FILE_REGULAR) {
        return fd;
    }
    status_fail(status, STATUS_FAILED_PRECONDITION, "Cannot read %s: it is not a file.", path);
    close(fd);
    return -1;
}

bool file_read(struct arena *arena, const char *path, size_t limit, struct text *content, struct status *status)
{
    bool ok = false;
    struct stat info;
    const int fd = open_regular(path, &info, status);
    if (fd < 0) {
        return false;
    }
    if ((uint64_t)info.st_size > limit) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s has %lld bytes; the most that is read is %zu.", path,
                    (long long)info.st_size, limit);
    } else if (!memory_has_room(READING * (size_t)info.st_size)) {
        shortage(status, "read", path);
    } else if (!read_all(arena, fd, (size_t)info.st_size, limit, content)) {
        fail_errno(status, "read", path);
    } else if (content->size > limit) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s has more than %zu bytes, the most that is read.", path,
                    limit);
    } else {
        ok = true;
    }
    close(fd);
    return ok;
}

bool file_read_start(struct arena *arena, const char *path, size_t most, struct file_start *start,
                     struct status *status)
{
    struct text *const content = &start->content;
    struct stat info;
    const int fd = open_regular(path, &info, status);
    if (fd < 0) {
        return false;
    }
    start->size = (uint64_t)info.st_size;
    const bool ok = read_all(arena, fd, start->size < most ? (size_t)start->size : most, most, content);
    if (!ok) {
        fail_errno(status, "read", path);
    }
    content->size = content->size > most ? most : content->size;
    close(fd);
    return ok;
}

bool file_pieces(const char *path, file_piece_fn *take, void *data, struct status *status)
{
    struct stat info;
    char *const piece = memory_alloc(PIECE);
    const int fd = open_regular(path, &info, status);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) {
        do {
            got = read(fd, piece, PIECE);
        } while (got < 0 && errno == EINTR);
        if (got > 0) {
            take(data, (struct text){piece, (size_t)got});
        } else if (got < 0) {
            fail_errno(status, "read", path);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    free(piece);
    return got == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file_entry *)a)->name, ((const struct file_entry *)b)->name);
}

static bool is_directory(int dir_fd, const struct dirent *item)
{
    if (item->d_type == DT_DIR || item->d_type == DT_REG) {
        return item->d_type == DT_DIR;
    }
    struct stat info;
    return fstatat(dir_fd, item->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

static bool is_link(int dir_fd, const struct dirent *item)
{
    if (item->d_type != DT_UNKNOWN) {
        return item->d_type == DT_LNK;
    }
    struct stat info;
    return fstatat(dir_fd, item->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

bool directory_list(struct arena *arena, const char *path, struct file_list *list, struct status *status)
{
    *list = (struct file_list){0};
    size_t capacity = 0;
    DIR *const dir = opendir(path);
    if (dir == NULL) {
        bounds_missed(path);
        return fail_errno(status, "list", path);
    }
    bool ok = bounds_hold(dirfd(dir), path, status);
    if (!ok) {
        closedir(dir);
        return false;
    }
    for (const struct dirent *item; (item = readdir(dir)) != NULL;) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) {
            continue;
        }
        if (list->count == MOST_ENTRIES) {
            ok = status_fail(status, STATUS_RESOURCE_EXHAUSTED, "%s has more than %d entries.", path, MOST_ENTRIES);
            break;
        }
        list->entries = arena_grow(arena, list->entries, list->count, &capacity, sizeof *list->entries);
        list->entries[list->count++] = (struct file_entry){
            .name = arena_strdup(arena, item->d_name),
            .is_directory = is_directory(dirfd(dir), item),
            .is_link = is_link(dirfd(dir), item),
        };
    }
    closedir(dir);
    sort_items(list->entries, list->count, sizeof *list->entries, by_name);
    return ok;
}

bool directory_make(struct arena *arena, const char *path, struct status *status)
{
    char *const part = arena_strdup(arena, path);
    for (char *slash = part;; slash++) {
        slash = strchrnul(slash, '/');
        const char kept = *slash;
        *slash = '\0';
        if (part[0] != '\0' && mkdir(part, 0777) != 0 && errno != EEXIST) {
            return fail_errno(status, "make", part);
        }
        *slash = kept;
        if (kept == '\0') {
            break;
        }
    }
    return file_look(path, NULL) == FILE_DIRECTORY ||
           status_fail(status, STATUS_FAILED_PRECONDITION, "%s is not a directory.", path);
}

static bool create(const char *path, mode_t mode, struct text content, struct status *status)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return fail_errno(status, "make", path);
    }
    bool ok = true;
    for (size_t done = 0; ok && done < content.size;) {
        const ssize_t wrote = write(fd, content.data + done, content.size - done);
        ok = wrote >= 0 || errno == EINTR;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    ok = ok && fsync(fd) == 0;
    if (!ok) {
        fail_errno(status, "write", path);
        unlink(path);
    }
    close(fd);
    return ok;
}

bool file_create(const char *path, struct text content, struct status *status)
{
    return create(path, 0666, content, status);
}

bool file_create_private(const char *path, struct text content, struct status *status)
{
    return create(path, 0600, content, status);
}

const char *temporary_folder(void)
{
    const char *const variable = getenv("TMPDIR");
    return variable == NULL || variable[0] != '/' ? "/tmp" : variable;
}

const char *temporary_directory(struct arena *arena, const char *purpose, struct status *status)
{
    char *const path = arena_printf(arena, "%s/truss-%s-XXXXXX", temporary_folder(), purpose);
    if (mkdtemp(path) == NULL) {
        status_fail(status, STATUS_FAILED_PRECONDITION,
                    "No folder can be made in %s: %s. Name one with TMPDIR that the worker may write to.",
                    temporary_folder(), strerror(errno));
        return NULL;
    }
    return path;
}

int file_nameless(struct arena *arena)
{
    const char *const folder = temporary_folder();
    const int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0) {
        return file;
    }
    /* Not every file system supports unnamed files: then the name is removed at once. */
    char *const path = arena_printf(arena, "%s/truss-XXXXXX", folder);
    const int named = mkostemp(path, O_CLOEXEC);
    if (named >= 0) {
        unlink(path);
    }
    return named;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

void directory_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
