#include "rpc/call_log.h"

#include "base/log.h"
#include "base/trace.h"

const char *call_log_context(struct arena *arena, const struct rpc_request *request)
{
    char quoted[LOG_QUOTED_SIZE];
    struct trace trace;
    const char *const id = rpc_request_metadata(request, "request-id");
    const bool has_trace = trace_read(rpc_request_metadata(request, "traceparent"), &trace);
    return id == NULL && !has_trace ? NULL
                                    : arena_printf(arena, "request_id=%s%s%s", log_quoted(id, quoted),
                                                   has_trace ? " trace_id=" : "", has_trace ? trace.id : "");
}

void call_log(const struct call_line *line, const struct status *status)
{
    char method[LOG_QUOTED_SIZE];
    char message[LOG_QUOTED_SIZE];
    char who[LOG_QUOTED_SIZE];
    const enum log_level level = status->code == STATUS_OK ? LOG_DEBUG : LOG_INFO;
    if (!log_wants(level)) {
        return;
    }
    const char *const context = call_log_context(line->arena, line->request);
    log_write(level, "call", "method=%s code=%s ms=%lld who=%s from=%s %s error=%s",
              log_quoted(line->request->method, method), status_code_name(status->code), (long long)line->ms,
              log_quoted(line->who, who), line->from, context == NULL ? "request_id=\"\"" : context,
              log_quoted(status->message, message));
}
