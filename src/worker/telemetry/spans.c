/*
 * OTLP/HTTP with JSON: https://opentelemetry.io/docs/specs/otlp/. Ids are hexadecimal, 64-bit numbers strings, codes
 * numbers. A finished span is converted to text, and the thread combines waiting ones into one request.
 */
#include "worker/telemetry/spans.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/threads.h"
#include "worker/telemetry/post.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE        2048
#define BATCH        256
#define WAIT_MS      1000 /* for more spans, before sending what is there */
#define POST_MS      10000
#define TRIES        4
#define FIRST_PAUSE  500
#define MOST_HEADERS 16

enum { KIND_INTERNAL = 1, STATUS_CODE_OK = 1, STATUS_CODE_ERROR = 2 };

struct spans {
    struct arena *arena;
    const char *url;
    const char *headers[MOST_HEADERS + 2];
    const char *before; /* the beginning of a request, up to its spans */
    pthread_t thread;
    pthread_mutex_t mutex; /* protects the rest */
    pthread_cond_t news;
    char *queue[QUEUE]; /* a ring */
    size_t first;
    size_t count;
    bool is_ending; /* send the rest, then end */
    bool is_complaining;
    atomic_bool stopping; /* send nothing more */
    tally exported;
    tally dropped;
    tally failures;
};

/* ---- text ---- */

static void put_string(struct buffer *out, const char *string)
{
    json_write_string(out, text_of(string));
}

static void put_attribute(struct buffer *out, const struct span_attribute *one)
{
    buffer_puts(out, "{\"key\":");
    put_string(out, one->key);
    if (one->text != NULL) {
        buffer_puts(out, ",\"value\":{\"stringValue\":");
        put_string(out, one->text);
        buffer_puts(out, "}}");
    } else {
        buffer_printf(out, ",\"value\":{\"intValue\":\"%" PRId64 "\"}}", one->number);
    }
}

static void put_attributes(struct buffer *out, const struct span_attribute *attributes, size_t most)
{
    buffer_puts(out, "\"attributes\":[");
    for (size_t i = 0; i < most && attributes[i].key != NULL; i++) {
        buffer_puts(out, i == 0 ? "" : ",");
        put_attribute(out, &attributes[i]);
    }
    buffer_putc(out, ']');
}

static void put_span(struct buffer *out, const struct span *span)
{
    buffer_printf(out, "{\"traceId\":\"%s\",\"spanId\":\"%s\",", span->trace, span->id);
    if (span->parent[0] != '\0') {
        buffer_printf(out, "\"parentSpanId\":\"%s\",", span->parent);
    }
    buffer_puts(out, "\"name\":");
    put_string(out, span->name);
    buffer_printf(out, ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64 "000\",\"endTimeUnixNano\":\"%" PRId64 "000\",",
                  KIND_INTERNAL, span->began_us, span->ended_us);
    put_attributes(out, span->attributes, SPAN_ATTRIBUTES);
    buffer_printf(out, ",\"status\":{\"code\":%d", span->error == NULL ? STATUS_CODE_OK : STATUS_CODE_ERROR);
    if (span->error != NULL) {
        buffer_puts(out, ",\"message\":");
        put_string(out, span->error);
    }
    buffer_puts(out, "}}");
}

/* The resource and the scope, the same in each request. */
static const char *head_of(struct arena *arena, const char *environment)
{
    char host[256] = "?";
    struct buffer out = {.arena = arena};
    gethostname(host, sizeof host - 1);
    const struct span_attribute resource[] = {
        {"service.name", "truss-worker", 0},
        {"service.version", TRUSS_VERSION, 0},
        {"service.instance.id", arena_printf(arena, "%s:%ld", host, (long)getpid()), 0},
        {environment == NULL ? NULL : "deployment.environment.name", environment, 0},
        {0},
    };
    buffer_puts(&out, "{\"resourceSpans\":[{\"resource\":{");
    put_attributes(&out, resource, sizeof resource / sizeof resource[0]);
    buffer_puts(&out,
                "},\"scopeSpans\":[{\"scope\":{\"name\":\"truss\",\"version\":\"" TRUSS_VERSION "\"},\"spans\":[");
    return buffer_string(&out);
}

/* ---- the queue ---- */

void spans_add(struct spans *spans, const struct span *span)
{
    struct arena *const arena = arena_new(0);
    struct buffer out = {.arena = arena};
    put_span(&out, span);
    char *const text = memory_strdup(buffer_string(&out));
    arena_free(arena);
    pthread_mutex_lock(&spans->mutex);
    const bool has_room = spans->count < QUEUE && !spans->is_ending;
    if (has_room) {
        spans->queue[(spans->first + spans->count++) % QUEUE] = text;
        pthread_cond_signal(&spans->news);
    }
    pthread_mutex_unlock(&spans->mutex);
    if (!has_room) {
        free(text);
        tally_add(&spans->dropped, 1);
    }
}

/* Waits for a full batch, or for some time. Takes what is there; 0: the thread must end. */
static size_t take(struct spans *spans, char *batch[BATCH])
{
    pthread_mutex_lock(&spans->mutex);
    while (spans->count == 0 && !spans->is_ending) {
        pthread_cond_wait(&spans->news, &spans->mutex);
    }
    const int64_t until = deadline_in(WAIT_MS);
    while (spans->count < BATCH && !spans->is_ending && thread_wait(&spans->news, &spans->mutex, until)) {
    }
    const size_t count = spans->count < BATCH ? spans->count : BATCH;
    for (size_t i = 0; i < count; i++) {
        batch[i] = spans->queue[(spans->first + i) % QUEUE];
    }
    spans->first = (spans->first + count) % QUEUE;
    spans->count -= count;
    pthread_mutex_unlock(&spans->mutex);
    return count;
}

/* ---- sending ---- */

/* According to OTLP only these may be repeated. */
static bool may_try_again(unsigned code)
{
    return code == 0 || code == 429 || code == 502 || code == 503 || code == 504;
}

/* Sleeps, unless woken to end. Returns false if nothing more is to be sent. */
static bool pause_before_next(struct spans *spans, uint32_t ms)
{
    const int64_t until = deadline_in(ms);
    pthread_mutex_lock(&spans->mutex);
    while (!atomic_load(&spans->stopping) && thread_wait(&spans->news, &spans->mutex, until)) {
    }
    pthread_mutex_unlock(&spans->mutex);
    return !atomic_load(&spans->stopping);
}

/* Logs the first of several failures, and the first success after them. */
static void tell(struct spans *spans, unsigned code, const struct status *status)
{
    const bool ok = code >= 200 && code < 300;
    char error[LOG_QUOTED_SIZE];
    if (!ok && !spans->is_complaining) {
        log_warn("spans cannot be sent", "status=%u error=%s", code, log_quoted(status->message, error));
    } else if (ok && spans->is_complaining) {
        log_info("spans can be sent again", "status=%u", code);
    }
    spans->is_complaining = !ok;
}

static bool send_text(struct spans *spans, struct arena *arena, struct text body)
{
    const struct post post = {.url = spans->url,
                              .headers = spans->headers,
                              .body = body,
                              .timeout_ms = POST_MS,
                              .stopping = &spans->stopping};
    uint32_t pause = FIRST_PAUSE;
    for (int i = 0; i < TRIES; i++, pause *= 2) {
        struct status status = {.arena = arena};
        unsigned after;
        const unsigned code = post_send(&post, &after, &status);
        tell(spans, code, &status);
        if (code >= 200 && code < 300) {
            return true;
        }
        tally_add(&spans->failures, 1);
        const uint32_t wanted = after > 30 ? 30000 : after * 1000;
        if (!may_try_again(code) || i + 1 == TRIES || !pause_before_next(spans, wanted > pause ? wanted : pause)) {
            return false;
        }
    }
    return false;
}

static void send_batch(struct spans *spans, char *const *batch, size_t count)
{
    struct arena *const arena = arena_new(0);
    struct buffer body = {.arena = arena};
    buffer_puts(&body, spans->before);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&body, i == 0 ? "" : ",");
        buffer_puts(&body, batch[i]);
    }
    buffer_puts(&body, "]}]}]}");
    const bool ok = !atomic_load(&spans->stopping) && send_text(spans, arena, buffer_text(&body));
    tally_add(ok ? &spans->exported : &spans->dropped, count);
    arena_free(arena);
}

static void *send_all(void *data)
{
    struct spans *const spans = data;
    char *batch[BATCH];
    for (size_t count; (count = take(spans, batch)) > 0;) {
        send_batch(spans, batch, count);
        for (size_t i = 0; i < count; i++) {
            free(batch[i]);
        }
    }
    return NULL;
}

/* ---- its life ---- */

/* "name=value,name=value" with percent-encoded values, as "Name: value" each. */
static void read_headers(struct spans *spans, const char *list)
{
    size_t count = 0;
    spans->headers[count++] = "Content-Type: application/json";
    struct text rest = text_of(list);
    while (rest.size > 0 && count <= MOST_HEADERS) {
        const size_t comma = text_find(rest, ",", 0);
        const struct text one = text_slice(rest, 0, comma);
        const size_t equals = text_find(one, "=", 0);
        const struct text name = text_trim(text_slice(one, 0, equals));
        const char *const value =
            equals == SIZE_MAX ? NULL
                               : text_percent_decode(spans->arena, text_trim(text_slice(one, equals + 1, one.size)));
        if (name.size > 0 && value != NULL && strpbrk(value, "\r\n") == NULL) {
            spans->headers[count++] = arena_printf(spans->arena, "%.*s: %s", (int)name.size, name.data, value);
        }
        rest = comma == SIZE_MAX ? (struct text){0} : text_slice(rest, comma + 1, rest.size);
    }
}

struct spans *spans_start(const struct spans_options *options, struct status *status)
{
    if (!post_prepare()) {
        status_fail(status, STATUS_FAILED_PRECONDITION, "--otlp-endpoint: " POST_MISSING);
        return NULL;
    }
    if (!post_is_url(options->endpoint)) {
        status_fail(status, STATUS_INVALID_ARGUMENT, "--otlp-endpoint is the URL of a collector: http://HOST:4318.");
        return NULL;
    }
    struct spans *const spans = memory_alloc(sizeof *spans);
    const struct text base = text_of(options->endpoint);
    const size_t size = base.size - (text_ends_with(base, "/") ? 1 : 0);
    spans->arena = arena_new(0);
    spans->url = arena_printf(spans->arena, "%.*s/v1/traces", (int)size, base.data);
    spans->before = head_of(spans->arena, options->environment);
    read_headers(spans, options->headers);
    pthread_mutex_init(&spans->mutex, NULL);
    thread_condition(&spans->news);
    if (pthread_create(&spans->thread, NULL, send_all, spans) != 0) {
        status_fail(status, STATUS_UNAVAILABLE, "There is no thread for spans.");
        arena_free(spans->arena);
        free(spans);
        return NULL;
    }
    return spans;
}

void spans_stop(struct spans *spans, uint32_t grace_ms)
{
    if (spans == NULL) {
        return;
    }
    pthread_mutex_lock(&spans->mutex);
    spans->is_ending = true;
    pthread_cond_broadcast(&spans->news);
    pthread_mutex_unlock(&spans->mutex);
    if (!thread_join_in_time(spans->thread, grace_ms)) {
        pthread_mutex_lock(&spans->mutex);
        atomic_store(&spans->stopping, true);
        pthread_cond_broadcast(&spans->news);
        pthread_mutex_unlock(&spans->mutex);
        pthread_join(spans->thread, NULL); /* libcurl's callback checks several times a second whether to stop */
    }
    pthread_mutex_destroy(&spans->mutex);
    pthread_cond_destroy(&spans->news);
    arena_free(spans->arena);
    free(spans);
}

void spans_show(struct spans *spans, struct metrics *metrics)
{
    if (spans == NULL) {
        return;
    }
    pthread_mutex_lock(&spans->mutex);
    const size_t waiting = spans->count;
    pthread_mutex_unlock(&spans->mutex);
    const struct {
        struct metric metric;
        double value;
    } rows[] = {
        {{"truss_spans_exported_total", "Spans that the collector has taken.", METRIC_COUNTER},
         (double)tally_read(&spans->exported)},
        {{"truss_spans_dropped_total", "Spans that found no room in the queue or could not be sent.", METRIC_COUNTER},
         (double)tally_read(&spans->dropped)},
        {{"truss_spans_failures_total", "Tries to send spans that failed.", METRIC_COUNTER},
         (double)tally_read(&spans->failures)},
        {{"truss_spans_queued", "Spans that wait to be sent.", METRIC_GAUGE}, (double)waiting},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        metrics_number(metrics, &rows[i].metric, rows[i].value);
    }
}
