/*
 * Sends spans of runs, migrations and steps to a collector, by OTLP over HTTP as JSON. Finished spans go into a bounded
 * queue, which a thread empties: nobody waits for the network. Spans that find no room, or cannot be sent, are dropped
 * and counted.
 */
#ifndef WORKER_TELEMETRY_SPANS_H
#define WORKER_TELEMETRY_SPANS_H

#include "base/status.h"
#include "base/trace.h"
#include "rpc/metrics.h"

struct spans;

struct spans_options {
    const char *endpoint;    /* "http://HOST:4318"; "/v1/traces" is appended, as OpenTelemetry does */
    const char *headers;     /* OTEL_EXPORTER_OTLP_HEADERS: "name=value,name=value" with escapes; NULL: none */
    const char *environment; /* deployment.environment.name; NULL: none */
};

/* Starts the thread. NULL and INVALID_ARGUMENT if the endpoint is not an http:// or https:// URL. Copies the options.
 */
struct spans *spans_start(const struct spans_options *options, struct status *status);

/* Sends the rest for up to grace_ms, drops what is left, and frees everything. NULL is fine. */
void spans_stop(struct spans *spans, uint32_t grace_ms);

struct span_attribute {
    const char *key;
    const char *text; /* NULL: use the number */
    int64_t number;
};

#define SPAN_ATTRIBUTES 10

struct span {
    const char *name;
    const char *trace; /* ids in hexadecimal */
    const char *id;
    const char *parent; /* "": none */
    int64_t began_us;   /* wall clock */
    int64_t ended_us;
    const char *error;                                 /* NULL: success */
    struct span_attribute attributes[SPAN_ATTRIBUTES]; /* ended by a NULL key, unless full */
};

/* Queues a copy of a span. Any thread; never waits. */
void spans_add(struct spans *spans, const struct span *span);

/* Adds the metric families: exported and dropped spans, and the queue. NULL adds nothing. */
void spans_show(struct spans *spans, struct metrics *metrics);

#endif
