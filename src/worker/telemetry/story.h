/*
 * One run as it is told to those who watch the worker from outside: metrics, spans, webhooks. It hears the same events
 * as the run's operation, on the run's thread, and never holds it up.
 */
#ifndef WORKER_TELEMETRY_STORY_H
#define WORKER_TELEMETRY_STORY_H

#include "base/status.h"
#include "migration/events.h"
#include "migration/look/place.h"
#include "truss/migration/v1/migration.pb-c.h"

struct spans;
struct webhooks;

/* Who is told; NULL: nobody of that kind. */
struct telemetry {
    const struct site *site;
    struct spans *spans;
    struct webhooks *webhooks;
};

/* Whence the run is. Borrowed by story_begin only. */
struct story_origin {
    const char *operation;  /* its id */
    const char *started_by; /* who asked for it; "": nobody was asked */
    const char *request_id; /* NULL: it has none */
    const char *traceparent;
    bool is_dry;
};

/* How it ended. */
struct story_outcome {
    const Truss__Migration__V1__RunResponse *result; /* NULL: it could not begin, for this reason */
    const struct status *error;
    bool cancelled; /* by a wish */
    bool refused;   /* nothing was run */
};

struct story;

/* A new one, for story_end. */
struct story *story_begin(const struct telemetry *telemetry, const struct story_origin *origin);

void story_event(struct story *story, const struct run_event *event);

/* Ends and releases it. */
void story_end(struct story *story, const struct story_outcome *outcome);

#endif
