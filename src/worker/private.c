/*
 * A worker and its command that are both killed leave the directory behind. So a worker keeps a lock in its own, which
 * the kernel releases when the process ends, however it ends; and the next one removes those whose lock is free. One
 * without a lock file is left alone: it may be just about to be made.
 */
#include "worker/private.h"

#include "base/private_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST    256
#define MOST_NAMES 100000 /* that are looked at in the folder of the directories, which is often /tmp */
#define NEW_LOCK   PRIVATE_LOCK ".new"

void private_say_ready(const char *created)
{
    if (created != NULL) {
        printf("created %s\n", created);
    }
    printf("listening\n");
    fflush(stdout);
}

/* The path of the socket, and the slash after its directory; NULL: there is none. */
static char *cut_path(const char *url, char path[LONGEST])
{
    static const char scheme[] = "ipc://";
    const bool is_path = strncmp(url, scheme, strlen(scheme)) == 0;
    snprintf(path, LONGEST, "%s", is_path ? url + strlen(scheme) : "");
    char *const slash = strrchr(path, '/');
    return slash == path ? NULL : slash;
}

/* ---- the lock ---- */

/* Creates the lock file in a directory of ours, locked, and leaves it open until the process ends. It gets its name
 * only when it is locked, so that nobody finds it free. */
static bool keep_lock(int directory)
{
    const int lock = openat(directory, NEW_LOCK, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 &&
        renameat(directory, NEW_LOCK, directory, PRIVATE_LOCK) == 0) {
        /* cppcheck-suppress resourceLeak ; the descriptor is the lock */
        return true;
    }
    if (lock >= 0) {
        close(lock);
        unlinkat(directory, NEW_LOCK, 0);
    }
    return false;
}

/* ---- those of others ---- */

/* Is it ours, with a lock that nobody has? Then it is removed under that lock. */
static void remove_if_dead(int folder, const char *name)
{
    struct stat info;
    const int directory = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int lock = directory < 0 || fstat(directory, &info) != 0 || info.st_uid != geteuid()
                         ? -1
                         : openat(directory, PRIVATE_LOCK, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) {
        unlinkat(directory, PRIVATE_SOCKET, 0);
        unlinkat(directory, PRIVATE_LOCK, 0);
        unlinkat(folder, name, AT_REMOVEDIR);
    }
    if (lock >= 0) {
        close(lock);
    }
    if (directory >= 0) {
        close(directory);
    }
}

/* Looks through the folder that our own directory is in. */
static void remove_dead(const char *folder)
{
    DIR *const entries = opendir(folder);
    const struct dirent *entry;
    for (int i = 0; entries != NULL && i < MOST_NAMES && (entry = readdir(entries)) != NULL; i++) {
        const char *const digits = entry->d_name + strlen(PRIVATE_PREFIX);
        if (strncmp(entry->d_name, PRIVATE_PREFIX, strlen(PRIVATE_PREFIX)) == 0 && strlen(digits) == PRIVATE_DIGITS &&
            strspn(digits, "0123456789abcdef") == PRIVATE_DIGITS) {
            remove_if_dead(dirfd(entries), entry->d_name);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
}

/* ---- our own ---- */

static bool make(const char *path)
{
    const int directory = mkdir(path, S_IRWXU) == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    const bool ok = directory >= 0 && keep_lock(directory);
    if (directory >= 0) {
        close(directory);
    }
    return ok;
}

bool private_begin(const char *url, struct status *status)
{
    char path[LONGEST];
    char *slash = cut_path(url, path);
    if (slash == NULL) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "--serves-parent needs an ipc:// address in --listen.");
    }
    *slash = '\0';
    if (!make(path)) {
        return status_fail(status, STATUS_FAILED_PRECONDITION, "Cannot make the directory %s: %s.", path,
                           strerror(errno));
    }
    slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        *slash = '\0';
        remove_dead(path);
    }
    return true;
}

void private_end(const char *url)
{
    char path[LONGEST];
    char *const slash = cut_path(url, path);
    if (slash == NULL) {
        unlink(path);
        return;
    }
    unlink(path);
    snprintf(slash, (size_t)(path + LONGEST - slash), "/" PRIVATE_LOCK);
    unlink(path);
    *slash = '\0';
    rmdir(path);
}
