/*
 * A status as a message and back: the only translation of the two, with all that a status holds.
 */
#ifndef RPC_STATUS_MESSAGE_H
#define RPC_STATUS_MESSAGE_H

#include "base/status.h"
#include "base/text.h"
#include "truss/rpc/v1/rpc.pb-c.h"

/* In the arena; its strings are copies, each UTF-8 and at most 64 kB. */
Truss__Rpc__V1__Status *status_message(struct arena *arena, const struct status *status);

/* Fills a status, whose arena must be set, with copies of what the message says; a code that is none is UNKNOWN. */
void status_read(const Truss__Rpc__V1__Status *message, struct status *outcome);

/* The answer to a request that failed, as the routes give it: {"error":SENTENCE,"code":"NOT_FOUND",…}, what is known of
 * it, and a newline. */
struct text status_json(struct arena *arena, const struct status *status);

#endif
