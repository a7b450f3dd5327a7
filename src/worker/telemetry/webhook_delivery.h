/*
 * Delivers due events. Each receiver has a thread of its own, so that one that does not answer delays no other. The
 * thread takes a row, sends it, and deletes or postpones the row; it has no session while it sends.
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

/* All receivers, and statistics. */
struct hook_delivery {
    struct pg_pool *pool; /* borrowed */
    struct hook_sender senders[HOOKS_MOST];
    size_t count;
    pthread_mutex_t mutex; /* protects the next two */
    pthread_cond_t news;
    unsigned round;
    atomic_bool stopping; /* aborts a delivery: its row is due again when its lease ends */
    tally delivered;
    tally failures;
    tally given_up;
};

void hook_delivery_prepare(struct hook_delivery *delivery, struct pg_pool *pool);
void hook_delivery_release(struct hook_delivery *delivery);

/* Starts a thread for each receiver; the list is borrowed until hook_delivery_stop. A receiver without a thread is
 * logged. */
void hook_delivery_start(struct hook_delivery *delivery, const struct hook_list *hooks);

/* Wakes the threads: there are new rows. */
void hook_delivery_wake(struct hook_delivery *delivery);

/* Gives up what is older than a week; that is logged and counted. */
bool hook_delivery_sweep(struct hook_delivery *delivery, struct pg_session *session, struct status *status);

/* Stops the threads soon. */
void hook_delivery_stop(struct hook_delivery *delivery);

#endif
