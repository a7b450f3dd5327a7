/*
 * A request by HTTP until it is a message: the head, whose it is, the route, query, headers and body. What is taken can
 * be packed, and what is refused is told in one line. libmicrohttpd is not there: what it would say of a connection
 * comes out of the head.
 */
#include "bridge/browser.h"
#include "bridge/head.h"
#include "bridge/request.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* ---- in place of libmicrohttpd's ---- */

static const struct http_head *head_of(struct MHD_Connection *connection)
{
    return (const struct http_head *)(const void *)connection;
}

/* "a=1&b": each parameter, NULL as the value of one without "=". */
static int pass_query(const char *query, MHD_KeyValueIterator iterator, void *data)
{
    int count = 0;
    for (const char *at = query; at != NULL && *at != '\0'; count++) {
        char name[HEAD_LINE_LIMIT + 1];
        const size_t length = strcspn(at, "&");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        char *const equals = strchr(name, '=');
        if (equals != NULL) {
            *equals = '\0';
        }
        iterator(data, MHD_GET_ARGUMENT_KIND, name, equals == NULL ? NULL : equals + 1);
        at += length + (at[length] == '&' ? 1 : 0);
    }
    return count;
}

int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind, MHD_KeyValueIterator iterator,
                              void *data)
{
    const struct http_head *const head = head_of(connection);
    if (kind == MHD_GET_ARGUMENT_KIND) {
        return pass_query(head->query, iterator, data);
    }
    for (size_t i = 0; i < head->header_count; i++) {
        iterator(data, kind, head->headers[i].name, head->headers[i].value);
    }
    return (int)head->header_count;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key)
{
    (void)kind;
    return http_head_find(head_of(connection), key);
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType type, ...)
{
    (void)connection;
    (void)type;
    return NULL;
}

/* ---- the request ---- */

static void must_be_told(const struct status *status)
{
    /* What is quoted of a header may be no UTF-8: rpc/json.h makes it that. */
    must(status->code != STATUS_OK && status->message != NULL && strpbrk(status->message, "\r\n") == NULL);
}

static void read_message(struct passage *passage, const char *name)
{
    struct status status = {.arena = passage->http->arena};
    unsigned http = 0;
    if (!request_read(passage, name, &status, &http)) {
        must_be_told(&status);
        return;
    }
    const size_t packed = protobuf_c_message_get_packed_size(passage->input);
    uint8_t *const bytes = arena_alloc(passage->http->arena, packed + 1);
    must(protobuf_c_message_pack(passage->input, bytes) == packed);
    ProtobufCMessage *const again = protobuf_c_message_unpack(passage->input->descriptor, NULL, packed, bytes);
    must(again != NULL);
    protobuf_c_message_free_unpacked(again, NULL);
}

static void pass(struct http_request *request)
{
    static struct bridge bridge = {.run_timeout_ms = 1000, .read_timeout_ms = 1000};
    struct status status = {.arena = request->arena};
    struct passage passage = {.bridge = &bridge, .http = request, .request_id = "r"};
    const char *const hosts[] = {"ours", NULL};
    const char *name = NULL;
    const char *allowed = NULL;
    bridge.browsers.sessions = bridge.browsers.sessions == NULL ? sessions_new(60000) : bridge.browsers.sessions;
    if (!credentials_read(request, &bridge.browsers, &passage.credentials, &status) ||
        !browser_allows(request, hosts, &status)) {
        must_be_told(&status);
        return;
    }
    passage.route = route_find(request->arena, request->method, request->path, &name, &allowed);
    if (passage.route == NULL || passage.route->own != ROUTE_OWN_NONE) {
        return;
    }
    if (strcmp(request->method, "GET") != 0 && !browser_allows_change(request, &passage.credentials, &status)) {
        must_be_told(&status);
        return;
    }
    passage.rpc = passage.route->rpc;
    read_message(&passage, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *const arena = arena_new((size_t)64 * 1024 * 1024);
    const struct text bytes = {(const char *)data, size};
    struct http_problem problem = {0};
    struct http_head head;
    const size_t head_size = size == 0 ? 0 : http_head_size(bytes, &problem);
    if (head_size != 0 && head_size != SIZE_MAX &&
        http_head_read(arena, text_slice(bytes, 0, head_size), &head, &problem)) {
        struct http_request request = {
            .arena = arena,
            .method = head.method,
            .path = head.path,
            .body = text_slice(bytes, head_size, size),
            .connection = &head,
        };
        pass(&request);
    }
    arena_free(arena);
    return 0;
}
