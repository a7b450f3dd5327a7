/*
 * The operator's file of webhooks:
 *
 *     [webhook.ops]
 *     url = "https://example.org/hook"          # or url_file, where the URL is a secret
 *     secret_file = "/run/secrets/webhook"      # signs what is sent; needed but for format = "slack"
 *     events = ["run.failed", "run.lost"]       # else all
 *     format = "cloudevents"                    # or "slack"
 *     lock_wait_seconds = 30
 */
#ifndef WORKER_TELEMETRY_WEBHOOK_CONFIG_H
#define WORKER_TELEMETRY_WEBHOOK_CONFIG_H

#include "base/status.h"
#include "base/text.h"

enum hook_event {
    HOOK_STARTED = 1,
    HOOK_LOCK_WAIT = 2,
    HOOK_DONE = 4,
    HOOK_FAILED = 8,
    HOOK_LOST = 16,
    HOOK_DRIFT = 32,
    HOOK_ALL = 63,
};

enum hook_format { HOOK_CLOUDEVENTS, HOOK_SLACK };

struct hook {
    const char *name;
    const char *url;
    struct text secret; /* the signing key; size 0: not signed */
    unsigned events;    /* a set of enum hook_event */
    enum hook_format format;
    uint32_t lock_wait_ms; /* shorter waits are not reported */
    const char *files[2];  /* of the URL and of the key; NULL: none */
};

#define HOOKS_MOST 16

struct hook_list {
    struct hook items[HOOKS_MOST];
    size_t count;
};

/* "run.started", … */
const char *hook_event_word(enum hook_event event);

/* Reads the file and those that it names, into the arena. Fails if one cannot be read or is invalid; the message names
 * file and line, but no secret. */
bool hooks_read(struct arena *arena, const char *path, struct hook_list *hooks, struct status *status);

#endif
