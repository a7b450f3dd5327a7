/*
 * Delivering what is due: each receiver has a thread of its own, so that one that does not answer holds up no other. A
 * row is taken, sent, and dropped or put off; while it is sent the thread has no session.
 */
#ifndef WORKER_TELEMETRY_WEBHOOK_DELIVERY_H
#define WORKER_TELEMETRY_WEBHOOK_DELIVERY_H

#include "base/tally.h"
#include "pg/pool.h"
#include "worker/telemetry/webhook_config.h"

#include <pthread.h>

struct hook_delivery;

struct hook_sender {
    struct hook_delivery *delivery;
    const struct hook *hook;
    pthread_t thread;
};

/* To whom, and what came of it. */
struct hook_delivery {
    struct pg_pool *pool; /* borrowed */
    struct hook_sender senders[HOOKS_MOST];
    size_t count;
    pthread_mutex_t mutex; /* of the next two */
    pthread_cond_t news;
    unsigned round;
    atomic_bool stopping; /* ends a try under way: its row is due again when its lease is over */
    tally delivered;
    tally failures;
    tally given_up;
};

void hook_delivery_prepare(struct hook_delivery *delivery, struct pg_pool *pool);
void hook_delivery_release(struct hook_delivery *delivery);

/* Starts the threads of these receivers, which are borrowed until it is stopped. Who has no thread is told of in the
 * log. */
void hook_delivery_start(struct hook_delivery *delivery, const struct hook_list *hooks);

/* There is something new: they look now. */
void hook_delivery_wake(struct hook_delivery *delivery);

/* Ends within a moment. */
void hook_delivery_stop(struct hook_delivery *delivery);

#endif
