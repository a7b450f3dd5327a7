#include "worker/telemetry/webhook_delivery.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/threads.h"
#include "worker/telemetry/post.h"
#include "worker/telemetry/webhook_rows.h"

#include <inttypes.h>
#include <stdlib.h>

#define POST_MS      10000
#define WRITE_MS     10000
#define ERROR_TEXT   300
#define LOOK_MS      3000 /* between looks for rows of other workers */
#define MOST_A_ROUND 50

/* Standard Webhooks: "v1," and the base64 of an HMAC over "ID.TIMESTAMP.BODY". */
static const char *signature_of(struct arena *arena, const struct hook *hook, const struct hook_due *due, long long at)
{
    unsigned char digest[SHA256_SIZE];
    hmac_sha256(hook->secret, text_of(arena_printf(arena, "%s.%lld.%s", due->event, at, due->body)), digest);
    return arena_printf(arena, "webhook-signature: v1,%s", base64_of(arena, digest, sizeof digest));
}

/* The receiver's answer. */
struct answer {
    unsigned code;        /* the HTTP status; 0: none, and the status says why */
    unsigned retry_after; /* seconds; 0: not given */
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
                              .stopping = &delivery->stopping};
    struct answer answer = {0};
    answer.code = post_send(&post, &answer.retry_after, status);
    return answer;
}

/* Seconds until the next attempt; 0: no more. About 19 hours together. */
static uint32_t pause_after(int64_t tries)
{
    static const uint32_t pauses[] = {2, 10, 60, 300, 1800, 3600, 7200, 18000, 36000};
    return tries < 1 || (size_t)tries > sizeof pauses / sizeof pauses[0] ? 0 : pauses[tries - 1];
}

/* Returns true if the event is finished: delivered, or given up. */
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

/* A due row; false if there is none, or the database does not answer, which webhooks.c reports. */
static bool take_due(const struct hook_sender *sender, struct hook_due *due, struct status *status)
{
    struct pg_pool *const pool = sender->delivery->pool;
    struct pg_session *const session = pg_pool_take_pinned(pool, deadline_in(WRITE_MS), status);
    const bool ok = session != NULL && hook_rows_take(status->arena, session, sender->hook->name, due, status) &&
                    due->event != NULL;
    pg_pool_give(pool, session);
    return ok;
}

/* Returns false if there is nothing more to send now. */
static bool deliver(struct hook_sender *sender)
{
    struct hook_delivery *const delivery = sender->delivery;
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    struct status problem = {.arena = arena};
    struct hook_due due;
    bool goes_on = take_due(sender, &due, &problem);
    if (goes_on) {
        const struct answer answer = post_due(delivery, sender->hook, &due, &status);
        struct pg_session *const session = atomic_load(&delivery->stopping)
                                               ? NULL
                                               : pg_pool_take_pinned(delivery->pool, deadline_in(WRITE_MS), &problem);
        goes_on = session != NULL && settle(delivery, session, &due, &answer, &status);
        pg_pool_give(delivery->pool, session);
    }
    arena_free(arena);
    return goes_on;
}

/* Waits for new rows, or for those that others may have left. Returns false if the thread must end. */
static bool wait_for_news(struct hook_delivery *delivery, unsigned *seen)
{
    const int64_t until = deadline_in(LOOK_MS * 3 / 4 + (uint32_t)(random() % (LOOK_MS / 2)));
    pthread_mutex_lock(&delivery->mutex);
    while (delivery->round == *seen && !atomic_load(&delivery->stopping) &&
           thread_wait(&delivery->news, &delivery->mutex, until)) {
    }
    *seen = delivery->round;
    pthread_mutex_unlock(&delivery->mutex);
    return !atomic_load(&delivery->stopping);
}

static void *send_all(void *data)
{
    struct hook_sender *const sender = data;
    unsigned seen = 0;
    do {
        for (int i = 0; i < MOST_A_ROUND && !atomic_load(&sender->delivery->stopping) && deliver(sender); i++) {
        }
    } while (wait_for_news(sender->delivery, &seen));
    return NULL;
}

void hook_delivery_prepare(struct hook_delivery *delivery, struct pg_pool *pool)
{
    delivery->pool = pool;
    pthread_mutex_init(&delivery->mutex, NULL);
    thread_condition(&delivery->news);
}

void hook_delivery_release(struct hook_delivery *delivery)
{
    pthread_mutex_destroy(&delivery->mutex);
    pthread_cond_destroy(&delivery->news);
}

void hook_delivery_start(struct hook_delivery *delivery, const struct hook_list *hooks)
{
    atomic_store(&delivery->stopping, false);
    delivery->count = 0;
    for (size_t i = 0; i < hooks->count; i++) {
        struct hook_sender *const sender = &delivery->senders[delivery->count];
        *sender = (struct hook_sender){.delivery = delivery, .hook = &hooks->items[i]};
        if (pthread_create(&sender->thread, NULL, send_all, sender) == 0) {
            delivery->count++;
        } else {
            log_warn("webhook without a thread", "hook=\"%s\"", sender->hook->name);
        }
    }
}

void hook_delivery_wake(struct hook_delivery *delivery)
{
    pthread_mutex_lock(&delivery->mutex);
    delivery->round++;
    pthread_cond_broadcast(&delivery->news);
    pthread_mutex_unlock(&delivery->mutex);
}

bool hook_delivery_sweep(struct hook_delivery *delivery, struct pg_session *session, struct status *status)
{
    size_t dropped;
    const bool ok = hook_rows_sweep(session, &dropped, status);
    if (dropped > 0) {
        tally_add(&delivery->given_up, dropped);
        log_warn("webhook events dropped after a week", "count=%zu", dropped);
    }
    return ok;
}

void hook_delivery_stop(struct hook_delivery *delivery)
{
    atomic_store(&delivery->stopping, true);
    hook_delivery_wake(delivery);
    for (size_t i = 0; i < delivery->count; i++) {
        pthread_join(delivery->senders[i].thread, NULL);
    }
    delivery->count = 0;
}
