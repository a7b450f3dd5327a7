/*
 * What receivers are sent: CloudEvents 1.0 in JSON, or a line of text as Slack takes it. No SQL, no secret, no value.
 */
#ifndef WORKER_TELEMETRY_WEBHOOK_BODY_H
#define WORKER_TELEMETRY_WEBHOOK_BODY_H

#include "migration/events.h"
#include "migration/look/place.h"
#include "worker/telemetry/drift.h"
#include "worker/telemetry/outcome.h"
#include "worker/telemetry/webhook_config.h"

/* What happened; only what belongs to the event is looked at. */
struct hook_news {
    enum hook_event event;
    const char *id;                     /* of the event */
    const char *subject;                /* the operation; DRIFT: the tracking table */
    uint32_t count;                     /* STARTED: migrations to run */
    const struct run_event *wait;       /* LOCK_WAIT */
    const struct hook_outcome *outcome; /* DONE, FAILED */
    const struct drift *drift;          /* DRIFT */
};

/* The text of a request, in the arena. */
const char *hook_body(struct arena *arena, enum hook_format format, const struct site *site,
                      const struct hook_news *news);

#endif
