/*
 * A failed download ends without the last chunk, or before its announced length, so that it cannot be taken for
 * complete. If the client of a query's export disconnects, the worker is told to cancel the query.
 */
#include "bridge/download.h"

#include "bridge/answer.h"
#include "bridge/query.h"
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

/* For a backup, and later for a query, the worker's idle limit ends it. */
static void gone(void *context)
{
    struct passage *const passage = context;
    if (!passage->first_is_last && is_export(passage)) {
        passage_cancel(passage);
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
        extra[3] = (struct http_extra_header){"ETag", arena_printf(arena, "\"%s\"", first.sha256)};
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

/* "Range: bytes=N-" continues a download; other ranges are ignored, as RFC 9110 allows. */
static void read_range(const struct passage *passage)
{
    Truss__Backup__V1__DownloadBackupRequest *const request =
        (Truss__Backup__V1__DownloadBackupRequest *)(uintptr_t)passage->input;
    const char *const range = http_header(passage->http, "Range");
    if (range != NULL && strncmp(range, "bytes=", 6) == 0 && range[6] >= '0' && range[6] <= '9') {
        char *end;
        const uint64_t offset = strtoull(range + 6, &end, 10);
        request->offset = strcmp(end, "-") == 0 ? offset : request->offset;
    }
}

void download_begin(struct passage *passage)
{
    if (is_export(passage)) {
        query_begin(passage, &((Truss__Sql__V1__ExportRequest *)(uintptr_t)passage->input)->query_id, on_first);
        return;
    }
    read_range(passage);
    passage_call(passage, passage->rpc, passage->input, on_first);
}
