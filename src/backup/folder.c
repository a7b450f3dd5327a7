/*
 * A folder as a store of backups. A file that is being written is called NAME.part. Links are never followed, and an
 * opened file stays the one that is read, whatever gets its name later.
 */
#include "backup/store.h"

#include "base/files.h"
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *path_of(const struct backup_call *call, const char *name, const char *suffix)
{
    return arena_printf(call->arena, "%s/%s%s", call->backups->folder, name, suffix);
}

static bool ready(const struct backup_call *call)
{
    const char *const folder = call->backups->folder;
    if (file_look(folder, NULL) == FILE_NONE && mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return status_fail(call->status, STATUS_FAILED_PRECONDITION,
                           "The folder of backups %s cannot be made: %s%s. Make it, or say another with --backups.",
                           folder, strerror(errno), sandbox_advice(folder));
    }
    return access(folder, R_OK | W_OK | X_OK) == 0 ||
           status_fail(call->status, STATUS_FAILED_PRECONDITION,
                       "The worker may not write into the folder of backups %s: %s.", folder, strerror(errno));
}

static bool has_room(const struct backup_call *call, int64_t size)
{
    struct statvfs disk;
    if (statvfs(call->backups->folder, &disk) != 0) {
        return true; /* the free space is not known: writing will show */
    }
    const int64_t room = (int64_t)(disk.f_bavail * disk.f_frsize);
    return room >= size ||
           status_fail(call->status, STATUS_FAILED_PRECONDITION,
                       "The disk of %s has room for %lld MB, and a dump of this database may take %lld MB: make room, "
                       "or say another folder with --backups.",
                       call->backups->folder, (long long)(room >> 20), (long long)(size >> 20));
}

/* ---- writing ---- */

static bool fail_file(const struct backup_call *call, const char *what, const char *name, int problem)
{
    errno = problem;
    return status_fail(call->status, problem == ENOSPC ? STATUS_FAILED_PRECONDITION : STATUS_INTERNAL,
                       "The file %s in %s cannot be %s: %s%s.", name, call->backups->folder, what, strerror(problem),
                       sandbox_advice(path_of(call, name, "")));
}

static bool begin(const struct backup_call *call, struct backup_writing *writing)
{
    const char *const path = path_of(call, writing->name, BACKUP_PART);
    writing->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return writing->file >= 0 || fail_file(call, "made", writing->name, errno);
}

static bool add(const struct backup_call *call, struct backup_writing *writing, struct text piece)
{
    for (size_t done = 0; done < piece.size;) {
        const ssize_t size = write(writing->file, piece.data + done, piece.size - done);
        if (size < 0 && errno != EINTR) {
            writing->failure = arena_printf(call->arena, "The file %s in %s cannot be written: %s.", writing->name,
                                            call->backups->folder, strerror(errno));
            return false;
        }
        done += size > 0 ? (size_t)size : 0;
    }
    return true;
}

static bool sync_folder(const struct backup_call *call)
{
    const int folder = directory_open(call->backups->folder);
    const bool ok = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0) {
        close(folder);
    }
    return ok;
}

static void release(struct backup_writing *writing)
{
    if (writing->file >= 0) {
        close(writing->file);
        writing->file = -1;
    }
}

static bool end(const struct backup_call *call, struct backup_writing *writing, struct text facts)
{
    const int problem = fsync(writing->file) == 0 ? 0 : errno;
    release(writing);
    if (problem != 0) {
        return fail_file(call, "written", writing->name, problem);
    }
    if (!file_create_private(path_of(call, writing->name, BACKUP_FACTS), facts, call->status)) {
        return false;
    }
    return (rename(path_of(call, writing->name, BACKUP_PART), path_of(call, writing->name, "")) == 0 &&
            sync_folder(call)) ||
           fail_file(call, "given its name", writing->name, errno);
}

/* ---- other operations ---- */

static int open_whole(const struct backup_call *call, const struct backup_opening *opening)
{
    struct stat about;
    const int file = open(path_of(call, opening->name, ""), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno != ENOENT && errno != ELOOP && errno != ENXIO) {
        fail_file(call, "read", opening->name, errno); /* this says nothing about the content */
        return -1;
    }
    if (file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode)) {
        return file;
    }
    const bool is_gone = file < 0 && errno == ENOENT;
    if (file >= 0) {
        close(file);
    }
    status_fail(call->status, is_gone ? STATUS_NOT_FOUND : STATUS_DATA_LOSS,
                is_gone ? "The file %s is not in the folder of backups any more."
                        : "The file %s is a link, or no file.",
                opening->name);
    return -1;
}

static bool delete_all(const struct backup_call *call, const char *name)
{
    static const char *const suffixes[] = {"", BACKUP_PART, BACKUP_FACTS};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (unlink(path_of(call, name, suffixes[i])) != 0 && errno != ENOENT) {
            ok = fail_file(call, "deleted", name, errno);
        }
    }
    return ok;
}

/* A folder that does not exist yet has no files. */
static bool list(const struct backup_call *call, struct words *names)
{
    struct file_list entries;
    struct status ignored = {.arena = call->arena};
    if (!directory_list(call->arena, call->backups->folder, &entries, &ignored)) {
        return true;
    }
    for (size_t i = 0; i < entries.count; i++) {
        if (!entries.entries[i].is_directory) {
            words_add(call->arena, names, entries.entries[i].name);
        }
    }
    return true;
}

const struct store_kind store_folder = {
    .ready = ready,
    .has_room = has_room,
    .begin = begin,
    .add = add,
    .end = end,
    .release = release,
    .open = open_whole,
    .delete = delete_all,
    .list = list,
};
