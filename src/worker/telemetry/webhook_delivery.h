/*
 * Delivering what is due: one row is taken, sent, and dropped or put off.
 */
#ifndef WORKER_TELEMETRY_WEBHOOK_DELIVERY_H
#define WORKER_TELEMETRY_WEBHOOK_DELIVERY_H

#include "base/tally.h"
#include "pg/session.h"
#include "worker/telemetry/webhook_config.h"

/* To whom, and what came of it. */
struct hook_delivery {
    const struct hook_list *hooks;
    const atomic_bool *stopping; /* true ends a try under way: its row is due again when its lease is over */
    tally delivered;
    tally failures;
    tally given_up;
};

/* Sends one that is due; false where there is none, or the database cannot be asked. */
bool hook_deliver(struct hook_delivery *delivery, struct pg_session *session);

#endif
