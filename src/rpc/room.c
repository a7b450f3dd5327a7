#include "rpc/room.h"

#include "base/memory.h"

#define WORK_ROOM   ((size_t)8 * 1024 * 1024) /* besides what is sent: measured with 10,000 migrations */
#define WORK_FACTOR 8                         /* times what is sent: SQL is parsed, and results are made from it */

size_t rpc_room_for(enum rpc_lane lane, size_t sent)
{
    static const bool works[RPC_LANES] = {[RPC_LANE_READ] = true, [RPC_LANE_RUN] = true, [RPC_LANE_SQL] = true};
    return works[lane] ? WORK_ROOM + WORK_FACTOR * sent : 0;
}

static nng_msg *make(struct text bytes)
{
    nng_msg *message = NULL;
    if (nng_msg_alloc(&message, 0) != 0) {
        return NULL;
    }
    if (nng_msg_append(message, bytes.data, bytes.size) != 0) {
        nng_msg_free(message);
        return NULL;
    }
    return message;
}

nng_msg *rpc_message_try(struct text bytes)
{
    return memory_has_room(bytes.size) ? make(bytes) : NULL;
}
