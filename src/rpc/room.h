/*
 * What requests and answers take of the memory (base/memory.h), and the messages that they travel in.
 */
#ifndef RPC_ROOM_H
#define RPC_ROOM_H

#include "base/text.h"
#include "rpc/service.h"

#include <nng/nng.h>

/* What a request that sends so many bytes may well take while it is answered. 0: next to nothing. Those who only wait,
 * stop something or ask for the health are answered also where there is no memory for others. */
size_t rpc_room_for(enum rpc_lane lane, size_t sent);

/* A message that has these bytes; NULL where there is no memory for it. */
nng_msg *rpc_message_try(struct text bytes);

/* The same, but it waits for memory that others give back (memory_must_wait). */
nng_msg *rpc_message(struct text bytes);

#endif
