/*
 * Writes into a folder that lives as long as a request.
 */
#include "base/files.h"
#include "migration/past/git.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Without fsync: the file is temporary. */
static bool write_all(int fd, struct text content)
{
    size_t done = 0;
    while (done < content.size) {
        const ssize_t wrote = write(fd, content.data + done, content.size - done);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

bool past_file_write(struct arena *arena, const char *path, struct text content, struct status *status)
{
    unlink(path);
    if (!directory_make(arena, path_above(arena, path), status)) {
        return false;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const bool ok = fd >= 0 && write_all(fd, content);
    if (!ok) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "Cannot write %s: %s.", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}
