/*
 * Everything about one request is in its arena. The parts run one after the other, on the HTTP server's thread or on
 * nng's, never two at a time; the last one answers.
 */
#include "bridge/passage.h"

#include "base/uuid.h"
#include "bridge/browser.h"
#include "bridge/panel.h"
#include "bridge/views.h"
#include "truss/bridge/v1/bridge.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define REQUEST_ID_LIMIT 128

/* ---- answers ---- */

static void send_json(struct passage *passage, unsigned status, struct text json, const char *allowed)
{
    const struct http_extra_header extra[] = {
        {"X-Request-Id", passage->request_id},
        {allowed == NULL ? NULL : "Allow", allowed},
        {0},
    };
    http_answer(passage->http, status, "application/json", json, extra);
}

static void add_known(struct buffer *json, const char *name, const char *value)
{
    if (value != NULL) {
        buffer_printf(json, ",\"%s\":", name);
        json_write_string(json, text_of(value));
    }
}

struct text error_json(struct arena *arena, const struct status *status)
{
    struct buffer json = {.arena = arena};
    buffer_puts(&json, "{\"error\":");
    json_write_string(&json, text_of(status->message));
    add_known(&json, "code", status_code_name(status->code));
    add_known(&json, "reason", status->reason);
    add_known(&json, "sqlstate", status->sqlstate);
    add_known(&json, "detail", status->detail);
    add_known(&json, "hint", status->hint);
    add_known(&json, "migration", status->migration);
    if (status->position > 0) {
        buffer_printf(&json, ",\"position\":%u", status->position);
    }
    if (status->suggestions[0] != NULL) {
        buffer_puts(&json, ",\"suggestions\":[");
        for (size_t i = 0; i < STATUS_SUGGESTIONS && status->suggestions[i] != NULL; i++) {
            buffer_puts(&json, i == 0 ? "" : ",");
            json_write_string(&json, text_of(status->suggestions[i]));
        }
        buffer_putc(&json, ']');
    }
    buffer_puts(&json, "}\n");
    return buffer_text(&json);
}

static void send_error(struct passage *passage, unsigned http, const struct status *status, const char *allowed)
{
    send_json(passage, http, error_json(passage->http->arena, status), allowed);
}

static void send_status(struct passage *passage, const struct status *status)
{
    send_error(passage, status_http(status), status, NULL);
}

const struct status *passage_outcome(const struct passage *passage, struct arena *arena, const struct status *status)
{
    const bool is_stream = (passage->route->flags & ROUTE_STREAM) != 0;
    struct status *const truer = arena_alloc(arena, sizeof *truer);
    *truer = (struct status){.arena = arena};
    if (status->code == STATUS_CANCELLED && atomic_load(&passage->bridge->stopping)) {
        status_fail(truer, STATUS_UNAVAILABLE, "The bridge is stopping; %s.",
                    is_stream ? "connect again and go on behind the last id"
                              : "what was begun goes on in the worker: ask for the status later");
        return truer;
    }
    if (status->code == STATUS_NOT_FOUND && passage->is_partial) {
        status_fail(truer, STATUS_UNAVAILABLE,
                    "No worker that can be reached knows it, and one cannot be reached; try again later.");
        return truer;
    }
    return status;
}

void passage_fail(struct passage *passage, const struct status *status)
{
    const struct status *const outcome = passage_outcome(passage, passage->http->arena, status);
    if ((passage->route->flags & ROUTE_NOT_OK_IS_503) != 0) {
        send_error(passage, 503, outcome, NULL);
    } else {
        send_status(passage, outcome);
    }
}

/* Is there a field `ok`, and is it false? */
static bool says_not_ok(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *const field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "ok");
    return field != NULL && field->type == PROTOBUF_C_TYPE_BOOL &&
           *(const protobuf_c_boolean *)(const void *)((const char *)message + field->offset) == 0;
}

static void send_message(struct passage *passage, const ProtobufCMessage *message)
{
    const unsigned flags = passage->route->flags;
    struct buffer json = {.arena = passage->http->arena};
    unsigned http = (flags & ROUTE_CREATES) != 0 ? 201 : 200;
    if (says_not_ok(message)) {
        http = (flags & ROUTE_NOT_OK_IS_503) != 0 ? 503 : 400;
    }
    json_write(&json, message, passage->route->names);
    buffer_putc(&json, '\n');
    send_json(passage, http, buffer_text(&json), NULL);
}

/* 202: it has begun, and is to be asked for there. */
static void send_begun(struct passage *passage, const Truss__Migration__V1__Operation *operation)
{
    struct arena *const arena = passage->http->arena;
    struct buffer json = {.arena = arena};
    const struct http_extra_header extra[] = {
        {"X-Request-Id", passage->request_id},
        {"Location", arena_printf(arena, "/api/operations/%s", operation->id)},
        {"Preference-Applied", "respond-async"},
        {0},
    };
    json_write(&json, &operation->base, passage->route->names);
    buffer_putc(&json, '\n');
    http_answer(passage->http, 202, "application/json", buffer_text(&json), extra);
}

/* ---- the call ---- */

static bool was_tried(const struct passage *passage, const struct rpc_channel *worker)
{
    for (size_t i = 0; i < passage->tried_count; i++) {
        if (passage->tried[i] == worker) {
            return true;
        }
    }
    return false;
}

/* The one that answered before, which knows; else the connected worker with the least to do; any, where none is
 * connected. Never one that was tried. */
static struct rpc_channel *choose_worker(const struct passage *passage)
{
    const struct bridge *const bridge = passage->bridge;
    struct rpc_channel *const before = passage->worker;
    struct rpc_channel *best = NULL;
    if (before != NULL && !was_tried(passage, before) && rpc_channel_connected(before)) {
        return before;
    }
    for (size_t i = 0; i < bridge->worker_count; i++) {
        struct rpc_channel *const worker = bridge->workers[i];
        const bool better = best == NULL || rpc_channel_connected(worker) > rpc_channel_connected(best) ||
                            (rpc_channel_connected(worker) == rpc_channel_connected(best) &&
                             rpc_channel_calls(worker) < rpc_channel_calls(best));
        if (!was_tried(passage, worker) && better) {
            best = worker;
        }
    }
    return best;
}

bool passage_goes_on(struct passage *passage, const struct status *status)
{
    const unsigned flags = passage->route->flags;
    /* A key makes sure that what is asked for twice is done once. */
    const bool is_safe = (flags & ROUTE_SAFE) != 0 || passage->options.idempotency_key != NULL;
    const bool is_down = status->code == STATUS_UNAVAILABLE && is_safe;
    const bool is_unknown = status->code == STATUS_NOT_FOUND && (flags & ROUTE_ASKS_ALL) != 0;
    if ((!is_down && !is_unknown) || passage->tried_count + 1 >= passage->bridge->worker_count) {
        return false;
    }
    passage->tried[passage->tried_count++] = passage->worker;
    passage->is_partial = passage->is_partial || is_down;
    return true;
}

/* A copy of a reply that outlives its callback. */
static const ProtobufCMessage *keep(struct arena *arena, const ProtobufCMessage *message)
{
    const size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *const bytes = arena_alloc(arena, size);
    struct status status = {.arena = arena};
    protobuf_c_message_pack(message, bytes);
    return rpc_unpack(arena, message->descriptor, (struct text){(const char *)bytes, size}, &status);
}

static void on_count(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    if (status->code == STATUS_OK) {
        view_up_count(passage->view, reply);
    }
    /* The run is what was asked for: it is answered also where nobody can count any more. */
    send_message(passage, passage->view);
}

static void on_reply(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    const struct route *const route = passage->route;
    struct arena *const arena = passage->http->arena;
    if (status->code != STATUS_OK && passage_goes_on(passage, status)) {
        passage_call(passage, passage->rpc, passage->input, on_reply);
    } else if (status->code != STATUS_OK) {
        passage_fail(passage, status);
    } else if (passage->rpc != route->rpc) {
        send_begun(passage, (const Truss__Migration__V1__Operation *)reply);
    } else if ((route->flags & ROUTE_COUNTS_AFTER) != 0) {
        static const Truss__Migration__V1__GetStatusRequest nothing = TRUSS__MIGRATION__V1__GET_STATUS_REQUEST__INIT;
        passage->view = route->view(arena, keep(arena, reply));
        passage->options.timeout_ms = passage->bridge->read_timeout_ms;
        passage_call(passage, "GetStatus", &nothing.base, on_count);
    } else {
        send_message(passage, route->view == NULL ? reply : route->view(arena, reply));
    }
}

void passage_call(struct passage *passage, const char *rpc, const ProtobufCMessage *input, rpc_reply_fn *done)
{
    struct bridge *const bridge = passage->bridge;
    const ProtobufCServiceDescriptor *const service = passage->route->service;
    const ProtobufCMethodDescriptor *const method = protobuf_c_service_descriptor_get_method_by_name(service, rpc);
    atomic_fetch_add(&bridge->calling, 1);
    if (atomic_load(&bridge->stopping)) {
        struct status status = {.arena = passage->http->arena};
        status_fail(&status, STATUS_CANCELLED, "The bridge is stopping.");
        done(NULL, &status, passage);
    } else {
        passage->worker = choose_worker(passage);
        rpc_call(passage->worker, service, (unsigned)(method - service->methods), input, &passage->options, done,
                 passage);
    }
    atomic_fetch_sub(&bridge->calling, 1);
}

void dispatch_stop(struct bridge *bridge)
{
    const struct timespec tick = {.tv_nsec = 1000000};
    atomic_store(&bridge->stopping, true);
    while (atomic_load(&bridge->calling) > 0) {
        nanosleep(&tick, NULL);
    }
    for (size_t i = 0; i < bridge->worker_count; i++) {
        rpc_channel_close(bridge->workers[i]);
    }
}

/* The client's own where it is sane, so that its logs and ours can be laid side by side. */
static const char *request_id_of(struct http_request *request)
{
    const char *const given = http_header(request, "X-Request-Id");
    bool sane = given != NULL && given[0] != '\0' && strlen(given) <= REQUEST_ID_LIMIT;
    for (const char *c = given; sane && *c != '\0'; c++) {
        sane = *c > 0x20 && *c < 0x7F;
    }
    if (sane) {
        return arena_strdup(request->arena, given);
    }
    char *const made = arena_alloc(request->arena, UUID_SIZE);
    uuid_v4(made);
    return made;
}

/* ---- dispatch ---- */

static void answer_here(struct passage *passage)
{
    const struct bridge *const bridge = passage->bridge;
    if (strcmp(passage->route->rpc, "openapi") == 0) {
        send_json(passage, 200, bridge->openapi, NULL);
    } else if (strcmp(passage->route->rpc, "index") == 0) {
        send_json(passage, 200, bridge->index, NULL);
    } else {
        Truss__Bridge__V1__HealthView *const view = arena_alloc(passage->http->arena, sizeof *view);
        truss__bridge__v1__health_view__init(view);
        view->ok = true;
        view->version = (char *)(uintptr_t)TRUSS_VERSION;
        send_message(passage, &view->base);
    }
}

static void pass_on(struct passage *passage, const char *name)
{
    struct http_request *const request = passage->http;
    struct status status = {.arena = request->arena};
    unsigned http = 0;
    if (!request_read(passage, name, &status, &http)) {
        send_error(passage, http != 0 ? http : status_code_http(status.code), &status, NULL);
    } else if ((passage->route->flags & ROUTE_STREAM) != 0) {
        stream_begin(passage);
    } else {
        passage_call(passage, passage->rpc, passage->input, on_reply);
    }
}

/* An absolute-form target ("GET http://host/path") is the same as its path. */
static const char *path_of(struct http_request *request)
{
    const char *path = request->path;
    if (strncasecmp(path, "http://", 7) == 0) {
        path = strchrnul(path + 7, '/');
        path = *path == '\0' ? "/" : path;
    }
    return path;
}

void dispatch(void *data, struct http_request *request)
{
    struct bridge *const bridge = data;
    struct passage *const passage = arena_alloc(request->arena, sizeof *passage);
    struct status status = {.arena = request->arena};
    const char *allowed;
    const char *name;
    const char *const path = path_of(request);
    *passage = (struct passage){.bridge = bridge, .http = request, .request_id = request_id_of(request)};
    if (panel_answer(request, path)) {
        return;
    }
    if (!browser_allows(request, atomic_load(&bridge->loopback_only), bridge->allowed_hosts, &status)) {
        send_status(passage, &status);
        return;
    }
    passage->route = route_find(request->arena, request->method, path, &name, &allowed);
    if (passage->route == NULL && allowed != NULL) {
        status_fail(&status, STATUS_UNIMPLEMENTED, "%s is not among the methods of this path: %s.", request->method,
                    allowed);
        send_error(passage, 405, &status, allowed);
    } else if (passage->route == NULL) {
        status_fail(&status, STATUS_NOT_FOUND, "There is no route %s %.200s; see /openapi.json.", request->method,
                    path);
        send_status(passage, &status);
    } else if (passage->route->service == NULL) {
        answer_here(passage);
    } else {
        pass_on(passage, name);
    }
}
