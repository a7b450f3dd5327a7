/*
 * Makes the message of path, body and headers, all of which come from outside; parameters.c reads the query.
 */
#include "bridge/request.h"

#include "base/limits.h"
#include "base/trace.h"
#include "bridge/parameters.h"

#include <stdlib.h>
#include <string.h>

/* ---- parts ---- */

static bool is_json(const char *content_type)
{
    struct text type = text_of(content_type);
    const size_t semicolon = text_find(type, ";", 0);
    return text_is_nocase(text_trim(text_slice(type, 0, semicolon)), "application/json");
}

/* ---- the message ---- */

static bool read_message(struct passage *passage, struct status *status, unsigned *http)
{
    const struct http_request *const request = passage->http;
    const char *const type = http_header(request, "Content-Type");
    const bool has_query = route_is_bodyless(passage->route);
    struct text json = (passage->route->flags & ROUTE_REFUSED) != 0 ? text_of("") : request->body;
    if (has_query && request->body.size > 0) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "A %s request has no body.", passage->route->method);
    }
    if (request->body.size > 0 && (type == NULL || !is_json(type))) {
        *http = 415;
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The body must be sent as Content-Type: application/json.");
    }
    if (has_query && !parameters_read(passage, &json, status)) {
        return false;
    }
    passage->input = json_read(request->arena, route_input(passage->route), json, status);
    return passage->input != NULL &&
           (has_query || (passage->route->flags & ROUTE_REFUSED) != 0 || parameters_add(passage, status));
}

/* Puts the path's part into the field that the placeholder names. */
static bool set_path_field(struct passage *passage, const char *name, struct status *status)
{
    const char *const brace = strchr(passage->route->pattern, '{');
    if (brace == NULL) {
        return true;
    }
    if (name == NULL || !parameter_is_plain(name)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT,
                           "The name in the path has a broken escape, a control character or is not UTF-8.");
    }
    const char *const placeholder = arena_strndup(passage->http->arena, brace + 1, strcspn(brace + 1, "}"));
    const ProtobufCFieldDescriptor *const field =
        protobuf_c_message_descriptor_get_field_by_name(route_input(passage->route), placeholder);
    *(const char **)(void *)((char *)(uintptr_t)passage->input + field->offset) = name;
    return true;
}

/* ---- headers ---- */

/* A header that is passed to the worker; *value is NULL if it is absent. */
static bool read_header(const struct http_request *request, const char *name, const char **value, struct status *status)
{
    *value = arena_strdup(request->arena, http_header(request, name));
    return *value == NULL || parameter_is_plain(*value) ||
           status_fail(status, STATUS_INVALID_ARGUMENT,
                       "The header %s has control characters or is not UTF-8; leave them out.", name);
}

/* Where the first item of a list ends: at a comma outside of quotes. */
static size_t item_end(struct text list)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < list.size && (quoted || list.data[i] != ','); i++) {
        if (list.data[i] == '"') {
            quoted = !quoted;
        } else if (quoted && list.data[i] == '\\') {
            i++;
        }
    }
    return i;
}

/* RFC 7240: a list; unknown preferences are ignored. */
static bool prefers_async(const struct http_request *request)
{
    struct text rest = http_header_list(request, "Prefer");
    while (rest.size > 0) {
        const size_t end = item_end(rest);
        const struct text one = text_slice(rest, 0, end);
        if (text_is_nocase(text_trim(text_slice(one, 0, text_find(one, ";", 0))), "respond-async")) {
            return true;
        }
        rest = text_slice(rest, end + 1, rest.size);
    }
    return false;
}

static const ProtobufCFieldDescriptor *wait_field(const struct passage *passage)
{
    return protobuf_c_message_descriptor_get_field_by_name(passage->input->descriptor, "wait_ms");
}

/* A long poll's time, and a moment for its answer. */
static uint32_t wait_ms(const struct passage *passage)
{
    const ProtobufCFieldDescriptor *const field = wait_field(passage);
    const uint32_t wait =
        field == NULL ? 0 : *(const uint32_t *)(const void *)((const char *)passage->input + field->offset);
    return wait < LIMIT_WAIT_MS ? wait : LIMIT_WAIT_MS;
}

/* W3C Trace Context: the client's if valid; otherwise a new trace begins. */
static const char *traceparent_of(struct http_request *request)
{
    struct trace trace;
    char *const header = arena_alloc(request->arena, TRACE_HEADER_SIZE);
    if (!trace_read(http_header(request, "traceparent"), &trace)) {
        trace_begin(&trace);
    }
    trace_write(&trace, header);
    request->trace = arena_strdup(request->arena, trace.id);
    return header;
}

/* Refused for methods that do not store a key: they would do twice what is requested twice. Methods that read, or are
 * idempotent anyway, need none. */
static bool read_key(struct passage *passage, struct status *status)
{
    static const unsigned needless = ROUTE_SAFE | ROUTE_REFUSED;
    const char *key;
    if (!read_header(passage->http, "Idempotency-Key", &key, status)) {
        return false;
    }
    if (key != NULL && (key[0] == '\0' || strlen(key) > LIMIT_KEY)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "An Idempotency-Key has 1 to %d characters.", LIMIT_KEY);
    }
    const bool is_kept = (passage->route->flags & ROUTE_KEYED) != 0;
    passage->options.idempotency_key = is_kept ? key : NULL;
    return key == NULL || is_kept || (passage->route->flags & needless) != 0 ||
           status_fail(
               status, STATUS_INVALID_ARGUMENT,
               "%s %s keeps no Idempotency-Key: it would be done twice. Leave the header out, and look whether it "
               "was done before you ask again.",
               passage->route->method, passage->route->pattern);
}

static bool read_options(struct passage *passage, struct status *status)
{
    struct http_request *const request = passage->http;
    struct rpc_call_options *const options = &passage->options;
    const bool is_long = (passage->route->flags & ROUTE_LONG) != 0 && strcmp(passage->rpc, passage->route->rpc) == 0;
    options->timeout_ms = is_long ? passage->bridge->run_timeout_ms : passage->bridge->read_timeout_ms;
    options->timeout_ms += wait_ms(passage);
    options->is_poll = wait_field(passage) != NULL;
    options->is_safe = (passage->route->flags & ROUTE_SAFE) != 0;
    options->request_id = passage->request_id;
    options->arena = request->arena;
    options->authorization = passage->credentials.authorization;
    options->forwarded_for = http_client(request);
    options->needs_login = atomic_load(&passage->bridge->needs_login);
    options->traceparent = traceparent_of(request);
    return read_key(passage, status);
}

/* "gzip;q=0" means no. */
static bool accepts_gzip(const struct http_request *request)
{
    struct text rest = http_header_list(request, "Accept-Encoding");
    while (rest.size > 0) {
        const size_t end = item_end(rest);
        const struct text one = text_slice(rest, 0, end);
        const size_t weight = text_find(one, ";", 0);
        const struct text q = weight == SIZE_MAX ? (struct text){0} : text_trim(text_slice(one, weight + 1, one.size));
        if (text_is_nocase(text_trim(text_slice(one, 0, weight)), "gzip")) {
            return q.size < 3 || strspn(arena_strndup(request->arena, q.data + 2, q.size - 2), "0.") < q.size - 2;
        }
        rest = text_slice(rest, end + 1, rest.size);
    }
    return false;
}

/* Reads If-None-Match, Accept-Encoding and the requested fields. */
static bool read_wishes(struct passage *passage)
{
    if (route_is_bodyless(passage->route)) {
        passage->known = http_header_list(passage->http, "If-None-Match");
        passage->takes_gzip = passage->route->reveal_rpc == NULL && accepts_gzip(passage->http);
    }
    return true;
}

/* A browser's EventSource sends the last id that it received when it reconnects. */
static bool read_last_event(struct passage *passage, struct status *status)
{
    const char *const last = http_header(passage->http, "Last-Event-ID");
    if ((passage->route->flags & ROUTE_STREAM) == 0 || last == NULL) {
        return true;
    }
    if (last[0] == '\0' || strlen(last) > 9 || strspn(last, "0123456789") != strlen(last)) {
        return status_fail(status, STATUS_INVALID_ARGUMENT, "The header Last-Event-ID is the number of an event.");
    }
    const ProtobufCFieldDescriptor *const field =
        protobuf_c_message_descriptor_get_field_by_name(passage->input->descriptor, "after_event");
    *(uint32_t *)(void *)((char *)(uintptr_t)passage->input + field->offset) = (uint32_t)strtoul(last, NULL, 10);
    return true;
}

/* Without tokens everybody has every right: then a secret is only shown on this machine. For others a token that the
 * worker has checked is required: a worker without a login refuses it. */
static bool read_reveal(struct passage *passage, struct status *status)
{
    const ProtobufCFieldDescriptor *const field =
        passage->route->reveal_rpc == NULL
            ? NULL
            : protobuf_c_message_descriptor_get_field_by_name(passage->input->descriptor, "reveal");
    if (field == NULL ||
        *(const protobuf_c_boolean *)(const void *)((const char *)passage->input + field->offset) == 0) {
        return true;
    }
    const bool is_near = atomic_load(&passage->bridge->is_near);
    passage->rpc = passage->route->reveal_rpc;
    passage->options.needs_login = passage->options.needs_login || !is_near;
    return passage->options.authorization != NULL || is_near ||
           status_fail(status, STATUS_PERMISSION_DENIED,
                       "A password is shown only to an admin's token, or if the bridge listens only on loopback.");
}

/* A question that another method answers. A worker that does not know the field would answer as if it were missing. */
static void read_asked(struct passage *passage)
{
    const ProtobufCFieldDescriptor *const field =
        passage->route->asked_rpc == NULL
            ? NULL
            : protobuf_c_message_descriptor_get_field_by_name(passage->input->descriptor, passage->route->asks);
    if (field != NULL && *(const int *)(const void *)((const char *)passage->input + field->offset) != 0) {
        passage->rpc = passage->route->asked_rpc;
    }
}

bool request_read(struct passage *passage, const char *name, struct status *status, unsigned *http)
{
    passage->rpc = passage->route->rpc;
    if (passage->route->async_rpc != NULL && prefers_async(passage->http)) {
        passage->rpc = passage->route->async_rpc;
    }
    if (!read_message(passage, status, http)) {
        return false;
    }
    read_asked(passage);
    return set_path_field(passage, name, status) && read_last_event(passage, status) && read_options(passage, status) &&
           read_wishes(passage) && read_reveal(passage, status);
}
