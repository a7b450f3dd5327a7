/*
 * The log line of a call, and the prefix of the lines that its handler logs.
 */
#ifndef RPC_CALL_LOG_H
#define RPC_CALL_LOG_H

#include "rpc/envelope.h"

/* Returns "request_id=\"…\" trace_id=…" for log_set_context, in the arena; NULL if the request has neither. */
const char *call_log_context(struct arena *arena, const struct rpc_request *request);

struct call_line {
    struct arena *arena;
    const struct rpc_request *request;
    const char *who;
    const char *from;
    int64_t ms;
};

/* Logs the call; at debug level if it succeeded. */
void call_log(const struct call_line *line, const struct status *status);

#endif
