/*
 * Tables of the codes with their names and HTTP statuses, and of the reasons' words.
 */
#include "base/status.h"

#include <stddef.h>
#include <string.h>

/* grpc-gateway's runtime.HTTPStatusFromCode. */
static const struct {
    const char *name;
    unsigned http;
} codes[] = {
    [STATUS_OK] = {"OK", 200},
    [STATUS_CANCELLED] = {"CANCELLED", 499},
    [STATUS_UNKNOWN] = {"UNKNOWN", 500},
    [STATUS_INVALID_ARGUMENT] = {"INVALID_ARGUMENT", 400},
    [STATUS_DEADLINE_EXCEEDED] = {"DEADLINE_EXCEEDED", 504},
    [STATUS_NOT_FOUND] = {"NOT_FOUND", 404},
    [STATUS_ALREADY_EXISTS] = {"ALREADY_EXISTS", 409},
    [STATUS_PERMISSION_DENIED] = {"PERMISSION_DENIED", 403},
    [STATUS_RESOURCE_EXHAUSTED] = {"RESOURCE_EXHAUSTED", 429},
    [STATUS_FAILED_PRECONDITION] = {"FAILED_PRECONDITION", 400},
    [STATUS_ABORTED] = {"ABORTED", 409},
    [STATUS_OUT_OF_RANGE] = {"OUT_OF_RANGE", 400},
    [STATUS_UNIMPLEMENTED] = {"UNIMPLEMENTED", 501},
    [STATUS_INTERNAL] = {"INTERNAL", 500},
    [STATUS_UNAVAILABLE] = {"UNAVAILABLE", 503},
    [STATUS_DATA_LOSS] = {"DATA_LOSS", 500},
    [STATUS_UNAUTHENTICATED] = {"UNAUTHENTICATED", 401},
};

static enum status_code known(enum status_code code)
{
    return (size_t)code < sizeof codes / sizeof codes[0] ? code : STATUS_UNKNOWN;
}

const char *status_code_name(enum status_code code)
{
    return codes[known(code)].name;
}

unsigned status_code_http(enum status_code code)
{
    return codes[known(code)].http;
}

bool status_fail(struct status *status, enum status_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *const message = arena_vprintf(status->arena, format, args);
    va_end(args);
    *status = (struct status){.arena = status->arena, .code = code, .message = message};
    return false;
}

bool status_fail_because(struct status *status, enum status_code code, enum reason reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *const message = arena_vprintf(status->arena, format, args);
    va_end(args);
    *status = (struct status){.arena = status->arena, .code = code, .message = message, .reason = reason_word(reason)};
    return false;
}

struct status status_keep(struct arena *arena, const struct status *status)
{
    struct status kept = *status;
    kept.arena = arena;
    kept.message = arena_strdup(arena, status->message);
    kept.sqlstate = arena_strdup(arena, status->sqlstate);
    kept.detail = arena_strdup(arena, status->detail);
    kept.hint = arena_strdup(arena, status->hint);
    kept.migration = arena_strdup(arena, status->migration);
    kept.reason = arena_strdup(arena, status->reason);
    for (size_t i = 0; i < STATUS_SUGGESTIONS; i++) {
        kept.suggestions[i] = arena_strdup(arena, status->suggestions[i]);
    }
    return kept;
}

static const struct {
    const char *word;
    unsigned http; /* 0: the code's */
} reasons[] = {
#define REASON(word, http, meaning) [REASON_##word] = {#word, http},
#include "base/reasons.def"
#undef REASON
};

const char *reason_word(enum reason reason)
{
    return reasons[reason].word;
}

bool status_is_because(const struct status *status, enum reason reason)
{
    return status->reason != NULL && strcmp(status->reason, reasons[reason].word) == 0;
}

unsigned status_http(const struct status *status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].http != 0 && status_is_because(status, (enum reason)i)) {
            return reasons[i].http;
        }
    }
    return status_code_http(status->code);
}
