/*
 * A failed download ends without the last chunk, or before its announced length, so that it cannot be taken for
 * complete. If the client disconnects, the worker is told to cancel the query, or to close the backup's file.
 */
#include "bridge/download.h"

#include "bridge/answer.h"
#include "bridge/query.h"
#include "rpc/status_message.h"
#include "truss/backup/v1/backup.pb-c.h"
#include "truss/sql/v1/sql.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The contents of a reply of either kind. */
struct piece {
    struct text data;
    bool is_last;
    const char *id;
    const char *content_type;
    const char *filename;
    const char *sha256; /* NULL: not known, like the size */
    uint64_t total;
};

static bool is_export(const struct passage *passage)
{
    return strcmp(passage->rpc, "Export") == 0;
}

static struct piece piece_of(const struct passage *passage, const ProtobufCMessage *reply)
{
    if (is_export(passage)) {
        const Truss__Sql__V1__ExportResponse *const piece = (const Truss__Sql__V1__ExportResponse *)reply;
        return (struct piece){
            .data = {(const char *)piece->data.data, piece->data.len},
            .is_last = piece->last,
            .id = piece->export_id,
            .content_type = piece->content_type,
            .filename = piece->filename,
        };
    }
    const Truss__Backup__V1__BackupPiece *const piece = (const Truss__Backup__V1__BackupPiece *)reply;
    return (struct piece){
        .data = {(const char *)piece->data.data, piece->data.len},
        .is_last = piece->last,
        .id = piece->download_id,
        .content_type = piece->content_type,
        .filename = piece->filename,
        .sha256 = piece->sha256,
        .total = piece->total_bytes,
    };
}

/* ---- going on ---- */

static const char *next_rpc(const struct passage *passage)
{
    return is_export(passage) ? "ReadExport" : "ReadDownload";
}

static void on_more(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    if (status->code != STATUS_OK) {
        http_stream_break(passage->http);
        return;
    }
    const struct piece piece = piece_of(passage, reply);
    if (piece.is_last) {
        passage->first_is_last = true;
        http_stream_end(passage->http, piece.data);
    } else if (piece.data.size == 0) {
        passage_call(passage, next_rpc(passage), passage->input, on_more);
    } else {
        http_stream_send(passage->http, piece.data);
    }
}

static void wants(void *context)
{
    struct passage *const passage = context;
    const struct text first = passage->first;
    if (first.size > 0) {
        passage->first = (struct text){0};
        http_stream_send(passage->http, first);
        return;
    }
    arena_free(passage->piece);
    passage->piece = arena_new(0);
    passage->options.arena = passage->piece;
    passage_call(passage, next_rpc(passage), passage->input, on_more);
}

/* If a worker does not hear it, its idle limit ends the download. */
static void gone(void *context)
{
    struct passage *const passage = context;
    if (!passage->first_is_last && is_export(passage)) {
        passage_cancel(passage);
    } else if (!passage->first_is_last) {
        Truss__Backup__V1__CloseDownloadRequest request = TRUSS__BACKUP__V1__CLOSE_DOWNLOAD_REQUEST__INIT;
        request.download_id = ((const Truss__Backup__V1__ReadDownloadRequest *)passage->input)->download_id;
        passage_tell(passage, "CloseDownload", &request.base);
    }
    arena_free(passage->piece);
    passage->piece = NULL;
}

/* ---- beginning ---- */

static const ProtobufCMessage *next_request(const struct passage *passage, const char *id)
{
    struct arena *const arena = passage->http->arena;
    if (is_export(passage)) {
        Truss__Sql__V1__ReadExportRequest *const next = arena_alloc(arena, sizeof *next);
        truss__sql__v1__read_export_request__init(next);
        next->export_id = arena_strdup(arena, id);
        return &next->base;
    }
    Truss__Backup__V1__ReadDownloadRequest *const next = arena_alloc(arena, sizeof *next);
    truss__backup__v1__read_download_request__init(next);
    next->download_id = arena_strdup(arena, id);
    return &next->base;
}

/* The first byte requested of a backup's file. */
static uint64_t offset_of(const struct passage *passage)
{
    return is_export(passage) ? 0 : ((const Truss__Backup__V1__DownloadBackupRequest *)passage->input)->offset;
}

static const char *tag_of(struct arena *arena, const char *sha256)
{
    return arena_printf(arena, "\"%s\"", sha256);
}

static void on_first(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    struct arena *const arena = passage->http->arena;
    if (status->code != STATUS_OK) {
        answer_failure(passage, status);
        return;
    }
    const struct piece first = piece_of(passage, reply);
    const uint64_t offset = offset_of(passage);
    struct http_extra_header extra[6] = {
        {"X-Request-Id", passage->request_id},
        {"Content-Disposition", arena_printf(arena, "attachment; filename=\"%s\"", first.filename)},
    };
    if (first.sha256 != NULL) {
        extra[2] = (struct http_extra_header){"Accept-Ranges", "bytes"};
        extra[3] = (struct http_extra_header){"ETag", tag_of(arena, first.sha256)};
    }
    if (offset > 0) {
        extra[4] =
            (struct http_extra_header){"Content-Range", arena_printf(arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                                                                     offset, first.total - 1, first.total)};
    }
    if (first.is_last) {
        http_answer(passage->http, offset > 0 ? 206 : 200, first.content_type, first.data, extra);
        return;
    }
    const struct http_source source = {.wants = wants,
                                       .gone = gone,
                                       .context = passage,
                                       .status = offset > 0 ? 206 : 200,
                                       .size = first.total > 0 ? first.total - offset : 0};
    passage->input = next_request(passage, first.id);
    passage->first = first.data;
    http_stream_begin(passage->http, first.content_type, extra, &source);
}

/* ---- a part of a backup's file ---- */

/* The "Range: bytes=N-" of a broken download that goes on. Other ranges are ignored, as RFC 9110 allows, and all of
 * those of a HEAD, as it demands. */
static uint64_t wanted_from(const struct http_request *request)
{
    const char *const range = http_header(request, "Range");
    char *end;
    if (range == NULL || strcmp(request->method, "GET") != 0 || strncmp(range, "bytes=", 6) != 0 || range[6] < '0' ||
        range[6] > '9') {
        return 0;
    }
    const uint64_t from = strtoull(range + 6, &end, 10);
    return strcmp(end, "-") == 0 ? from : 0;
}

static void fail_range(struct passage *passage, uint64_t size)
{
    struct arena *const arena = passage->http->arena;
    struct status status = {.arena = arena};
    const struct http_extra_header extra[] = {
        {"X-Request-Id", passage->request_id},
        {"Content-Range", arena_printf(arena, "bytes */%" PRIu64, size)},
        {0},
    };
    status_fail(&status, STATUS_OUT_OF_RANGE, "The file has %" PRIu64 " bytes: the range begins after them.", size);
    http_answer(passage->http, 416, "application/json", status_json(arena, &status), extra);
}

/* Is the file still the one of which the client has the beginning (If-Range)? */
static bool is_same_file(const struct passage *passage, const char *sha256)
{
    const char *const known = http_header(passage->http, "If-Range");
    return known == NULL || strcmp(known, tag_of(passage->http->arena, sha256)) == 0;
}

static void on_backup(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    const Truss__Backup__V1__Backup *const backup = (const Truss__Backup__V1__Backup *)reply;
    Truss__Backup__V1__DownloadBackupRequest *const request =
        (Truss__Backup__V1__DownloadBackupRequest *)(uintptr_t)passage->input;
    const uint64_t from = wanted_from(passage->http);
    if (status->code != STATUS_OK) {
        answer_failure(passage, status);
    } else if (backup->sha256[0] != '\0' && is_same_file(passage, backup->sha256) &&
               from >= (uint64_t)backup->size_bytes) {
        fail_range(passage, (uint64_t)backup->size_bytes);
    } else {
        request->offset = is_same_file(passage, backup->sha256) ? from : 0;
        passage_call(passage, passage->rpc, passage->input, on_first);
    }
}

void download_begin(struct passage *passage)
{
    if (is_export(passage)) {
        query_begin(passage, &((Truss__Sql__V1__ExportRequest *)(uintptr_t)passage->input)->query_id, on_first);
    } else if (wanted_from(passage->http) > 0) {
        Truss__Backup__V1__GetBackupRequest request = TRUSS__BACKUP__V1__GET_BACKUP_REQUEST__INIT;
        request.id = ((const Truss__Backup__V1__DownloadBackupRequest *)passage->input)->id;
        passage_call(passage, "GetBackup", &request.base, on_backup);
    } else {
        passage_call(passage, passage->rpc, passage->input, on_first);
    }
}
