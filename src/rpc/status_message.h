/*
 * Converts a status to its message and back. This is the only place that does, and no field of a status is lost.
 */
#ifndef RPC_STATUS_MESSAGE_H
#define RPC_STATUS_MESSAGE_H

#include "base/status.h"
#include "base/text.h"
#include "truss/rpc/v1/rpc.pb-c.h"

/* Makes the message in the arena; its strings are copies, each UTF-8 and at most 64 kB. */
Truss__Rpc__V1__Status *status_message(struct arena *arena, const struct status *status);

/* Fills a status, whose arena must be set, with copies of what the message says. An unknown code becomes UNKNOWN. */
void status_read(const Truss__Rpc__V1__Status *message, struct status *outcome);

/* The HTTP body of a failed request: {"error":SENTENCE,"code":"NOT_FOUND",…} with all that is known about it, and a
 * newline. */
struct text status_json(struct arena *arena, const struct status *status);

#endif
