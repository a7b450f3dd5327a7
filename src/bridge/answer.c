/*
 * Everything that is sent lives in the request's arena.
 */
#include "bridge/answer.h"

#include "bridge/smaller.h"
#include "rpc/status_message.h"

#include <stdio.h>
#include <string.h>

#define MOST_HEADERS 8

static void send_json(struct passage *passage, unsigned http, struct text json, struct http_extra_header last)
{
    struct text packed;
    const bool is_packed = smaller_gzip(passage, json, &packed);
    struct http_extra_header extra[MOST_HEADERS] = {{"X-Request-Id", passage->request_id}};
    size_t count = 1;
    if (passage->cookie != NULL) {
        extra[count++] = (struct http_extra_header){"Set-Cookie", passage->cookie};
    }
    if (passage->tag != NULL) {
        extra[count++] = (struct http_extra_header){"ETag", passage->tag};
        extra[count++] = (struct http_extra_header){"Cache-Control", "private, no-cache"};
        extra[count++] = (struct http_extra_header){"Vary", "Accept-Encoding, Authorization, Cookie"};
    }
    if (is_packed) {
        extra[count++] = (struct http_extra_header){"Content-Encoding", "gzip"};
    }
    extra[count] = last;
    http_answer(passage->http, http, "application/json", is_packed ? packed : json, extra);
}

void answer_json(struct passage *passage, unsigned http, struct text json)
{
    send_json(passage, http, json, (struct http_extra_header){0});
}

/* ---- errors ---- */

/* In whole seconds, as HTTP has it. */
static struct http_extra_header retry_after(struct arena *arena, uint32_t ms)
{
    return (struct http_extra_header){"Retry-After", arena_printf(arena, "%u", (ms + 999) / 1000)};
}

void answer_error_as(struct passage *passage, unsigned http, const struct status *status, const char *allowed)
{
    const struct http_extra_header last = allowed != NULL ? (struct http_extra_header){"Allow", allowed}
                                          : http == 401   ? (struct http_extra_header){"WWW-Authenticate", "Bearer"}
                                          : status->retry_ms > 0 ? retry_after(passage->http->arena, status->retry_ms)
                                                                 : (struct http_extra_header){0};
    send_json(passage, http, status_json(passage->http->arena, status), last);
}

void answer_error(struct passage *passage, const struct status *status)
{
    answer_error_as(passage, status_http(status), status, NULL);
}

void answer_failure(struct passage *passage, const struct status *status)
{
    const struct status *const outcome = passage_outcome(passage, passage->http->arena, status);
    const bool is_probe = (passage->route->flags & ROUTE_NOT_OK_IS_503) != 0;
    /* What was revoked or has expired is not tried again with each look of a page. */
    if (outcome->code == STATUS_UNAUTHENTICATED && passage->credentials.by_cookie) {
        passage->cookie = credentials_end_session(&passage->bridge->browsers, &passage->credentials);
    }
    answer_error_as(passage, is_probe ? 503 : status_http(outcome), outcome, NULL);
}

/* ---- messages ---- */

/* Is there a field `ok`, and is it false? */
static bool says_not_ok(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *const field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "ok");
    return field != NULL && field->type == PROTOBUF_C_TYPE_BOOL &&
           *(const protobuf_c_boolean *)(const void *)((const char *)message + field->offset) == 0;
}

void answer_message(struct passage *passage, const ProtobufCMessage *message)
{
    const unsigned flags = passage->route->flags;
    struct buffer json = {.arena = passage->http->arena};
    unsigned http = route_success(passage->route);
    if (says_not_ok(message)) {
        http = (flags & ROUTE_NOT_OK_IS_503) != 0 ? 503 : 400;
    } else if ((flags & ROUTE_TAGGED) != 0) {
        passage->tag = smaller_tag(passage, message);
        if (smaller_is_known(passage, passage->tag)) {
            answer_json(passage, 304, text_of(""));
            return;
        }
    }
    json_write_fields(&json, message, passage->route->names, &passage->fields);
    buffer_putc(&json, '\n');
    answer_json(passage, http, buffer_text(&json));
}

/* The id of what has begun: text of an operation, a number of a branch. */
static const char *id_of(struct arena *arena, const ProtobufCMessage *begun)
{
    const ProtobufCFieldDescriptor *const field =
        protobuf_c_message_descriptor_get_field_by_name(begun->descriptor, "id");
    const void *const member = (const char *)begun + field->offset;
    return field->type == PROTOBUF_C_TYPE_STRING ? *(const char *const *)member
                                                 : arena_printf(arena, "%u", *(const uint32_t *)member);
}

void answer_begun(struct passage *passage, const ProtobufCMessage *begun)
{
    struct arena *const arena = passage->http->arena;
    struct buffer json = {.arena = arena};
    const struct http_extra_header extra[] = {
        {"X-Request-Id", passage->request_id},
        {"Location", arena_printf(arena, "%s%s", passage->route->begun_at, id_of(arena, begun))},
        {"Preference-Applied", "respond-async"},
        {0},
    };
    json_write(&json, begun, passage->route->names);
    buffer_putc(&json, '\n');
    http_answer(passage->http, 202, "application/json", buffer_text(&json), extra);
}
