/*
 * A name belongs only to us and ends with random letters, so that a file that somebody else put there is never opened
 * for writing.
 */
#include "backup/store.h"

#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define SLUG_MOST 40
#define TAG_SIZE  8
#define CHANCE    6
#define PIECE     ((size_t)1 << 20)

static const struct store_kind *kind_of(const struct backup_call *call)
{
    return call->backups->s3 != NULL ? &store_s3 : &store_folder;
}

bool backup_is_set_up(const struct backups *backups, struct status *status)
{
    return backups->folder != NULL ||
           status_fail(status, STATUS_FAILED_PRECONDITION,
                       "Backups are not set up: give truss-worker, or truss if it asks no worker, --backups DIR (or "
                       "TRUSS_BACKUPS), a folder for their files on a disk with room, or s3://BUCKET/PREFIX.");
}

bool backup_store_ready(const struct backup_call *call)
{
    return backup_is_set_up(call->backups, call->status) && kind_of(call)->ready(call);
}

bool backup_store_has_room(const struct backup_call *call, int64_t database_size)
{
    return kind_of(call)->has_room(call, database_size / 3);
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
        memset(chance, 0, sizeof chance); /* then O_EXCL makes sure that no such file exists */
    }
    for (size_t i = 0; i < CHANCE; i++) {
        buffer_putc(&name, letters[chance[i] % (sizeof letters - 1)]);
    }
    return buffer_string(&name);
}

bool backup_is_archive(const char *name)
{
    return text_ends_with(text_of(name), BACKUP_ARCHIVE);
}

/* ".dump", ".tar", or a part of one. */
static bool has_suffix(struct text name)
{
    static const char *const suffixes[] = {BACKUP_CUSTOM, BACKUP_ARCHIVE, BACKUP_CUSTOM BACKUP_PART,
                                           BACKUP_ARCHIVE BACKUP_PART};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (text_ends_with(name, suffixes[i])) {
            return true;
        }
    }
    return false;
}

/* ---- directories ---- */

const char *backup_scratch(const struct backup_call *call, const char *name)
{
    const char *const folder = call->backups->s3 == NULL ? call->backups->folder : temporary_folder();
    return arena_printf(call->arena, "%s/%s.d", folder, name);
}

bool backup_scratch_delete(const char *path)
{
    DIR *const directory = opendir(path);
    if (directory == NULL) {
        return errno == ENOENT;
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    return rmdir(path) == 0 || errno == ENOENT;
}

bool backup_files_list(const struct backup_call *call, const char *home, struct words *names)
{
    struct words all = {0};
    struct buffer tag = {.arena = call->arena};
    buffer_putc(&tag, '_');
    put_tag(call->arena, &tag, home);
    buffer_putc(&tag, '_');
    if (call->backups->folder == NULL || !kind_of(call)->list(call, &all)) {
        return call->backups->folder == NULL;
    }
    for (size_t i = 0; i < all.count; i++) {
        const struct text name = text_of(all.items[i]);
        if (has_suffix(name) && text_find(name, buffer_string(&tag), 0) != SIZE_MAX && text_is_utf8(name, NULL)) {
            words_add(call->arena, names, all.items[i]);
        }
    }
    return true;
}

bool backup_files_delete(const struct backup_call *call, const char *name)
{
    return path_is_component(text_of(name)) &&
           (!backup_is_archive(name) || backup_scratch_delete(backup_scratch(call, name))) &&
           kind_of(call)->delete (call, name);
}

/* ---- writing ---- */

bool backup_writing_begin(const struct backup_call *call, struct backup_writing *writing)
{
    writing->size = 0;
    writing->failure = NULL;
    writing->file = -1;
    writing->upload = NULL;
    if (!kind_of(call)->begin(call, writing)) {
        return false;
    }
    sha256_start(&writing->hash);
    return true;
}

bool backup_writing_add(const struct backup_call *call, struct backup_writing *writing, struct text piece)
{
    sha256_add(&writing->hash, piece);
    writing->size += (int64_t)piece.size;
    return kind_of(call)->add(call, writing, piece);
}

static void end_hash(struct backup_writing *writing, char sha256[SHA256_HEX_SIZE])
{
    unsigned char digest[SHA256_SIZE];
    if (writing->hash.context != NULL) {
        sha256_finish(&writing->hash, digest);
        sha256_hex(digest, sha256);
        writing->hash.context = NULL;
    }
}

bool backup_writing_end(const struct backup_call *call, struct backup_writing *writing, struct text facts,
                        char sha256[SHA256_HEX_SIZE])
{
    end_hash(writing, sha256);
    return kind_of(call)->end(call, writing, facts);
}

void backup_writing_drop(const struct backup_call *call, struct backup_writing *writing)
{
    char ignored[SHA256_HEX_SIZE];
    end_hash(writing, ignored);
    kind_of(call)->release(writing);
    backup_files_delete(call, writing->name);
}

/* ---- reading ---- */

int backup_file_open(const struct backup_call *call, const struct backup_opening *opening)
{
    return backup_is_set_up(call->backups, call->status) ? kind_of(call)->open(call, opening) : -1;
}

/* Returns 0 or an errno; ECANCELED: the work must not go on. */
static int hash_file(const struct backup_opening *opening, int file, struct sha256 *hash)
{
    struct arena *const arena = arena_new(0);
    char *const piece = arena_alloc(arena, PIECE);
    int problem = 0;
    for (off_t at = 0; problem == 0;) {
        const ssize_t size = pread(file, piece, PIECE, at);
        if (size == 0) {
            break;
        }
        if (size < 0) {
            problem = errno == EINTR ? 0 : errno;
            continue;
        }
        at += size;
        sha256_add(hash, (struct text){piece, (size_t)size});
        problem = opening->goes_on(opening->data) ? 0 : ECANCELED;
    }
    arena_free(arena);
    return problem;
}

bool backup_file_hash(const struct backup_call *call, const struct backup_opening *opening, int file,
                      char sha256[SHA256_HEX_SIZE])
{
    unsigned char digest[SHA256_SIZE];
    struct sha256 hash;
    sha256_start(&hash);
    const int problem = hash_file(opening, file, &hash);
    sha256_finish(&hash, digest);
    sha256_hex(digest, sha256);
    return problem == 0 ||
           (problem == ECANCELED ? status_fail(call->status, STATUS_CANCELLED, "It was cancelled while it was read.")
                                 : status_fail(call->status, STATUS_INTERNAL, "The file %s in %s cannot be read: %s.",
                                               opening->name, call->backups->folder, strerror(problem)));
}
