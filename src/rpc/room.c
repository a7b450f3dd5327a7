#include "rpc/room.h"

#define WORK_ROOM   ((size_t)8 * 1024 * 1024) /* besides what is sent: measured with 10,000 migrations */
#define WORK_FACTOR 8                         /* times what is sent: SQL is parsed, and results are made from it */

size_t rpc_room_for(enum rpc_lane lane, size_t sent)
{
    static const bool works[RPC_LANES] = {[RPC_LANE_READ] = true, [RPC_LANE_RUN] = true, [RPC_LANE_SQL] = true};
    return works[lane] ? WORK_ROOM + WORK_FACTOR * sent : 0;
}
