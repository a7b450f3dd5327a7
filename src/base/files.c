/*
 * POSIX files. A path is opened once and examined through its descriptor, so that what is checked is what is read.
 */
#include "base/files.h"

#include "base/bounds.h"
#include "base/file_looks.h"
#include "base/file_trace.h"
#include "base/memory.h"
#include "base/sandbox.h"
#include "base/shortage.h"
#include "base/sorting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_ENTRIES 100000
#define PIECE        ((size_t)64 * 1024) /* of a file that is read in pieces */
#define RETRY_MS     1000
#define READING      2 /* times its size: the file, and what is computed from it */

int directory_open(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        file_trace_missed(path, errno);
        bounds_missed(path);
    } else if (!bounds_hold(fd, path, NULL)) {
        close(fd);
        return -1;
    } else {
        file_trace_opened(fd, path);
    }
    return fd;
}

enum file_kind file_look(const char *path, struct file_stamp *stamp)
{
    return file_look_at(AT_FDCWD, path, stamp);
}

enum file_kind file_look_at(int directory, const char *path, struct file_stamp *stamp)
{
    struct file_seen seen;
    const int error = file_see(directory, path, &seen);
    if (error == 0 && stamp != NULL) {
        *stamp = seen.stamp;
    }
    file_trace_saw(directory, path, &seen, error);
    return seen.kind;
}

/* For this thread's trace. Where nothing was seen it looks again, for the error. */
static void note_looks(int directory, const char *const *names, size_t count, struct file_seen *seen)
{
    for (size_t i = 0; i < count && file_trace_is_on(); i++) {
        if (names[i] != NULL && seen[i].kind == FILE_NONE) {
            seen[i].kind = file_look_at(directory, names[i], &seen[i].stamp);
        } else if (names[i] != NULL) {
            file_trace_saw(directory, names[i], &seen[i], 0);
        }
    }
}

void files_look_at(int directory, const char *const *names, size_t count, struct file_seen *seen)
{
    files_see(directory, names, count, seen);
    note_looks(directory, names, count, seen);
}

bool directory_is_readable(const char *path)
{
    const bool is = access(path, R_OK | X_OK) == 0;
    if (!is) {
        const int before = errno;
        file_trace_doubt();
        errno = before;
    }
    return is;
}

bool file_is_within(const char *folder, const char *path)
{
    char *const above = realpath(folder, NULL);
    file_trace_real(folder, above, errno);
    char *const real = above == NULL ? NULL : realpath(path, NULL);
    file_trace_real(path, real, errno);
    const bool is_within = real != NULL && path_is_within(above, real);
    free(real);
    free(above);
    return is_within;
}

/* Of the process or the system; other requests give descriptors back. */
static bool fail_lacking(struct status *status, const char *doing, const char *path, int error)
{
    status_fail(status, STATUS_UNAVAILABLE, "Cannot %s %s: %s.", doing, path, strerror(error));
    status->hint = error == ENOMEM ? "Try again in a moment, or give the program more memory."
                                   : "Try again in a moment, or let the program open more files (ulimit -n, or "
                                     "LimitNOFILE= of its unit).";
    status->retry_ms = RETRY_MS;
    return false;
}

bool files_were_all_opened(const char *folder, struct status *status)
{
    const int error = file_trace_lacked();
    return error == 0 || fail_lacking(status, "read all files of", folder, error);
}

static bool fail_errno(struct status *status, const char *doing, const char *path)
{
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
        return fail_lacking(status, doing, path, errno);
    }
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

bool directory_check_readable(const char *path, struct status *status)
{
    return directory_is_readable(path) || errno != EACCES || fail_errno(status, "look into", path);
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
static int open_regular(const char *path, struct file_seen *seen, struct status *status)
{
    /* O_NONBLOCK: opening a FIFO must not block. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        file_trace_missed(path, errno);
        bounds_missed(path);
        fail_errno(status, "read", path);
        return -1;
    }
    if (!bounds_hold(fd, path, status)) {
        close(fd);
        return -1;
    }
    if (file_see_open(fd, seen) == 0 && seen->kind == FILE_REGULAR) {
        file_trace_saw(AT_FDCWD, path, seen, 0);
        return fd;
    }
    file_trace_doubt();
    status_fail(status, STATUS_FAILED_PRECONDITION, "Cannot read %s: it is not a file.", path);
    close(fd);
    return -1;
}

bool file_read(struct arena *arena, const char *path, size_t limit, struct text *content, struct status *status)
{
    bool ok = false;
    struct file_seen seen;
    const int fd = open_regular(path, &seen, status);
    if (fd < 0) {
        return false;
    }
    if (seen.stamp.size > limit) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s has %lld bytes; the most that is read is %zu.", path,
                    (long long)seen.stamp.size, limit);
    } else if (!memory_has_room(READING * (size_t)seen.stamp.size)) {
        shortage(status, "read", path);
    } else if (!read_all(arena, fd, (size_t)seen.stamp.size, limit, content)) {
        fail_errno(status, "read", path);
    } else if (content->size > limit) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s has more than %zu bytes, the most that is read.", path,
                    limit);
    } else {
        ok = true;
        file_trace_read(fd, path, *content, limit);
    }
    if (!ok) {
        file_trace_doubt();
    }
    close(fd);
    return ok;
}

bool file_read_start(struct arena *arena, const char *path, size_t most, struct file_start *start,
                     struct status *status)
{
    struct text *const content = &start->content;
    struct file_seen seen;
    const int fd = open_regular(path, &seen, status);
    if (fd < 0) {
        return false;
    }
    start->size = seen.stamp.size;
    const bool ok = read_all(arena, fd, start->size < most ? (size_t)start->size : most, most, content);
    if (!ok) {
        fail_errno(status, "read", path);
    }
    content->size = content->size > most ? most : content->size;
    if (ok) {
        file_trace_read(fd, path, *content, most);
    } else {
        file_trace_doubt();
    }
    close(fd);
    return ok;
}

bool file_pieces(const char *path, file_piece_fn *take, void *data, struct status *status)
{
    struct file_seen seen;
    char *const piece = memory_alloc(PIECE);
    const int fd = open_regular(path, &seen, status);
    ssize_t got = fd < 0 ? -1 : 1;
    for (size_t number = 0; got > 0; number++) {
        do {
            got = read(fd, piece, PIECE);
        } while (got < 0 && errno == EINTR);
        if (number == 0 && got >= 0 && got < (ssize_t)PIECE) {
            file_trace_read(fd, path, (struct text){piece, (size_t)got}, SIZE_MAX);
        } else if (got != 0) {
            file_trace_doubt(); /* nobody wants to read so much twice */
        }
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
    return file_look_at(dir_fd, item->d_name, NULL) == FILE_DIRECTORY;
}

static bool is_link(int dir_fd, const struct dirent *item)
{
    if (item->d_type != DT_UNKNOWN) {
        return item->d_type == DT_LNK;
    }
    struct stat info;
    file_trace_doubt();
    return fstatat(dir_fd, item->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

bool directory_list(struct arena *arena, const char *path, struct file_list *list, struct status *status)
{
    *list = (struct file_list){0};
    size_t capacity = 0;
    DIR *const dir = opendir(path);
    if (dir == NULL) {
        file_trace_missed(path, errno);
        bounds_missed(path);
        return fail_errno(status, "list", path);
    }
    bool ok = bounds_hold(dirfd(dir), path, status);
    if (!ok) {
        closedir(dir);
        return false;
    }
    file_trace_opened(dirfd(dir), path);
    file_trace_listed(dirfd(dir), path);
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
