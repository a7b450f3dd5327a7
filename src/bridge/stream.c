/*
 * Server-Sent Events from repeated long polls (WaitOperation or WaitBranch). Each event has its id, so that a client
 * that returns with Last-Event-ID continues there. The next piece is requested only when the client has taken the last
 * one: a slow client only slows itself.
 */
#include "bridge/stream.h"

#include "base/clock.h"
#include "bridge/answer.h"
#include "rpc/status_message.h"
#include "truss/branch/v1/branch.pb-c.h"
#include "truss/migration/v1/migration.pb-c.h"

#include <string.h>

#define MOST_STREAMS 128   /* a worker has 256 threads for long polls: some are left for others */
#define POLL_MS      10000 /* the longest silence before a comment is sent, which detects clients that are gone */
#define PROMPT_MS    2000  /* an empty answer within this time has not waited */

/* The answer of a long poll, whatever is followed. */
struct news {
    const ProtobufCMessage *thing; /* what is followed; NULL: not included */
    size_t count;                  /* of its events */
    uint32_t last;                 /* the number of the last of them */
    uint32_t last_of_all;          /* as far as known */
    const char *end;               /* the event that ended it: "done", "failed"; NULL: it has not ended */
};

/* The kinds of streams, by their method. */
struct kind {
    const char *rpc;
    struct news (*read)(const ProtobufCMessage *reply);
    void (*put)(struct buffer *out, const ProtobufCMessage *reply);
    bool is_always_told;
};

static void *member_of(const struct passage *passage, const char *name)
{
    const ProtobufCMessage *const input = passage->input;
    const ProtobufCFieldDescriptor *const field =
        protobuf_c_message_descriptor_get_field_by_name(input->descriptor, name);
    return field == NULL ? NULL : (char *)(uintptr_t)input + field->offset;
}

static uint32_t *field_of(const struct passage *passage, const char *name)
{
    return member_of(passage, name);
}

/* Sets whether only this worker's own are asked for, if the method has such a field. */
static void ask_here(const struct passage *passage, bool here)
{
    protobuf_c_boolean *const member = member_of(passage, "here");
    if (member != NULL) {
        *member = here;
    }
}

/* ---- kinds ---- */

/* "event: …" and "data: …" of a message; its JSON is one line. */
static void put_event(struct buffer *out, const char *name, const ProtobufCMessage *message)
{
    buffer_printf(out, "event: %s\ndata: ", name);
    json_write(out, message, JSON_SNAKE);
    buffer_puts(out, "\n\n");
}

static struct news read_operation(const ProtobufCMessage *reply)
{
    const Truss__Migration__V1__WaitOperationResponse *const answer =
        (const Truss__Migration__V1__WaitOperationResponse *)reply;
    const Truss__Migration__V1__Operation *const operation = answer->operation;
    return (struct news){
        .thing = operation == NULL ? NULL : &operation->base,
        .count = answer->n_events,
        .last = answer->n_events == 0 ? 0 : answer->events[answer->n_events - 1]->id,
        .last_of_all = operation == NULL ? 0 : operation->last_event,
        .end = operation != NULL && operation->done ? "done" : NULL,
    };
}

static void put_operation(struct buffer *out, const ProtobufCMessage *reply)
{
    const Truss__Migration__V1__WaitOperationResponse *const answer =
        (const Truss__Migration__V1__WaitOperationResponse *)reply;
    for (size_t i = 0; i < answer->n_events; i++) {
        const Truss__Migration__V1__Event *const event = answer->events[i];
        const ProtobufCEnumDescriptor *const kinds = &truss__migration__v1__event_kind__descriptor;
        const ProtobufCEnumValue *const kind = protobuf_c_enum_descriptor_get_value(kinds, (int)event->kind);
        const char *const word = kind == NULL ? NULL : json_enum_word(out->arena, kinds, kind);
        buffer_printf(out, "id: %u\n", event->id);
        put_event(out, word == NULL ? "note" : word, &event->base);
    }
}

static struct news read_branch(const ProtobufCMessage *reply)
{
    const Truss__Branch__V1__WaitBranchResponse *const answer = (const Truss__Branch__V1__WaitBranchResponse *)reply;
    return (struct news){
        .thing = answer->branch == NULL ? NULL : &answer->branch->base,
        .count = answer->n_events,
        .last = answer->n_events == 0 ? 0 : answer->events[answer->n_events - 1]->id,
        .end = !answer->done           ? NULL
               : answer->error != NULL ? "failed"
                                       : "done",
    };
}

static void put_branch(struct buffer *out, const ProtobufCMessage *reply)
{
    const Truss__Branch__V1__WaitBranchResponse *const answer = (const Truss__Branch__V1__WaitBranchResponse *)reply;
    for (size_t i = 0; i < answer->n_events; i++) {
        buffer_printf(out, "id: %u\n", answer->events[i]->id);
        put_event(out, "phase", &answer->events[i]->base);
    }
}

static const struct kind kinds[] = {
    {"WaitOperation", read_operation, put_operation, true},
    {"WaitBranch", read_branch, put_branch, false},
};

static const struct kind *kind_of(const struct passage *passage)
{
    size_t i = 0;
    while (i + 1 < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i].rpc, passage->rpc) != 0) {
        i++;
    }
    return &kinds[i];
}

/* ---- pieces ---- */

/* Has everything been reported? What an ended one does not report now, it never will. */
static bool is_over(const struct news *news, uint32_t known)
{
    return news->end != NULL && (news->count == 0 || news->last_of_all <= known);
}

/* The piece made of a reply; *last is set if it is the last one. */
static struct text piece_of(struct passage *passage, const ProtobufCMessage *reply, bool *last)
{
    const struct kind *const kind = kind_of(passage);
    const struct news news = kind->read(reply);
    uint32_t *const known = field_of(passage, "after_event");
    struct buffer out = {.arena = passage->piece};
    kind->put(&out, reply);
    if (news.count > 0) {
        *known = news.last;
    }
    *last = is_over(&news, *known);
    if (*last && news.thing != NULL) {
        put_event(&out, news.end, news.thing);
        if (strcmp(news.end, "done") != 0) {
            put_event(&out, "done", news.thing); /* for clients that know no other end, and would reconnect for ever */
        }
    } else if (out.size == 0) {
        buffer_puts(&out, ": \n\n");
    }
    return buffer_text(&out);
}

/* The reply is unpacked where its JSON is made. */
static void new_piece(struct passage *passage)
{
    arena_free(passage->piece);
    passage->piece = arena_new(0);
    passage->options.arena = passage->piece;
}

/* ---- going on ---- */

static void send_error_event(struct passage *passage, const struct status *status)
{
    struct buffer out = {.arena = passage->piece};
    const struct text json = status_json(passage->piece, passage_outcome(passage, passage->piece, status));
    buffer_puts(&out, "event: error\ndata: ");
    buffer_add(&out, text_trim(json));
    buffer_puts(&out, "\n\n");
    http_stream_end(passage->http, buffer_text(&out));
}

/* A worker that is stopping answers polls at once: polling it again and again must be avoided. */
static bool is_sound(const struct passage *passage, const ProtobufCMessage *reply, struct status *status)
{
    const struct kind *const kind = kind_of(passage);
    const struct news news = kind->read(reply);
    if (news.thing == NULL && kind->is_always_told) {
        return status_fail(status, STATUS_INTERNAL, "The worker's answer has no operation in it.");
    }
    const bool is_prompt = clock_ms() - passage->asked_at < PROMPT_MS;
    return news.end != NULL || news.count > 0 || !is_prompt ||
           status_fail(
               status, STATUS_UNAVAILABLE,
               "The worker waits for no more events: it is stopping; connect again and continue after the last id.");
}

static void send_piece(const struct passage *passage, struct text piece, bool last)
{
    if (last) {
        http_stream_end(passage->http, piece);
    } else {
        http_stream_send(passage->http, piece);
    }
}

/* A stream that was opened with a session ends with it, so that a logout also ends streams. Following counts as using
 * the session. */
static bool may_go_on(struct passage *passage, struct status *status)
{
    const struct credentials *const credentials = &passage->credentials;
    return !credentials->by_cookie || credentials->authorization == NULL ||
           sessions_find(passage->bridge->browsers.sessions, passage->piece, credentials->session) != NULL ||
           status_fail(status, STATUS_UNAUTHENTICATED, "The session has ended; log in again.");
}

static void forget_tries(struct passage *passage)
{
    passage->tried_count = 0;
    passage->is_partial = false;
}

static void on_more(const ProtobufCMessage *reply, const struct status *status, void *data);

static void ask_for_more(struct passage *passage)
{
    passage->asked_at = clock_ms();
    passage_call(passage, passage->rpc, passage->input, on_more);
}

static void on_more(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    struct status problem = {.arena = passage->piece};
    bool last;
    if (!may_go_on(passage, &problem)) {
        send_error_event(passage, &problem);
        return;
    }
    if (status->code == STATUS_OK && !is_sound(passage, reply, &problem)) {
        status = &problem;
    }
    if (status->code != STATUS_OK && passage_goes_on(passage, status)) {
        ask_for_more(passage);
        return;
    }
    if (status->code != STATUS_OK) {
        send_error_event(passage, status);
        return;
    }
    forget_tries(passage);
    const struct text piece = piece_of(passage, reply, &last);
    send_piece(passage, piece, last);
}

static void wants(void *context)
{
    struct passage *const passage = context;
    const struct text first = passage->first;
    struct status problem = {.arena = passage->piece};
    if (passage->piece != NULL && !may_go_on(passage, &problem)) {
        send_error_event(passage, &problem);
        return;
    }
    if (first.size > 0) {
        passage->first = (struct text){0};
        send_piece(passage, first, passage->first_is_last);
        return;
    }
    new_piece(passage);
    *field_of(passage, "wait_ms") = POLL_MS;
    passage->options.timeout_ms = POLL_MS + passage->bridge->read_timeout_ms;
    ask_for_more(passage);
}

static void gone(void *context)
{
    struct passage *const passage = context;
    arena_free(passage->piece);
    passage->piece = NULL;
    atomic_fetch_sub(&passage->bridge->streams, 1);
}

/* ---- the beginning ---- */

/* No reachable worker makes the branch: any worker can tell its end. */
static bool asks_anybody(struct passage *passage, const struct status *status)
{
    const protobuf_c_boolean *const here = member_of(passage, "here");
    if (status->code != STATUS_NOT_FOUND || here == NULL || !*here) {
        return false;
    }
    ask_here(passage, false);
    forget_tries(passage);
    return true;
}

/* The first poll does not wait: it tells whether the operation exists, and what has happened so far. */
static void on_first(const ProtobufCMessage *reply, const struct status *status, void *data)
{
    struct passage *const passage = data;
    const struct http_extra_header extra[] = {{"X-Request-Id", passage->request_id}, {"X-Accel-Buffering", "no"}, {0}};
    if (status->code != STATUS_OK && (passage_goes_on(passage, status) || asks_anybody(passage, status))) {
        passage_call(passage, passage->rpc, passage->input, on_first);
    } else if (status->code != STATUS_OK) {
        atomic_fetch_sub(&passage->bridge->streams, 1);
        answer_failure(passage, status);
    } else if (strcmp(passage->http->method, "HEAD") == 0) {
        atomic_fetch_sub(&passage->bridge->streams, 1);
        http_answer(passage->http, 200, "text/event-stream", (struct text){0}, extra);
    } else {
        const struct http_source source = {.wants = wants, .gone = gone, .context = passage};
        const struct news found = kind_of(passage)->read(reply);
        forget_tries(passage);
        ask_here(passage, false); /* it was found; if its worker is lost another one tells its end */
        if (found.thing != NULL && found.count > 0) {
            new_piece(passage);
            passage->first = piece_of(passage, reply, &passage->first_is_last);
        }
        http_stream_begin(passage->http, "text/event-stream", extra, &source);
    }
}

void stream_begin(struct passage *passage)
{
    if (atomic_fetch_add(&passage->bridge->streams, 1) >= MOST_STREAMS) {
        struct status status = {.arena = passage->http->arena};
        atomic_fetch_sub(&passage->bridge->streams, 1);
        status_fail(&status, STATUS_UNAVAILABLE,
                    "%d streams of events are open; ask /wait instead, or try again later.", MOST_STREAMS);
        status.retry_ms = 5000;
        answer_failure(passage, &status);
        return;
    }
    *field_of(passage, "wait_ms") = 0;
    ask_here(passage, true);
    passage_call(passage, passage->rpc, passage->input, on_first);
}
