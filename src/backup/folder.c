/*
 * A name is ours alone and random at its end, so that what somebody has put there is never what we open for writing.
 */
#include "backup/folder.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SLUG_MOST 40
#define TAG_SIZE  8
#define CHANCE    6
#define PIECE     ((size_t)1 << 20)

bool backup_is_set_up(const struct backups *backups, struct status *status)
{
    return backups->folder != NULL ||
           status_fail(status, STATUS_FAILED_PRECONDITION,
                       "Backups are not set up: give truss-worker, or truss where it asks no worker, --backups DIR "
                       "(or TRUSS_BACKUPS), a folder for their files on a disk with room.");
}

const char *backup_path(const struct backup_call *call, const char *name, const char *suffix)
{
    return arena_printf(call->arena, "%s/%s%s", call->backups->folder, name, suffix);
}

bool backup_folder_ready(const struct backup_call *call)
{
    const char *const folder = call->backups->folder;
    if (!backup_is_set_up(call->backups, call->status)) {
        return false;
    }
    if (file_look(folder, NULL) == FILE_NONE && mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return status_fail(call->status, STATUS_FAILED_PRECONDITION,
                           "The folder of backups %s cannot be made: %s. Make it, or say another with --backups.",
                           folder, strerror(errno));
    }
    return access(folder, R_OK | W_OK | X_OK) == 0 ||
           status_fail(call->status, STATUS_FAILED_PRECONDITION,
                       "The worker may not write into the folder of backups %s: %s.", folder, strerror(errno));
}

/* ---- names ---- */

static void put_tag(struct arena *arena, struct buffer *name, const char *home)
{
    buffer_add(name, (struct text){sha256_hex_of(arena, text_of(home)), TAG_SIZE});
}

const char *backup_file_name(struct arena *arena, const char *database, const char *home, const char *time)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    struct buffer name = {.arena = arena};
    unsigned char chance[CHANCE] = {0};
    for (size_t i = 0; i < SLUG_MOST && database[i] != '\0'; i++) {
        const char c = database[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0);
        buffer_putc(&name, plain ? c : '_');
    }
    buffer_putc(&name, '_');
    put_tag(arena, &name, home);
    buffer_printf(&name, "_%s_", time);
    if (getrandom(chance, sizeof chance, 0) != (ssize_t)sizeof chance) {
        memset(chance, 0, sizeof chance); /* then the file must not be there: O_EXCL */
    }
    for (size_t i = 0; i < CHANCE; i++) {
        buffer_putc(&name, letters[chance[i] % (sizeof letters - 1)]);
    }
    buffer_puts(&name, ".dump");
    return buffer_string(&name);
}

void backup_files_list(const struct backup_call *call, const char *home, struct words *names)
{
    struct file_list list;
    struct status ignored = {.arena = call->arena};
    struct buffer tag = {.arena = call->arena};
    buffer_putc(&tag, '_');
    put_tag(call->arena, &tag, home);
    buffer_putc(&tag, '_');
    if (call->backups->folder == NULL || !directory_list(call->arena, call->backups->folder, &list, &ignored)) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct text name = text_of(list.entries[i].name);
        const bool ends = text_ends_with(name, ".dump") || text_ends_with(name, ".dump" BACKUP_PART);
        if (ends && !list.entries[i].is_directory && text_find(name, buffer_string(&tag), 0) != SIZE_MAX &&
            text_is_utf8(name, NULL)) {
            words_add(call->arena, names, list.entries[i].name);
        }
    }
}

/* ---- room ---- */

bool backup_folder_has_room(const struct backup_call *call, int64_t database_size)
{
    struct statvfs disk;
    if (statvfs(call->backups->folder, &disk) != 0) {
        return true; /* what the disk has is not known: writing will tell */
    }
    const int64_t room = (int64_t)(disk.f_bavail * disk.f_frsize);
    return room >= database_size / 3 ||
           status_fail(call->status, STATUS_FAILED_PRECONDITION,
                       "The disk of %s has room for %lld MB, and a dump of this database may take %lld MB: make room, "
                       "or say another folder with --backups.",
                       call->backups->folder, (long long)(room >> 20), (long long)(database_size / 3 >> 20));
}

/* ---- writing ---- */

static bool fail_file(const struct backup_call *call, const char *what, const char *name, int problem)
{
    return status_fail(call->status, problem == ENOSPC ? STATUS_FAILED_PRECONDITION : STATUS_INTERNAL,
                       "The file %s in %s cannot be %s: %s.", name, call->backups->folder, what, strerror(problem));
}

bool backup_writing_begin(const struct backup_call *call, const char *name, struct backup_writing *writing)
{
    *writing = (struct backup_writing){.name = name};
    writing->file =
        open(backup_path(call, name, BACKUP_PART), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (writing->file < 0) {
        return fail_file(call, "made", name, errno);
    }
    sha256_start(&writing->hash);
    return true;
}

bool backup_writing_add(struct backup_writing *writing, struct text piece)
{
    sha256_add(&writing->hash, piece);
    for (size_t done = 0; done < piece.size;) {
        const ssize_t size = write(writing->file, piece.data + done, piece.size - done);
        if (size < 0 && errno != EINTR) {
            writing->problem = errno;
            return false;
        }
        done += size > 0 ? (size_t)size : 0;
    }
    writing->size += (int64_t)piece.size;
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

bool backup_writing_end(const struct backup_call *call, struct backup_writing *writing, struct text facts,
                        char sha256[SHA256_HEX_SIZE])
{
    unsigned char digest[SHA256_SIZE];
    const bool is_synced = fsync(writing->file) == 0;
    writing->problem = is_synced ? 0 : errno;
    close(writing->file);
    writing->file = -1;
    sha256_finish(&writing->hash, digest);
    sha256_hex(digest, sha256);
    if (!is_synced) {
        return fail_file(call, "written", writing->name, writing->problem);
    }
    if (!file_create(backup_path(call, writing->name, BACKUP_FACTS), facts, call->status)) {
        return false;
    }
    if (rename(backup_path(call, writing->name, BACKUP_PART), backup_path(call, writing->name, "")) != 0 ||
        !sync_folder(call)) {
        return fail_file(call, "given its name", writing->name, errno);
    }
    return true;
}

void backup_writing_drop(const struct backup_call *call, struct backup_writing *writing)
{
    unsigned char digest[SHA256_SIZE];
    if (writing->file >= 0) {
        close(writing->file);
        sha256_finish(&writing->hash, digest);
        writing->file = -1;
    }
    backup_files_delete(call, writing->name);
}

bool backup_files_delete(const struct backup_call *call, const char *name)
{
    static const char *const suffixes[] = {"", BACKUP_PART, BACKUP_FACTS};
    bool ok = path_is_component(text_of(name));
    for (size_t i = 0; ok && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (unlink(backup_path(call, name, suffixes[i])) != 0 && errno != ENOENT) {
            ok = fail_file(call, "deleted", name, errno);
        }
    }
    return ok;
}

/* ---- reading ---- */

struct hashing {
    int file;
    struct sha256 hash;
    char *piece; /* PIECE bytes */
    backup_goes_on *goes_on;
    void *data;
    int problem; /* an errno; ECANCELED: it does not go on */
};

static bool hash_file(struct hashing *hashing)
{
    for (;;) {
        const ssize_t size = read(hashing->file, hashing->piece, PIECE);
        if (size == 0) {
            return true;
        }
        if (size < 0 && errno != EINTR) {
            hashing->problem = errno;
            return false;
        }
        sha256_add(&hashing->hash, (struct text){hashing->piece, size > 0 ? (size_t)size : 0});
        if (!hashing->goes_on(hashing->data)) {
            hashing->problem = ECANCELED;
            return false;
        }
    }
}

bool backup_file_hash(const struct backup_call *call, const char *name, char sha256[SHA256_HEX_SIZE],
                      backup_goes_on *goes_on, void *data)
{
    struct stat about;
    unsigned char digest[SHA256_SIZE];
    const int file = open(backup_path(call, name, ""), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno != ENOENT && errno != ELOOP && errno != ENXIO) {
        return fail_file(call, "read", name, errno); /* which says nothing of what is in it */
    }
    if (file < 0 || fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        const bool is_gone = file < 0 && errno == ENOENT;
        if (file >= 0) {
            close(file);
        }
        return status_fail(call->status, is_gone ? STATUS_NOT_FOUND : STATUS_DATA_LOSS,
                           is_gone ? "The file %s is not in the folder of backups any more."
                                   : "The file %s is a link, or no file.",
                           name);
    }
    struct arena *const arena = arena_new(0);
    struct hashing hashing = {.file = file, .piece = arena_alloc(arena, PIECE), .goes_on = goes_on, .data = data};
    sha256_start(&hashing.hash);
    const bool ok = hash_file(&hashing);
    sha256_finish(&hashing.hash, digest);
    sha256_hex(digest, sha256);
    arena_free(arena);
    close(file);
    return ok || (hashing.problem == ECANCELED
                      ? status_fail(call->status, STATUS_CANCELLED, "It was cancelled while it was read.")
                      : fail_file(call, "read", name, hashing.problem));
}
