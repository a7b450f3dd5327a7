/*
 * truss backup download: writes the file of a backup to this machine. The file gets its final name only when it is
 * complete and its checksum is right.
 */
#include "cli/commands/backup_download.h"

#include "base/digest.h"
#include "cli/print/output.h"
#include "cli/reach/call.h"
#include "cli/reach/worker.h"
#include "truss/backup/v1/backup.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKUP    &truss__backup__v1__backup_service__descriptor
#define LONGEST_S 3600
#define PART      ".part"

typedef Truss__Backup__V1__BackupPiece Piece;

struct taking {
    struct cli *cli;
    struct caller caller;
    const char *path; /* NULL: standard output */
    FILE *out;
    struct sha256 hash;
    uint64_t size;
};

/* "FILE", or "-" for standard output; without an argument, the name of the backup's own file. */
static bool open_output(struct taking *taking, const Piece *first)
{
    struct arena *const arena = taking->cli->arena;
    const char *const word = taking->cli->word_count > 2 ? taking->cli->words[2] : NULL;
    if (word != NULL && strcmp(word, "-") == 0) {
        taking->out = stdout;
        return true;
    }
    if (word == NULL && strchr(first->filename, '/') != NULL) {
        return status_fail(taking->cli->status, STATUS_FAILED_PRECONDITION, "The worker gave no name for the file.");
    }
    taking->path = word != NULL ? word : arena_strdup(arena, first->filename);
    if (access(taking->path, F_OK) == 0) {
        return status_fail(taking->cli->status, STATUS_ALREADY_EXISTS, "The file %s is there already; say another one.",
                           taking->path);
    }
    taking->out = fopen(arena_printf(arena, "%s" PART, taking->path), "wbxe");
    return taking->out != NULL || status_fail(taking->cli->status, STATUS_FAILED_PRECONDITION,
                                              "The file %s" PART " cannot be made: %s.", taking->path, strerror(errno));
}

static bool write_piece(struct taking *taking, const Piece *piece)
{
    sha256_add(&taking->hash, (struct text){(const char *)piece->data.data, piece->data.len});
    taking->size += piece->data.len;
    return fwrite(piece->data.data, 1, piece->data.len, taking->out) == piece->data.len ||
           status_fail(taking->cli->status, STATUS_ABORTED, "The output could not be written: %s.", strerror(errno));
}

static bool is_whole(struct taking *taking, const Piece *last)
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    sha256_peek(&taking->hash, digest);
    sha256_hex(digest, hex);
    return (taking->size == last->total_bytes && strcmp(hex, last->sha256) == 0) ||
           status_fail(taking->cli->status, STATUS_DATA_LOSS,
                       "What arrived is not the file that was written; download it again.");
}

/* Each piece has an arena of its own. */
static bool take_pieces(struct taking *taking)
{
    Truss__Backup__V1__DownloadBackupRequest request = TRUSS__BACKUP__V1__DOWNLOAD_BACKUP_REQUEST__INIT;
    Truss__Backup__V1__ReadDownloadRequest next = TRUSS__BACKUP__V1__READ_DOWNLOAD_REQUEST__INIT;
    char id[64];
    request.id = taking->cli->words[1];
    const Piece *piece = call_service(&taking->caller, BACKUP, "DownloadBackup", &request.base);
    if (piece == NULL || !open_output(taking, piece)) {
        return false;
    }
    while (piece != NULL) {
        if (!write_piece(taking, piece)) {
            return false;
        }
        if (piece->last) {
            return is_whole(taking, piece);
        }
        snprintf(id, sizeof id, "%s", piece->download_id);
        next.download_id = id;
        arena_free(taking->caller.arena);
        taking->caller.arena = arena_new(0);
        piece = call_service(&taking->caller, BACKUP, "ReadDownload", &next.base);
    }
    return false;
}

/* If all went well, syncs the file to disk and gives it its final name; else removes it. */
static bool close_output(struct taking *taking, bool ok)
{
    if (taking->path == NULL) {
        return ok && fflush(stdout) == 0;
    }
    const char *const part = arena_printf(taking->cli->arena, "%s" PART, taking->path);
    const bool is_kept = ok && fflush(taking->out) == 0 && fsync(fileno(taking->out)) == 0;
    fclose(taking->out);
    if (is_kept && rename(part, taking->path) == 0) {
        return true;
    }
    if (ok) {
        status_fail(taking->cli->status, STATUS_ABORTED, "The file %s could not be written: %s.", taking->path,
                    strerror(errno));
    }
    unlink(part);
    return false;
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
    bool ok = taking.caller.channel != NULL && take_pieces(&taking);
    ok = taking.out == NULL ? ok : close_output(&taking, ok);
    sha256_finish(&taking.hash, ignored);
    arena_free(taking.caller.arena);
    if (ok && taking.path != NULL) {
        printf("%s: %s, as it was written\n", output_safe(cli->arena, taking.path, false),
               output_bytes(cli->arena, (double)taking.size));
    }
    return ok ? EXIT_FINE : EXIT_ERROR;
}
