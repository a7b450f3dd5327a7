/*
 * Converts a time to its message and back.
 */
#ifndef RPC_TIME_MESSAGE_H
#define RPC_TIME_MESSAGE_H

#include "base/arena.h"
#include "google/protobuf/timestamp.pb-c.h"

#include <stdint.h>

/* Makes the message of a time of the wall clock in the arena; NULL for NO_TIME. */
Google__Protobuf__Timestamp *message_time(struct arena *arena, int64_t wall_us);

/* The other way; NO_TIME for NULL, and for what is outside the years 1 to 9999, which RFC 3339 has. */
int64_t message_time_us(const Google__Protobuf__Timestamp *time);

#endif
