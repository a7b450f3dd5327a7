/*
 * truss backup download: writes the file of a backup to this machine. The file gets its final name only when it is
 * complete and its checksum is right. Until then it is FILE.CHECKSUM.part, which stays if the download breaks off: the
 * same command goes on behind what is there. The name says of which file it is the beginning.
 */
#include "cli/commands/backup_download.h"

#include "base/digest.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "truss/backup/v1/backup.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP    &truss__backup__v1__backup_service__descriptor
#define LONGEST_S 3600
#define BLOCK     ((size_t)1 << 16)

typedef Truss__Backup__V1__BackupPiece Piece;

struct taking {
    struct cli *cli;
    struct caller caller;
    const char *path; /* NULL: standard output */
    const char *part;
    FILE *out; /* NULL: not opened yet */
    struct sha256 hash;
    uint64_t size;  /* what is there */
    uint64_t total; /* and of how much; 0: not known yet */
};

/* ---- the output ---- */

static bool is_to_stdout(const struct cli *cli)
{
    return cli->word_count > 2 && strcmp(cli->words[2], "-") == 0;
}

/* "FILE"; without an argument, the name of the backup's own file. */
static bool name_output(struct taking *taking, const Truss__Backup__V1__Backup *backup)
{
    struct arena *const arena = taking->cli->arena;
    const char *const word = taking->cli->word_count > 2 ? taking->cli->words[2] : NULL;
    if (word == NULL && (backup->filename[0] == '\0' || strchr(backup->filename, '/') != NULL)) {
        return status_fail(taking->cli->status, STATUS_FAILED_PRECONDITION, "The worker gave no name for the file.");
    }
    taking->path = word != NULL ? word : arena_strdup(arena, backup->filename);
    taking->part = arena_printf(arena, "%s.%.12s.part", taking->path, backup->sha256);
    return access(taking->path, F_OK) != 0 ||
           status_fail(taking->cli->status, STATUS_ALREADY_EXISTS, "The file %s is there already; say another one.",
                       taking->path);
}

/* Reads what an earlier download has left. */
static bool read_part(struct taking *taking, int file)
{
    char block[BLOCK];
    ssize_t got;
    while ((got = read(file, block, sizeof block)) > 0) {
        sha256_add(&taking->hash, (struct text){block, (size_t)got});
        taking->size += (uint64_t)got;
    }
    return got == 0;
}

static bool open_part(struct taking *taking)
{
    struct status *const status = taking->cli->status;
    struct stat about;
    const int file = open(taking->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    const bool is_ours = file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid();
    if (file >= 0 && !is_ours) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "%s is not a file of this user.", taking->part);
    } else if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0) {
        status_fail(status, STATUS_ABORTED, "Another truss is writing %s.", taking->part);
    } else if (file < 0 || !read_part(taking, file)) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "The file %s cannot be made or read: %s.", taking->part,
                    strerror(errno));
    } else {
        taking->out = fdopen(file, "r+be");
    }
    if (file >= 0 && taking->out == NULL) {
        close(file);
    }
    return taking->out != NULL;
}

static bool is_whole(const struct taking *taking, uint64_t total, const char *sha256)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256_peek(&taking->hash, digest);
    sha256_hex(digest, hex);
    return taking->size == total && strcmp(hex, sha256) == 0;
}

static bool begin_anew(struct taking *taking)
{
    unsigned char ignored[SHA256_SIZE];
    sha256_finish(&taking->hash, ignored);
    sha256_start(&taking->hash);
    taking->size = 0;
    rewind(taking->out);
    return ftruncate(fileno(taking->out), 0) == 0 ||
           status_fail(taking->cli->status, STATUS_FAILED_PRECONDITION, "The file %s cannot be written: %s.",
                       taking->part, strerror(errno));
}

/* Opens the file, and goes on behind what is there of this backup; *is_done: all of it is. */
static bool open_output(struct taking *taking, bool *is_done)
{
    Truss__Backup__V1__GetBackupRequest request = TRUSS__BACKUP__V1__GET_BACKUP_REQUEST__INIT;
    request.id = taking->cli->words[1];
    const Truss__Backup__V1__Backup *const backup = call_service(&taking->caller, BACKUP, "GetBackup", &request.base);
    if (backup != NULL && backup->sha256[0] == '\0') {
        return status_fail(taking->cli->status, STATUS_FAILED_PRECONDITION, "The backup %s is not complete: it is %s.",
                           backup->filename, backup->detail_status);
    }
    if (backup == NULL || !name_output(taking, backup) || !open_part(taking)) {
        return false;
    }
    taking->total = (uint64_t)backup->size_bytes;
    *is_done = is_whole(taking, taking->total, backup->sha256);
    if (!*is_done && taking->size >= taking->total && !begin_anew(taking)) {
        return false;
    }
    if (taking->size > 0) {
        fprintf(stderr, "%s of %s are here already, in %s.\n", output_bytes(taking->cli->arena, (double)taking->size),
                output_bytes(taking->cli->arena, (double)taking->total),
                output_safe(taking->cli->arena, taking->part, false));
    }
    return true;
}

/* ---- the pieces ---- */

static bool write_piece(struct taking *taking, const Piece *piece)
{
    sha256_add(&taking->hash, (struct text){(const char *)piece->data.data, piece->data.len});
    taking->size += piece->data.len;
    return fwrite(piece->data.data, 1, piece->data.len, taking->out) == piece->data.len ||
           status_fail(taking->cli->status, STATUS_ABORTED, "The output could not be written: %s.", strerror(errno));
}

/* Each piece has an arena of its own. */
static bool take_pieces(struct taking *taking)
{
    Truss__Backup__V1__DownloadBackupRequest request = TRUSS__BACKUP__V1__DOWNLOAD_BACKUP_REQUEST__INIT;
    Truss__Backup__V1__ReadDownloadRequest next = TRUSS__BACKUP__V1__READ_DOWNLOAD_REQUEST__INIT;
    char id[64];
    request.id = taking->cli->words[1];
    request.offset = taking->size;
    const Piece *piece = call_service(&taking->caller, BACKUP, "DownloadBackup", &request.base);
    while (piece != NULL) {
        if (!write_piece(taking, piece)) {
            return false;
        }
        if (piece->last) {
            return is_whole(taking, piece->total_bytes, piece->sha256) ||
                   status_fail(taking->cli->status, STATUS_DATA_LOSS,
                               "What arrived is not the file that was written; download it again.");
        }
        snprintf(id, sizeof id, "%s", piece->download_id);
        next.download_id = id;
        arena_free(taking->caller.arena);
        taking->caller.arena = arena_new(0);
        piece = call_service(&taking->caller, BACKUP, "ReadDownload", &next.base);
    }
    return false;
}

static bool take(struct taking *taking)
{
    bool is_done = false;
    if (is_to_stdout(taking->cli)) {
        taking->out = stdout;
        return take_pieces(taking) && fflush(stdout) == 0;
    }
    return open_output(taking, &is_done) && (is_done || take_pieces(taking));
}

/* ---- the end ---- */

/* What has arrived stays for the next try, if it is not known to be wrong. */
static void leave_part(const struct taking *taking)
{
    struct status *const status = taking->cli->status;
    if (taking->size == 0 || status->code == STATUS_DATA_LOSS) {
        unlink(taking->part);
        return;
    }
    struct arena *const arena = taking->cli->arena;
    status->hint = arena_printf(arena, "%s%s%s of %s are in %s: the same command goes on there.",
                                status->hint == NULL ? "" : status->hint, status->hint == NULL ? "" : " ",
                                output_bytes(arena, (double)taking->size), output_bytes(arena, (double)taking->total),
                                taking->part);
}

/* If all went well, syncs the file to disk and gives it its final name. */
static bool close_part(const struct taking *taking, bool ok)
{
    bool is_kept = ok && fflush(taking->out) == 0 && fsync(fileno(taking->out)) == 0;
    is_kept = is_kept && rename(taking->part, taking->path) == 0;
    if (ok && !is_kept) {
        status_fail(taking->cli->status, STATUS_ABORTED, "The file %s could not be written: %s.", taking->path,
                    strerror(errno));
    }
    if (!is_kept) {
        leave_part(taking);
    }
    fclose(taking->out);
    return is_kept;
}

int backup_download(struct cli *cli)
{
    unsigned char ignored[SHA256_SIZE];
    struct taking taking = {
        .cli = cli,
        .caller = {.channel = worker_channel(cli),
                   .options = {.timeout_ms = call_timeout(cli, LONGEST_S)},
                   .arena = arena_new(0),
                   .status = cli->status},
    };
    sha256_start(&taking.hash);
    bool ok = taking.caller.channel != NULL && take(&taking);
    ok = taking.out == NULL || taking.out == stdout ? ok : close_part(&taking, ok);
    sha256_finish(&taking.hash, ignored);
    arena_free(taking.caller.arena);
    if (ok && taking.path != NULL) {
        printf("%s: %s, as it was written\n", output_safe(cli->arena, taking.path, false),
               output_bytes(cli->arena, (double)taking.size));
    }
    return ok ? EXIT_FINE : EXIT_ERROR;
}
