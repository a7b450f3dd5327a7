/*
 * All checks use the descriptor that is read, never the path again.
 */
#include "base/private_file.h"

#include "base/clock.h"
#include "base/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_MS 10000

static bool fail_errno(struct status *status, const char *verb, const char *path)
{
    const int error = errno;
    return status_fail(status,
                       error == ENOENT   ? STATUS_NOT_FOUND
                       : error == EACCES ? STATUS_PERMISSION_DENIED
                                         : STATUS_FAILED_PRECONDITION,
                       "Cannot %s %s: %s.", verb, path, strerror(error));
}

/* As PostgreSQL checks its key: only accessible to the owner, or root's and readable by a group. */
static bool is_private(const struct stat *info)
{
    const bool is_ours = info->st_uid == geteuid();
    const bool is_root = info->st_uid == 0;
    if (!is_ours && !is_root) {
        return false;
    }
    return (info->st_mode & (is_ours ? 0077 : 0027)) == 0;
}

/* Nobody else may change it. */
static bool is_trusted(const struct stat *info)
{
    return (info->st_uid == geteuid() || info->st_uid == 0) && (info->st_mode & 0022) == 0;
}

static bool check_trusted(const char *path, const struct stat *info, struct status *status)
{
    return is_trusted(info) ||
           status_fail(
               status, STATUS_FAILED_PRECONDITION,
               "Others could change %s: its mode is %04o and its owner uid %u. It must belong to root or to the "
               "user who reads it, and only he may write it: chmod 644 %s",
               path, (unsigned)(info->st_mode & 07777), (unsigned)info->st_uid, path);
}

static bool check_private(const char *path, const struct stat *info, struct status *status)
{
    if (!is_private(info)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION,
                           "%s is not private: its mode is %04o and its owner uid %u. It must belong to the user who "
                           "reads it, and to nobody else: chmod 600 %s",
                           path, (unsigned)(info->st_mode & 07777), (unsigned)info->st_uid, path);
    }
    return true;
}

typedef bool file_check(const char *path, const struct stat *info, struct status *status);

static bool check_size(const char *path, const struct stat *info, size_t limit, struct status *status)
{
    if (!S_ISREG(info->st_mode)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "%s is not a regular file.", path);
    }
    return (size_t)info->st_size <= limit ||
           status_fail(status, STATUS_FAILED_PRECONDITION, "%s is larger than %zu bytes.", path, limit);
}

static bool read_open(struct arena *arena, int fd, size_t size, struct text *content)
{
    char *const data = arena_alloc(arena, size + 1);
    size_t got = 0;
    while (got < size) {
        const ssize_t more = read(fd, data + got, size - got);
        if (more < 0 && errno == EINTR) {
            continue;
        }
        if (more < 0) {
            return false;
        }
        if (more == 0) {
            break;
        }
        got += (size_t)more;
    }
    *content = (struct text){data, got};
    return true;
}

/* The path, and what the file must be. */
struct wanted {
    const char *path;
    size_t limit;
    file_check *check;
};

static bool read_checked(struct arena *arena, const struct wanted *wanted, struct private_file *file,
                         struct status *status)
{
    struct stat info;
    const int fd = open(wanted->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* without waiting for a FIFO */
    if (fd < 0) {
        return fail_errno(status, "read", wanted->path);
    }
    bool ok = fstat(fd, &info) == 0 || fail_errno(status, "read", wanted->path);
    ok = ok && check_size(wanted->path, &info, wanted->limit, status) && wanted->check(wanted->path, &info, status);
    if (ok && !read_open(arena, fd, (size_t)info.st_size, &file->content)) {
        ok = fail_errno(status, "read", wanted->path);
    }
    if (ok) {
        file->stamp = file_stamp_of(&info);
    }
    close(fd);
    return ok;
}

bool private_file_read(struct arena *arena, const char *path, size_t limit, struct private_file *file,
                       struct status *status)
{
    const struct wanted wanted = {path, limit, check_private};
    return read_checked(arena, &wanted, file, status);
}

bool trusted_file_read(struct arena *arena, const char *path, size_t limit, struct private_file *file,
                       struct status *status)
{
    const struct wanted wanted = {path, limit, check_trusted};
    return read_checked(arena, &wanted, file, status);
}

/* ---- replacing ---- */

static bool write_whole(int fd, struct text content)
{
    for (size_t done = 0; done < content.size;) {
        const ssize_t wrote = write(fd, content.data + done, content.size - done);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return fsync(fd) == 0;
}

/* A rename is durable when its directory is. */
static void sync_directory(struct arena *arena, const char *path)
{
    const char *const directory = path_above(arena, path);
    const int fd = open(directory[0] == '\0' ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

bool private_file_write(struct arena *arena, const char *path, struct text content, struct status *status)
{
    char unique[UUID_SIZE];
    uuid_v4(unique);
    const char *const beside = arena_printf(arena, "%s.%s", path, unique);
    const int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return fail_errno(status, "make", beside);
    }
    const bool wrote = write_whole(fd, content);
    const bool ok = wrote && rename(beside, path) == 0;
    if (!ok) {
        fail_errno(status, "write", path);
        unlink(beside);
    } else {
        sync_directory(arena, path);
    }
    close(fd);
    return ok;
}

int private_file_lock(struct arena *arena, const char *path, struct status *status)
{
    const struct timespec tick = {.tv_nsec = 20000000};
    const int64_t deadline = deadline_in(LOCK_MS);
    const char *const beside = arena_printf(arena, "%s.lock", path);
    const int lock = open(beside, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (lock < 0) {
        fail_errno(status, "make", beside);
        return -1;
    }
    while (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (deadline_passed(deadline)) {
            status_fail(status, STATUS_ABORTED, "Somebody else is changing %s, and holds %s. Try again.", path, beside);
            close(lock);
            return -1;
        }
        nanosleep(&tick, NULL);
    }
    return lock;
}

void private_file_unlock(int lock)
{
    close(lock);
}
