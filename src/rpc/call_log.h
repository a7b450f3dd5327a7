/*
 * The log line of a call, and what the lines of its handler say of whose it is.
 */
#ifndef RPC_CALL_LOG_H
#define RPC_CALL_LOG_H

#include "rpc/envelope.h"

/* "request_id=\"…\" trace_id=…" for log_set_context, in the arena; NULL where the request says neither. */
const char *call_log_context(struct arena *arena, const struct rpc_request *request);

struct call_line {
    struct arena *arena;
    const struct rpc_request *request;
    const char *who;
    const char *from;
    int64_t ms;
};

/* Writes it: at debug where it went well. */
void call_log(const struct call_line *line, const struct status *status);

#endif
