/* The memory (base/memory.h) that requests and answers need. */
#ifndef RPC_ROOM_H
#define RPC_ROOM_H

#include "rpc/service.h"

/* Estimates the memory that answering a request of `sent` bytes takes; 0: next to nothing. Requests that only wait,
 * cancel or ask for the health are answered also when memory is short for others. */
size_t rpc_room_for(enum rpc_lane lane, size_t sent);

#endif
