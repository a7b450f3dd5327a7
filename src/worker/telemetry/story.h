/*
 * One run as outside observers see it: metrics, spans, webhooks. Receives the same events as the run's operation, on
 * the run's thread, and never delays it.
 */
#ifndef WORKER_TELEMETRY_STORY_H
#define WORKER_TELEMETRY_STORY_H

#include "base/status.h"
#include "migration/events.h"
#include "migration/look/place.h"
#include "truss/migration/v1/migration.pb-c.h"

struct spans;
struct webhooks;

/* The observers; each may be NULL. */
struct telemetry {
    const struct site *site;
    struct spans *spans;
    struct webhooks *webhooks;
};

/* Where the run comes from. Borrowed only during story_begin. */
struct story_origin {
    const char *operation;  /* its id */
    const char *started_by; /* the caller; "": no login was required */
    const char *request_id; /* NULL: none */
    const char *traceparent;
    bool is_dry;
};

/* How the run ended. */
struct story_outcome {
    const Truss__Migration__V1__RunResponse *result; /* NULL: it could not start, because of `error` */
    const struct status *error;
    bool cancelled; /* on request */
    bool refused;   /* nothing was run */
};

struct story;

/* Begins a story; end it with story_end. */
struct story *story_begin(const struct telemetry *telemetry, const struct story_origin *origin);

void story_event(struct story *story, const struct run_event *event);

/* Ends the story and frees it. */
void story_end(struct story *story, const struct story_outcome *outcome);

#endif
