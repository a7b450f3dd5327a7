/*
 * A file that fails in the middle ends without the last chunk, so that nobody takes it for a whole one. Where the
 * client goes, the worker is told, and ends the query.
 */
#include "bridge/download.h"

#include "bridge/answer.h"
#include "bridge/query.h"
#include "truss/sql/v1/sql.pb-c.h"

#include <string.h>

typedef Truss__Sql__V1__ExportRequest Request;
typedef Truss__Sql__V1__ExportResponse Response;

static struct text data_of(const Response *reply)
{
    return (struct text){(const char *)reply->data.data, reply->data.len};
}

/* ---- going on ---- */

static void on_more(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    const Response *const piece = (const Response *)reply;
    if (status->code != STATUS_OK) {
        http_stream_break(passage->http);
    } else if (piece->last) {
        passage->first_is_last = true;
        http_stream_end(passage->http, data_of(piece));
    } else if (piece->data.len == 0) {
        passage_call(passage, "ReadExport", passage->input, on_more);
    } else {
        http_stream_send(passage->http, data_of(piece));
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
    passage_call(passage, "ReadExport", passage->input, on_more);
}

static void gone(void *context)
{
    struct passage *const passage = context;
    if (!passage->first_is_last) {
        passage_cancel(passage); /* the worker's own limit of idle exports would find it too, later */
    }
    arena_free(passage->piece);
    passage->piece = NULL;
}

/* ---- the beginning ---- */

static void on_first(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    struct arena *const arena = passage->http->arena;
    const Response *const first = (const Response *)reply;
    if (status->code != STATUS_OK) {
        answer_failure(passage, status);
        return;
    }
    const struct http_extra_header extra[] = {
        {"X-Request-Id", passage->request_id},
        {"Content-Disposition", arena_printf(arena, "attachment; filename=\"%s\"", first->filename)},
        {0},
    };
    if (first->last) {
        http_answer(passage->http, 200, first->content_type, data_of(first), extra);
        return;
    }
    const struct http_source source = {.wants = wants, .gone = gone, .context = passage};
    Truss__Sql__V1__ReadExportRequest *const next = arena_alloc(arena, sizeof *next);
    truss__sql__v1__read_export_request__init(next);
    next->export_id = arena_strdup(arena, first->export_id);
    passage->input = &next->base;
    passage->first = data_of(first);
    http_stream_begin(passage->http, first->content_type, extra, &source);
}

void download_begin(struct passage *passage)
{
    Request *const request = (Request *)(uintptr_t)passage->input;
    query_begin(passage, &request->query_id, on_first);
}
