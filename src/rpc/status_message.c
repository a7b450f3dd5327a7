/*
 * Errors may quote any bytes of any length; what is sent is UTF-8 of a bounded length.
 */
#include "rpc/status_message.h"

#include "base/text.h"
#include "rpc/json.h"

#define LONGEST_STRING ((size_t)64 * 1024)

static char *clean(struct arena *arena, const char *string)
{
    return text_clean(arena, string, LONGEST_STRING);
}

Truss__Rpc__V1__Status *status_message(struct arena *arena, const struct status *status)
{
    Truss__Rpc__V1__Status *const message = arena_alloc(arena, sizeof *message);
    Truss__Rpc__V1__ErrorDetail *const detail = arena_alloc(arena, sizeof *detail);
    truss__rpc__v1__status__init(message);
    truss__rpc__v1__error_detail__init(detail);
    message->code = (int32_t)status->code;
    message->message = clean(arena, status->message);
    message->detail = detail;
    detail->sqlstate = clean(arena, status->sqlstate);
    detail->detail = clean(arena, status->detail);
    detail->hint = clean(arena, status->hint);
    detail->reason = clean(arena, status->reason);
    detail->migration = clean(arena, status->migration);
    detail->position = status->position;
    detail->retry_ms = status->retry_ms;
    detail->suggestions = arena_array(arena, STATUS_SUGGESTIONS, sizeof *detail->suggestions);
    for (size_t i = 0; i < STATUS_SUGGESTIONS && status->suggestions[i] != NULL; i++) {
        detail->suggestions[detail->n_suggestions++] = clean(arena, status->suggestions[i]);
    }
    return message;
}

/* An empty string on the wire means "not known". */
static const char *known(struct arena *arena, const char *string)
{
    return string == NULL || string[0] == '\0' ? NULL : arena_strdup(arena, string);
}

void status_read(const Truss__Rpc__V1__Status *message, struct status *outcome)
{
    struct arena *const arena = outcome->arena;
    const Truss__Rpc__V1__ErrorDetail *const detail = message->detail;
    const bool is_code = message->code > STATUS_OK && message->code <= STATUS_UNAUTHENTICATED;
    *outcome = (struct status){
        .arena = arena,
        .code = is_code ? (enum status_code)message->code : STATUS_UNKNOWN,
        .message = arena_strdup(arena, message->message),
    };
    if (detail == NULL) {
        return;
    }
    outcome->sqlstate = known(arena, detail->sqlstate);
    outcome->detail = known(arena, detail->detail);
    outcome->hint = known(arena, detail->hint);
    outcome->reason = known(arena, detail->reason);
    outcome->migration = known(arena, detail->migration);
    outcome->position = detail->position;
    outcome->retry_ms = detail->retry_ms;
    for (size_t i = 0; i < STATUS_SUGGESTIONS && i < detail->n_suggestions; i++) {
        outcome->suggestions[i] = arena_strdup(arena, detail->suggestions[i]);
    }
}

/* ---- as JSON ---- */

static void add_known(struct buffer *json, const char *name, const char *value)
{
    if (value != NULL) {
        buffer_printf(json, ",\"%s\":", name);
        json_write_string(json, text_of(value));
    }
}

/* The word in the JSON: for a refused query and for a full disk the reason, as the protocol says. */
static const char *code_of(const struct status *status)
{
    static const enum reason codes[] = {REASON_EMPTY, REASON_MULTI, REASON_KIND,   REASON_DML, REASON_INTO,
                                        REASON_LOCK,  REASON_FUNC,  REASON_SYNTAX, REASON_DISK};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (status_is_because(status, codes[i])) {
            return status->reason;
        }
    }
    return status_code_name(status->code);
}

struct text status_json(struct arena *arena, const struct status *status)
{
    struct buffer json = {.arena = arena};
    buffer_puts(&json, "{\"error\":");
    json_write_string(&json, text_of(status->message));
    add_known(&json, "code", code_of(status));
    add_known(&json, "reason", status->reason);
    add_known(&json, "sqlstate", status->sqlstate);
    add_known(&json, "detail", status->detail);
    add_known(&json, "hint", status->hint);
    add_known(&json, "migration", status->migration);
    if (status->position > 0) {
        buffer_printf(&json, ",\"position\":%u", status->position);
    }
    if (status->suggestions[0] != NULL) {
        buffer_puts(&json, ",\"suggestions\":[");
        for (size_t i = 0; i < STATUS_SUGGESTIONS && status->suggestions[i] != NULL; i++) {
            buffer_puts(&json, i == 0 ? "" : ",");
            json_write_string(&json, text_of(status->suggestions[i]));
        }
        buffer_putc(&json, ']');
    }
    buffer_puts(&json, "}\n");
    return buffer_text(&json);
}
