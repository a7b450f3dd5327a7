/*
 * The memory (base/memory.h) that requests and answers need, and the messages that they travel in.
 */
#ifndef RPC_ROOM_H
#define RPC_ROOM_H

#include "base/text.h"
#include "rpc/service.h"

#include <nng/nng.h>

/* Estimates the memory that answering a request of `sent` bytes takes; 0: next to nothing. Requests that only wait,
 * cancel or ask for the health are answered also when memory is short for others. */
size_t rpc_room_for(enum rpc_lane lane, size_t sent);

/* Makes a message with a copy of these bytes; NULL if there is no memory for it. */
nng_msg *rpc_message_try(struct text bytes);

#endif
