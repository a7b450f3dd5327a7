/*
 * Spans of runs, migrations and steps, sent by OTLP over HTTP (its JSON form) to a collector. What is finished is put
 * into a queue of a bounded length, which a thread of its own empties: nobody waits for the network. What finds no
 * room, or cannot be sent, is dropped and counted.
 */
#ifndef WORKER_TELEMETRY_SPANS_H
#define WORKER_TELEMETRY_SPANS_H

#include "base/status.h"
#include "base/trace.h"
#include "rpc/metrics.h"

struct spans;

struct spans_options {
    const char *endpoint;    /* "http://HOST:4318": "/v1/traces" is added, as OpenTelemetry does */
    const char *headers;     /* "name=value,name=value" with escapes, of OTEL_EXPORTER_OTLP_HEADERS; NULL: none */
    const char *environment; /* deployment.environment.name; NULL: not said */
};

/* Starts the thread. NULL and INVALID_ARGUMENT where the endpoint is no http:// or https:// URL. The options are
 * copied. */
struct spans *spans_start(const struct spans_options *options, struct status *status);

/* Sends what is left for up to grace_ms, then ends and releases all; what was not sent is dropped. NULL is fine. */
void spans_stop(struct spans *spans, uint32_t grace_ms);

struct span_attribute {
    const char *key;
    const char *text; /* NULL: the number */
    int64_t number;
};

#define SPAN_ATTRIBUTES 10

struct span {
    const char *name;
    const char *trace; /* ids as hex */
    const char *id;
    const char *parent; /* "": it has none */
    int64_t began_us;   /* wall clock */
    int64_t ended_us;
    const char *error;                                 /* NULL: it went well */
    struct span_attribute attributes[SPAN_ATTRIBUTES]; /* ends with a NULL key, or full */
};

/* Puts a span into the queue, copied. Any thread; never waits. */
void spans_add(struct spans *spans, const struct span *span);

/* Adds the families: exported and dropped ones, and the queue. NULL: nothing. */
void spans_show(struct spans *spans, struct metrics *metrics);

#endif
