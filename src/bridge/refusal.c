/*
 * A table of statuses, reason phrases and codes.
 */
#include "bridge/refusal.h"

#include <string.h>

static const struct refusal {
    unsigned http;
    const char *reason;
    const char *code;
} refusals[] = {
    {400, "Bad Request", "INVALID_ARGUMENT"},
    {408, "Request Timeout", "DEADLINE_EXCEEDED"},
    {413, "Content Too Large", "RESOURCE_EXHAUSTED"},
    {414, "URI Too Long", "RESOURCE_EXHAUSTED"},
    {417, "Expectation Failed", "INVALID_ARGUMENT"},
    {429, "Too Many Requests", "RESOURCE_EXHAUSTED"},
    {431, "Request Header Fields Too Large", "RESOURCE_EXHAUSTED"},
    {501, "Not Implemented", "UNIMPLEMENTED"},
    {503, "Service Unavailable", "UNAVAILABLE"},
    {505, "HTTP Version Not Supported", "UNIMPLEMENTED"},
};

static const struct refusal *find(unsigned http)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].http == http) {
            return &refusals[i];
        }
    }
    return &refusals[0];
}

struct text refusal_text(struct arena *arena, unsigned http, const char *message)
{
    const struct refusal *const refusal = find(http);
    const char *const body = arena_printf(arena, "{\"error\":\"%s\",\"code\":\"%s\"}\n", message, refusal->code);
    return text_of(arena_printf(arena,
                                "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: %zu\r\n"
                                "Content-Type: application/json\r\nCache-Control: no-store\r\n"
                                "X-Content-Type-Options: nosniff\r\n%s\r\n%s",
                                refusal->http, refusal->reason, strlen(body),
                                http == 429 || http == 503 ? "Retry-After: 1\r\n" : "", body));
}
