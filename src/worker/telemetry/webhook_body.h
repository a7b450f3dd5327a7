/*
 * The bodies sent to receivers: CloudEvents 1.0 in JSON, or a line of text for Slack. They contain no SQL, secrets or
 * values.
 */
#ifndef WORKER_TELEMETRY_WEBHOOK_BODY_H
#define WORKER_TELEMETRY_WEBHOOK_BODY_H

#include "migration/events.h"
#include "migration/look/place.h"
#include "worker/telemetry/drift.h"
#include "worker/telemetry/outcome.h"
#include "worker/telemetry/webhook_config.h"

/* What happened. Only the members for the event are read. */
struct hook_news {
    enum hook_event event;
    const char *id;                     /* of the event */
    const char *subject;                /* the operation; for HOOK_DRIFT the tracking table */
    uint32_t count;                     /* HOOK_STARTED: the number of migrations to run */
    const struct run_event *wait;       /* HOOK_LOCK_WAIT */
    const struct hook_outcome *outcome; /* HOOK_DONE, HOOK_FAILED */
    const struct drift *drift;          /* HOOK_DRIFT */
};

/* The body of a request, in the arena. */
const char *hook_body(struct arena *arena, enum hook_format format, const struct site *site,
                      const struct hook_news *news);

#endif
