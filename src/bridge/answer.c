/*
 * Everything that is sent lives in the request's arena.
 */
#include "bridge/answer.h"

#include "base/memory.h"
#include "base/shortage.h"
#include "bridge/smaller.h"
#include "rpc/status_message.h"

#include <stdio.h>
#include <string.h>

#define MOST_HEADERS 8
#define JSON_ROOM    6 /* times the packed message: JSON is two or three times as large, in a doubling buffer */

/* A body to send. */
struct body {
    struct text text;
    bool is_packed;
};

static struct body body_of(struct arena *arena, struct text json, bool takes_gzip)
{
    struct body body = {.text = json};
    body.is_packed = takes_gzip && smaller_gzip(arena, json, &body.text);
    return body;
}

static void send_body(struct passage *passage, unsigned http, const struct body *body, struct http_extra_header last)
{
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
    if (body->is_packed) {
        extra[count++] = (struct http_extra_header){"Content-Encoding", "gzip"};
    }
    extra[count] = last;
    http_answer(passage->http, http, "application/json", body->text, extra);
}

static void send_json(struct passage *passage, unsigned http, struct text json, struct http_extra_header last)
{
    const struct body body = body_of(passage->http->arena, json, passage->takes_gzip);
    send_body(passage, http, &body, last);
}

void answer_json(struct passage *passage, unsigned http, struct text json)
{
    send_json(passage, http, json, (struct http_extra_header){0});
}

/* ---- errors ---- */

/* In whole seconds, as in HTTP. */
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
    /* A revoked or expired session is ended, so that a page does not try it again and again. */
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

/* The answer for all clients that ask for the same fields and encoding. */
struct made {
    struct made *next;
    struct json_fields fields;
    bool takes_gzip;
    const char *tag; /* NULL: none */
    struct body body;
    bool has_body;
};

/* The answers with one message, on one route. */
struct answers {
    struct arena *arena;
    const ProtobufCMessage *message;
    struct made *made;
};

static bool is_same(const struct json_fields *a, const struct json_fields *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = text_equal(a->paths[i], b->paths[i]);
    }
    return same;
}

/* The client that asked for them may be gone before the next one. */
static struct json_fields copy_fields(struct arena *arena, const struct json_fields *fields)
{
    struct text *const paths = arena_array(arena, fields->count, sizeof *paths);
    for (size_t i = 0; i < fields->count; i++) {
        paths[i] =
            (struct text){arena_strndup(arena, fields->paths[i].data, fields->paths[i].size), fields->paths[i].size};
    }
    return (struct json_fields){paths, fields->count};
}

static struct made *made_for(struct answers *answers, const struct passage *passage, bool has_tag)
{
    struct made *made = answers->made;
    while (made != NULL && !(made->takes_gzip == passage->takes_gzip && is_same(&made->fields, &passage->fields))) {
        made = made->next;
    }
    if (made == NULL) {
        made = arena_alloc(answers->arena, sizeof *made);
        *made = (struct made){
            .next = answers->made,
            .fields = copy_fields(answers->arena, &passage->fields),
            .takes_gzip = passage->takes_gzip,
            .tag = has_tag ? smaller_tag(answers->arena, passage, answers->message) : NULL,
        };
        answers->made = made;
    }
    return made;
}

/* Returns false if there is no memory for it. */
static bool make_body(struct answers *answers, const struct passage *passage, struct made *made)
{
    struct buffer json = {.arena = answers->arena};
    if (!memory_has_room(JSON_ROOM * protobuf_c_message_get_packed_size(answers->message))) {
        return false;
    }
    json_write_fields(&json, answers->message, passage->route->names, &made->fields);
    buffer_putc(&json, '\n');
    made->body = body_of(answers->arena, buffer_text(&json), made->takes_gzip);
    made->has_body = true;
    return true;
}

static void answer_one(struct answers *answers, struct passage *passage)
{
    const unsigned flags = passage->route->flags;
    const bool is_ok = !says_not_ok(answers->message);
    struct made *const made = made_for(answers, passage, is_ok && (flags & ROUTE_TAGGED) != 0);
    passage->tag = made->tag;
    if (made->tag != NULL && smaller_is_known(passage, made->tag)) {
        answer_json(passage, 304, text_of(""));
        return;
    }
    if (!made->has_body && !make_body(answers, passage, made)) {
        struct status status = {.arena = passage->http->arena};
        shortage_of_answer(&status, "send", "the answer", (flags & ROUTE_SAFE) != 0);
        passage->tag = NULL;
        answer_error(passage, &status);
        return;
    }
    const unsigned http = is_ok ? route_success(passage->route) : (flags & ROUTE_NOT_OK_IS_503) != 0 ? 503 : 400;
    send_body(passage, http, &made->body, (struct http_extra_header){0});
}

void answer_message(struct passage *passage, const ProtobufCMessage *message)
{
    struct answers answers = {.arena = passage->http->arena, .message = message};
    answer_one(&answers, passage);
}

void answer_message_all(struct passage *passage, struct passage *companion, const ProtobufCMessage *message)
{
    struct http_shared *const shared = http_shared_new();
    struct answers answers = {.arena = http_shared_arena(shared), .message = message};
    while (companion != NULL) {
        struct passage *const next = companion->next;
        http_share(companion->http, shared);
        answer_one(&answers, companion);
        companion = next;
    }
    http_share(passage->http, shared);
    answer_one(&answers, passage);
    http_shared_leave(shared);
}

/* The id of what was started: an operation's text, or a branch's number. */
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
