/*
 * Timestamps split as protobuf wants them: nanoseconds are never negative.
 */
#include "worker/messages/messages.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

Google__Protobuf__Timestamp *message_time(struct arena *arena, int64_t wall_us)
{
    if (wall_us == NO_TIME) {
        return NULL;
    }
    Google__Protobuf__Timestamp *const time = arena_alloc(arena, sizeof *time);
    google__protobuf__timestamp__init(time);
    time->seconds = wall_us / 1000000;
    time->nanos = (int32_t)(wall_us % 1000000) * 1000;
    if (time->nanos < 0) {
        time->seconds--;
        time->nanos += 1000000000;
    }
    return time;
}

char *message_string(const char *string)
{
    return string == NULL ? (char *)(uintptr_t) "" : (char *)(uintptr_t)string;
}

void message_put_hex(struct buffer *out, struct text bytes)
{
    buffer_reserve(out, bytes.size * 2 + 1);
    for (size_t i = 0; i < bytes.size; i++) {
        const unsigned char byte = (unsigned char)bytes.data[i];
        buffer_putc(out, digits[byte >> 4]);
        buffer_putc(out, digits[byte & 15]);
    }
}

struct text message_bytes(struct arena *arena, const char *hex)
{
    const size_t size = hex == NULL || strlen(hex) < 2 ? 0 : (strlen(hex) - 2) / 2;
    char *const bytes = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++) {
        const char *const high = strchr(digits, hex[2 + 2 * i]);
        const char *const low = strchr(digits, hex[3 + 2 * i]);
        if (high == NULL || low == NULL) {
            return (struct text){0};
        }
        bytes[i] = (char)((high - digits) * 16 + (low - digits));
    }
    return (struct text){bytes, size};
}
