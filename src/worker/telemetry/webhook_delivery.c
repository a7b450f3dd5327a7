#include "worker/telemetry/webhook_delivery.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "worker/telemetry/post.h"
#include "worker/telemetry/webhook_rows.h"

#include <inttypes.h>
#include <string.h>

#define POST_MS    10000
#define WRITE_MS   10000
#define ERROR_TEXT 300

static const struct hook *hook_named(const struct hook_delivery *delivery, const char *name)
{
    for (size_t i = 0; i < delivery->hooks->count; i++) {
        if (strcmp(delivery->hooks->items[i].name, name) == 0) {
            return &delivery->hooks->items[i];
        }
    }
    return NULL;
}

/* {"a","b"}: names of TOML tables may hold anything. */
static const char *list_names(const struct hook_delivery *delivery, struct arena *arena)
{
    struct buffer list = {.arena = arena};
    buffer_putc(&list, '{');
    for (size_t i = 0; i < delivery->hooks->count; i++) {
        buffer_puts(&list, i == 0 ? "\"" : ",\"");
        for (const char *c = delivery->hooks->items[i].name; *c != '\0'; c++) {
            buffer_puts(&list, *c == '"' || *c == '\\' ? "\\" : "");
            buffer_putc(&list, *c);
        }
        buffer_putc(&list, '"');
    }
    buffer_putc(&list, '}');
    return buffer_string(&list);
}

/* Standard Webhooks: "v1," and the base64 of an HMAC over "ID.TIMESTAMP.BODY". */
static const char *signature_of(struct arena *arena, const struct hook *hook, const struct hook_due *due, long long at)
{
    unsigned char digest[SHA256_SIZE];
    hmac_sha256(hook->secret, text_of(arena_printf(arena, "%s.%lld.%s", due->event, at, due->body)), digest);
    return arena_printf(arena, "webhook-signature: v1,%s", base64_of(arena, digest, sizeof digest));
}

/* What the receiver said. */
struct answer {
    unsigned code;        /* HTTP's status; 0: none, and the status says why */
    unsigned retry_after; /* seconds; 0: it did not say */
};

static struct answer post_due(const struct hook_delivery *delivery, const struct hook *hook, const struct hook_due *due,
                              struct status *status)
{
    struct arena *const arena = status->arena;
    const long long at = (long long)(clock_wall_us() / 1000000);
    const char *headers[5] = {
        hook->format == HOOK_SLACK ? "Content-Type: application/json"
                                   : "Content-Type: application/cloudevents+json; charset=utf-8",
        arena_printf(arena, "webhook-id: %s", due->event),
        arena_printf(arena, "webhook-timestamp: %lld", at),
        hook->secret.size == 0 ? NULL : signature_of(arena, hook, due, at),
        NULL,
    };
    const struct post post = {.url = hook->url,
                              .headers = headers,
                              .body = text_of(due->body),
                              .timeout_ms = POST_MS,
                              .stopping = delivery->stopping};
    struct answer answer = {0};
    answer.code = post_send(&post, &answer.retry_after, status);
    return answer;
}

/* Seconds until the next try; 0: there is none. Together some 19 hours. */
static uint32_t pause_after(int64_t tries)
{
    static const uint32_t pauses[] = {2, 10, 60, 300, 1800, 3600, 7200, 18000, 36000};
    return tries < 1 || (size_t)tries > sizeof pauses / sizeof pauses[0] ? 0 : pauses[tries - 1];
}

/* True where there is nothing more to be done about it: it is delivered, or given up. */
static bool settle(struct hook_delivery *delivery, struct pg_session *session, const struct hook_due *due,
                   const struct answer *answer, struct status *status)
{
    struct arena *const arena = status->arena;
    const unsigned code = answer->code;
    const char *const error =
        code == 0 ? text_clean(arena, status->message, ERROR_TEXT) : arena_printf(arena, "HTTP status %u", code);
    struct status problem = {.arena = arena};
    const uint32_t pause = pause_after(due->tries);
    char quoted[LOG_QUOTED_SIZE];
    if (code >= 200 && code < 300) {
        tally_add(&delivery->delivered, 1);
        log_debug("webhook delivered", "hook=\"%s\" event=%s kind=%s", due->hook, due->event, due->kind);
        return hook_rows_drop(session, due, &problem);
    }
    tally_add(&delivery->failures, 1);
    log_warn("webhook not delivered", "hook=\"%s\" event=%s kind=%s tries=%" PRId64 " next_s=%u error=%s", due->hook,
             due->event, due->kind, due->tries, pause, log_quoted(error, quoted));
    if (pause == 0) {
        tally_add(&delivery->given_up, 1);
        return hook_rows_drop(session, due, &problem);
    }
    return hook_rows_put_off(session, due, answer->retry_after > pause ? answer->retry_after : pause, error, &problem);
}

bool hook_deliver(struct hook_delivery *delivery, struct pg_session *session)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct hook_due due;
    bool goes_on = hook_rows_take(arena, session, list_names(delivery, arena), &due, &status) && due.event != NULL;
    const struct hook *const hook = goes_on ? hook_named(delivery, due.hook) : NULL;
    if (hook != NULL) {
        const struct answer answer = post_due(delivery, hook, &due, &status);
        pg_session_set_deadline(session, deadline_in(WRITE_MS));
        goes_on = !atomic_load(delivery->stopping) && settle(delivery, session, &due, &answer, &status);
    }
    arena_free(arena);
    return goes_on;
}
